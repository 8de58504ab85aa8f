#!/usr/bin/env python3
"""Makes the guests' vDSOs, ELF images in tables of numbers, from Spec/vdso-*.S."""
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile

root = pathlib.Path(__file__).resolve().parents[2]
spec = root / "Spec"
output = root / "Sources/LyrebirdLinux/Generated"
# The source, the type, whose it is, what the compilers' names begin with, and what the translator has to know the place of.
IMAGES = [
    ("vdso-arm64", "ARM64VDSO", "an AArch64", "aarch64-linux-gnu-", {
        "clock_of_gettime": "clockOfGettime",
        "clock_of_gettimeofday": "clockOfGettimeofday",
        "__kernel_rt_sigreturn": "signalReturn",
    }),
    ("vdso-x86-64", "X8664VDSO", "an x86-64", "x86_64-linux-gnu-", {
        "clock_of_gettime": "clockOfGettime",
        "clock_of_gettimeofday": "clockOfGettimeofday",
        "clock_of_time": "clockOfTime",
        "processor_of_getcpu": "processorOfGetcpu",
    }),
]  # fmt: skip
PAGE = 4096


def build(name, prefix, directory):
    """The places of its symbols, and all of the image: what debuggers find by its section headers is in the page, too."""

    def run(tool, *arguments):
        return subprocess.run([prefix + tool, *map(str, arguments)], check=True, capture_output=True, text=True).stdout

    # DT_HASH alone, as the kernel long had it: Go 1.19, for one, knows its function by a wrong hash, which leads to the right
    # chain of that table and to nothing in DT_GNU_HASH.
    unit, image = directory / f"{name}.o", directory / f"{name}.so"
    run("gcc", "-c", spec / f"{name}.S", "-o", unit)
    run(
        "ld", "-shared", "-soname", "linux-vdso.so.1", "--hash-style=sysv", "--build-id=none", "-Bsymbolic", "--eh-frame-hdr",
        "-z", "max-page-size=4096", "-z", "noseparate-code", "-T", spec / f"{name}.lds", unit, "-o", image,
    )  # fmt: skip
    symbols = {name: int(address, 16) for address, name in re.findall(r"(\w+) \w (\S+)", run("nm", image))}
    run("strip", "--strip-all", image)
    return symbols, image.read_bytes()


def write(name, type, whose, prefix, places):
    if not shutil.which(prefix + "gcc"):
        print(f"{name}: left as it is, for want of {prefix}gcc")
        return
    with tempfile.TemporaryDirectory() as directory:
        symbols, image = build(name, prefix, pathlib.Path(directory))
    image += bytes(-len(image) % 8)
    if len(image) > PAGE:
        raise SystemExit(f"{name}: {len(image)} bytes are more than a page")
    words = struct.unpack(f"<{len(image) // 8}Q", image)
    lines = [
        f"// Generated from Spec/{name}.S by Scripts/generators/vdso.py.",
        "",
        f"/// The vDSO that {whose} program finds: an ELF image of less than a page.",
        f"enum {type} {{",
    ]
    lines += [f"    static let {place} = {symbols[symbol]:#x}" for symbol, place in places.items()]
    lines.append("    static let image: [UInt64] = [")
    for at in range(0, len(words), 5):
        lines.append("        " + ", ".join(f"{word:#x}" for word in words[at : at + 5]) + ",")
    lines += ["    ]", "}"]
    output.mkdir(exist_ok=True)
    (output / f"{type}.swift").write_text("\n".join(lines) + "\n")
    print(f"{name}: {len(image)} bytes")


for image in IMAGES:
    write(*image)
