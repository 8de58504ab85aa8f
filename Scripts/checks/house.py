#!/usr/bin/env python3
"""Checks of the repository that no compiler makes: who imports whom, names of files in the documents, and what does not
belong into a file. Prints a line for each offence and, at the end, how many checks held.
"""
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parents[2]

# The layers (Docs/Architecture.md): what each target may import. The package manifest says the same to the compiler; this
# table also keeps the C library and Foundation out of the layers that have no business with them.
LAYERS = {
    "LyrebirdIR": {"CLyrebird"},
    "LyrebirdPasses": {"LyrebirdIR"},
    "LyrebirdX64": {"LyrebirdIR", "CLyrebird"},
    "LyrebirdARM64": {"LyrebirdIR"},
    "LyrebirdX86": {"LyrebirdIR"},
    "LyrebirdRuntime": {"CLyrebird", "Glibc", "LyrebirdIR", "LyrebirdPasses", "LyrebirdX64"},
    "Lyrebird": {
        "CLyrebird", "Glibc", "Synchronization", "LyrebirdIR", "LyrebirdPasses", "LyrebirdX64", "LyrebirdRuntime", "LyrebirdARM64",
        "LyrebirdX86",
    },
    "LyrebirdHostFunctions": {"CFFI", "Glibc", "Synchronization", "Lyrebird"},
    "LyrebirdDebug": {"Glibc", "Lyrebird"},
    "LyrebirdLinux": {"Glibc", "Synchronization", "Lyrebird", "LyrebirdDebug"},
    "lyrebird-cli": {"ArgumentParser", "Glibc", "Lyrebird", "LyrebirdDebug", "LyrebirdLinux"},
}
# What may be imported outside Sources/: an example is an embedder, and sees the products alone.
EXAMPLES = {"Glibc", "Lyrebird", "LyrebirdDebug", "LyrebirdHostFunctions", "LyrebirdLinux"}

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:(?:public|package|internal|private)\s+)?import\s+"
    r"(?:(?:struct|class|enum|func|protocol|var|let|typealias)\s+)?(\w+)",
    re.M,
)
NOT_HERE = [
    (re.compile(r"^(<{7} |>{7} |={7}$)", re.M), "a conflict marker"),
    (re.compile(r"(?<![\w$}.])/(home|work|root|Users)/\w"), "a path of somebody's machine"),
    (re.compile(r"\b(issue|ticket|pull request|PR) *#?\d+", re.I), "a number that only a tracker knows"),
    (re.compile(r"\b(FIX[M]E|X[X]X|HAC[K])\b"), "a note to oneself"),
    (re.compile(r"[ \t]+$", re.M), "white space at the end of a line"),
]
# Files whose text is not ours to shape.
VERBATIM = {"LICENSE"}

offences = []
checks = 0


def check(holds, path, what):
    global checks
    checks += 1
    if not holds:
        offences.append(f"{path}: {what}")


listed = subprocess.run(
    ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, capture_output=True, check=True
).stdout.decode()
files = [root / name for name in sorted(set(listed.split("\0"))) if name and (root / name).is_file()]

for path in files:
    name = path.relative_to(root)
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        continue
    if str(name) not in VERBATIM:
        for pattern, what in NOT_HERE:
            found = pattern.search(text)
            check(not found, f"{name}:{text.count(chr(10), 0, found.start()) + 1 if found else 0}", what)
        check(not text or text.endswith("\n"), name, "no newline at the end")
    if path.suffix != ".swift" or name.parts[0] not in ("Sources", "Examples"):
        continue
    if name.parts[0] == "Sources" and name.parts[1] not in LAYERS:
        check(False, name, f"target {name.parts[1]} has no row in the table of layers (Scripts/checks/house.py)")
        continue
    allowed = LAYERS[name.parts[1]] if name.parts[0] == "Sources" else EXAMPLES
    for module in IMPORT.findall(text):
        check(module in allowed, name, f"{name.parts[1]} does not import {module}")

# A path in a document, in backquotes or as a link, has to be there.
PATH = re.compile(r"`((?:Sources|Tests|Scripts|Docs|Spec|Examples|Benchmarks|\.ci)/[^`\s]*)`|\]\(([^)#:\s]+)(?:#[^)]*)?\)")
for path in [root / "README.md", *sorted((root / "Docs").glob("*.md")), *sorted((root / "Sources").glob("*/*.docc/*.md"))]:
    for quoted, linked in PATH.findall(path.read_text()):
        place = (root / quoted) if quoted else (path.parent / linked)
        there = any(root.glob(quoted)) if "*" in quoted else place.exists()
        check(there, path.relative_to(root), f"there is no {quoted or linked}")

# Swift that a document shows is Swift that is built: in an example, or in the tests, there with other indentation.


def unindented(text):
    return "".join(line.lstrip() for line in text.splitlines(keepends=True))


built = [*root.glob("Examples/*/*.swift"), *root.glob("Tests/*/DocumentationTests.swift")]
built = [unindented(path.read_text()) for path in built]
catalogue = sorted((root / "Sources").glob("*/*.docc/*.md"))
for path in [root / "README.md", *catalogue, root / "Docs/FromUnicorn.md", root / "Docs/Debugging.md"]:
    for shown in re.findall(r"```swift\n(.*?)```", path.read_text(), re.S):
        check(any(unindented(shown) in text for text in built), path.relative_to(root), f"Swift that is not built: {shown[:60]!r}")

for offence in offences:
    print(offence, file=sys.stderr)
print(f"house: {checks - len(offences)} checks held, {len(offences)} did not")
sys.exit(1 if offences else 0)
