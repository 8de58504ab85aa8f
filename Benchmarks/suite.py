"""What is measured: the kernels, programs of our own, and programs of a guest's system root, each with the words that start it."""
import dataclasses
import pathlib
import random
import shutil
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
NATIVE = "gcc"


@dataclasses.dataclass(frozen=True)
class Guest:
    """Whose programs are measured."""

    name: str
    # Of the compilers' names, and the directory that Debian has libraries in.
    prefix: str
    machine: str
    emulators: tuple
    title: str
    # The documents that show the figures, the chart among them.
    documents: tuple
    chart: str


GUESTS = {
    "arm64": Guest(
        "arm64", "aarch64-linux-gnu-", "aarch64-linux-gnu", ("qemu-aarch64", "qemu-aarch64-static"),
        "AArch64 programs on x86-64", ("Docs/Performance.md", "README.md"), "Docs/Performance.svg"),
    # The program is the one that runs natively.
    "x86-64": Guest(
        "x86-64", "", "x86_64-linux-gnu", ("qemu-x86_64", "qemu-x86_64-static"),
        "x86-64 programs on x86-64", ("Docs/Performance-x86-64.md",), "Docs/Performance-x86-64.svg"),
}


@dataclasses.dataclass
class Case:
    """A program, natively and for the guest. Words that begin with / and are of the system root have `rooted` set."""

    name: str
    native: list | None
    guest: list | None
    rooted: bool = False
    # Whether the native program writes the same as the guest's: the same source, or the same version.
    comparable: bool = True
    # What the program executes has to be translated, too: others run it natively, or not at all.
    children: bool = False
    stdin: pathlib.Path | None = None
    # Why it is left out.
    missing: str | None = None


def kernels(wanted):
    for source in sorted((here / "kernels").glob("*/*.c")):
        name = f"{source.parent.name}/{source.stem}"
        if wanted(name):
            yield name, source, ["-O3" if source.parent.name == "vector" else "-O2"]


def compile_both(directory, guest, name, source, options):
    """Native and guest program of a source, linked statically; one and the same where the guest is the host."""
    programs = []
    for prefix in ("", guest.prefix):
        compiler = prefix + ("g++" if source.suffix == ".cc" else "gcc")
        program = directory / f"{name.replace('/', '-')}.{guest.name if prefix else 'native'}"
        if program not in programs:
            subprocess.run([compiler, *options, "-static", "-pthread", "-o", program, source, "-lm"], check=True)
        programs.append(program)
    return programs


def application_data(directory):
    """What the programs work on: the same bytes at each run."""
    random.seed(5)
    words = ["".join(random.choice("abcdefghij") for _ in range(random.randint(2, 9))) for _ in range(500)]
    data = directory / "data.txt"
    data.write_text(" ".join(random.choice(words) for _ in range(700_000)))
    return data


def cases(directory, guest, sysroot, wanted):
    """All cases whose names are wanted, in order."""
    found = []
    for name, source, options in kernels(wanted):
        native, translated = compile_both(directory, guest, name, source, options)
        found.append(Case(name, [native], [translated]))
    for source in ("json.c", "threads.c", "containers.cc"):
        name = "program/" + source.split(".")[0]
        if wanted(name):
            lacking = [compiler for compiler in ("g++", guest.prefix + "g++") if not shutil.which(compiler)]
            if source.endswith("cc") and lacking:
                found.append(Case(name, None, None, missing=f"{lacking[0]} is not installed"))
                continue
            native, translated = compile_both(directory, guest, name, here / "programs" / source, ["-O2"])
            found.append(Case(name, [native], [translated]))
    if any(wanted(f"application/{name}") for name in APPLICATIONS):
        data = application_data(directory)
        found += [case for name in APPLICATIONS if wanted((case := application(name, data, guest, sysroot)).name)]
    return found


APPLICATIONS = ["python-start", "python-imports", "python-loops", "python-json", "c++-compiler", "sqlite", "gzip", "xz", "shell"]


def application(name, data, guest, sysroot):
    programs = here / "programs"
    python = ["-I", "-S"]
    table = {
        "python-start": ("/usr/bin/python3", [*python, "-c", "print(2 ** 100)"]),
        "python-imports": ("/usr/bin/python3", ["-I", "-c", "import asyncio, json, decimal, email.message, unittest, http.client"]),
        "python-loops": ("/usr/bin/python3", [*python, programs / "loops.py"]),
        "python-json": ("/usr/bin/python3", [*python, programs / "documents.py"]),
        "c++-compiler": (
            "/usr/lib/gcc/{machine}/*/cc1plus",
            ["-quiet", "-O1", "-imultiarch", "{machine}", programs / "containers.cc", "-o", "/dev/null"]),
        "sqlite": ("/usr/bin/sqlite3", [":memory:"]),
        "gzip": ("/usr/bin/gzip", ["-6", "-n", "-c", data]),
        "xz": ("/usr/bin/xz", ["-1", "-T1", "-c", data]),
        "shell": ("/bin/sh", [programs / "programs.sh"]),
    }
    pattern, arguments = table[name]
    case = Case(f"application/{name}", None, None, rooted=True, comparable=name in ("python-start", "python-loops", "shell"))
    case.children = name == "shell"
    case.stdin = programs / "rows.sql" if name == "sqlite" else None

    def words(root, machine):
        """The program as the root has it, and its arguments; None if it is not there."""
        found = next(iter(sorted(root.glob(pattern.lstrip("/").format(machine=machine)))), None)
        return found and [found, *(word.format(machine=machine) if isinstance(word, str) else word for word in arguments)]

    case.native = words(pathlib.Path("/"), "x86_64-linux-gnu")
    if pattern.endswith("/python3"):
        # What is first in PATH may be a script that looks for the right one.
        case.native = [sys.executable, *arguments]
    if not sysroot:
        case.missing = "needs --sysroot"
        return case
    case.guest = words(sysroot, guest.machine)
    if not case.guest:
        case.missing = f"the system root has no {pattern}"
        return case
    case.guest[0] = "/" + str(case.guest[0].relative_to(sysroot))
    return case
