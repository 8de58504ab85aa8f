#!/usr/bin/env python3
"""Makes the guest's vDSO, an ELF image in a table of numbers, from Spec/vdso-arm64.S."""
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile

root = pathlib.Path(__file__).resolve().parents[2]
spec = root / "Spec"
target = root / "Sources/LyrebirdLinux/Generated/ARM64VDSO.swift"
PREFIX = "aarch64-linux-gnu-"
PLACES = {
    "clock_of_gettime": "clockOfGettime",
    "clock_of_gettimeofday": "clockOfGettimeofday",
    "__kernel_rt_sigreturn": "signalReturn",
}


def run(tool, *arguments):
    return subprocess.run([PREFIX + tool, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def build(directory):
    # DT_HASH alone, as the kernel long had it: Go 1.19, for one, knows its function by a wrong hash, which leads to the right
    # chain of that table and to nothing in DT_GNU_HASH.
    unit, image = directory / "vdso.o", directory / "vdso.so"
    run("gcc", "-c", spec / "vdso-arm64.S", "-o", unit)
    run(
        "ld", "-shared", "-soname", "linux-vdso.so.1", "--hash-style=sysv", "--build-id=none", "-Bsymbolic",
        "-z", "max-page-size=4096", "-z", "noseparate-code", "-T", spec / "vdso-arm64.lds", unit, "-o", image,
    )  # fmt: skip
    symbols = {name: int(address, 16) for address, name in re.findall(r"(\w+) \w (\S+)", run("nm", image))}
    return symbols, image.read_bytes()


if not shutil.which(PREFIX + "gcc"):
    print("vDSO: left as it is, for want of a compiler for AArch64")
    raise SystemExit
with tempfile.TemporaryDirectory() as directory:
    symbols, image = build(pathlib.Path(directory))
# What is in memory: the first segment. Section headers and symbols for linkers lie behind it.
(program_headers,) = struct.unpack_from("<Q", image, 32)
(size,) = struct.unpack_from("<Q", image, program_headers + 32)
image = bytearray(image[:size]) + bytes(-size % 8)
struct.pack_into("<Q", image, 40, 0)
struct.pack_into("<HHH", image, 58, 64, 0, 0)
words = struct.unpack(f"<{len(image) // 8}Q", image)

lines = [
    "// Generated from Spec/vdso-arm64.S by Scripts/generators/vdso.py.",
    "",
    "/// The vDSO that an AArch64 program finds: an ELF image of less than a page.",
    "enum ARM64VDSO {",
]
for symbol, name in PLACES.items():
    lines.append(f"    static let {name} = {symbols[symbol]:#x}")
lines.append("    static let image: [UInt64] = [")
for at in range(0, len(words), 5):
    lines.append("        " + ", ".join(f"{word:#x}" for word in words[at : at + 5]) + ",")
lines += ["    ]", "}"]
target.parent.mkdir(exist_ok=True)
target.write_text("\n".join(lines) + "\n")
print(f"vDSO: {8 * len(words)} bytes")
