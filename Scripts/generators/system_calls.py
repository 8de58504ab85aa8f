#!/usr/bin/env python3
"""Makes Docs/SystemCalls.md: what becomes of each system call of each guest, read from the switch that decides it."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
dispatch = root / "Sources/LyrebirdLinux/SystemCalls/Dispatch.swift"
arm64 = root / "Sources/LyrebirdLinux/ABI/ARM64SystemCalls.swift"
x86_64 = root / "Sources/LyrebirdLinux/ABI/SystemCall.swift"
FIRST = {"arm64SystemCalls": 0, "commonSystemCalls": 424}


def fail(where, what):
    sys.exit(f"{dispatch}: {where}: {what}")


# Number by name. AArch64's are positions in the tables of the ABI, x86-64's the raw values of the names.
calls = {"arm64": {}, "x86-64": {}}
for table, names in re.findall(r"static let (\w+): \[SystemCall\] = \[(.*?)\n    \]", arm64.read_text(), re.S):
    names = re.sub(r"/\*.*?\*/", "", names)
    for offset, name in enumerate(re.findall(r"\.(\w+)", names)):
        if name != "unassigned":
            calls["arm64"][name] = FIRST[table] + offset
for name, number in re.findall(r"\b(\w+) = (\d+)\b", x86_64.read_text()):
    calls["x86-64"][name] = int(number)
    if int(number) >= FIRST["commonSystemCalls"] and calls["arm64"].get(name) != int(number):
        fail(name, "from 424 on all architectures number alike")


def treatment(where, comment, body):
    """What the comment above a case and its statement say."""
    if refusal := re.match(r'try refuse\(\s*"([^"]*)"', body):
        return "refused", refusal[1]
    if comment:
        kind, _, what = comment.partition(": ")
        if kind not in ("converted", "emulated") or not what:
            fail(where, f'"{comment}" is neither "converted: …" nor "emulated: …"')
        return kind, what
    if body.startswith("pass("):
        return "native", ""
    if restart := re.match(r"block\(call, a, restart: \.(\w+)\)", body):
        return "native", "may wait" if restart[1] == "ifHandlerAllows" else "may wait; a handler ends it"
    if body.startswith("try passPaths("):
        return "converted", "the paths"
    fail(where, f"no comment says what becomes of it: {body}")


sections, title = [], None
comment, treated = [], {}
pending = ""
body = dispatch.read_text().split("switch call {\n", 1)[1].split("\n        }\n", 1)[0]
for line in body.splitlines():
    text = line.strip()
    if text.startswith("// MARK: "):
        title = text[9:]
        sections.append((title, []))
    elif text.startswith("//"):
        comment.append(text[2:].strip())
    elif text:
        pending = f"{pending} {text}".strip()
        found = re.match(r"case ([^:]*): ?(.*)$", pending)
        # A statement goes on to the next line while its parentheses are open or nothing stands behind the colon.
        if not found or not found[2] or found[2].count("(") > found[2].count(")"):
            continue
        names = re.findall(r"\.(\w+)", found[1])
        pending = ""
        if names == ["unassigned"]:
            comment = []
            continue
        kind, what = treatment(names[0], " ".join(comment), found[2])
        comment = []
        for name in names:
            treated[name] = title
            sections[-1][1].append((name, kind, what))
for name in {name for numbers in calls.values() for name in numbers}:
    if name not in treated:
        fail(name, "it has a number and no case")

counts = {}
for _, rows in sections:
    for _, kind, _ in rows:
        counts[kind] = counts.get(kind, 0) + 1
total = sum(counts.values())

out = [
    "<!-- Generated from Sources/LyrebirdLinux/SystemCalls/Dispatch.swift by Scripts/generators/system_calls.py. -->",
    "# System calls",
    "",
    f"What becomes of each of the {total} system calls of a guest: {len(calls['arm64'])} are AArch64's, {len(calls['x86-64'])} x86-64's.",
    "",
    f"- **native** ({counts['native']}): given to the host's kernel as it is; structs and flags are the same on both sides.",
    f"- **converted** ({counts['converted']}): the host's call with something changed, which is named. Flags and structs are x86-64's,",
    "  as the host's are: a guest of that architecture has them unchanged.",
    f"- **emulated** ({counts['emulated']}): not made, or not by itself; what is done is named.",
    f"- **refused** ({counts['refused']}): `ENOSYS`, for the reason named. `--strace` shows it, too.",
    "",
    "A call that may wait is ended by a signal: behind a handler with `SA_RESTART` it is made again, as in signal(7),",
    "unless the table says that a handler ends it. Any number that is not here is `ENOSYS`.",
    "",
    "## Paths and the system root",
    "",
    "With `--sysroot` a guest sees two trees as one. Each name of a path is looked up in the system root first and on the",
    "host if it is not there. Absolute links begin again at the top, wherever they are found; `..` does not lead out of the",
    "system root. `/proc`, `/sys`, `/dev`, `/run`, `/tmp` and `/var/tmp` are the host's. A relative path begins at its",
    "directory, be that in the system root or on the host.",
    "",
    "A file that is made and is in neither tree goes where its directory is. If both trees have the directory, an absolute",
    "path makes it on the host, as a native program of the same user would, and a relative one in the directory that it is",
    "relative to. Reading a directory shows the one it was opened as, the system root's first, and not the other's names.",
    "",
    "## Made up of /proc",
    "",
    "Of the process's own directory (`self`, `thread-self`, its number, also under `task/`): `maps`, `smaps`, `auxv`,",
    "`cmdline`, `environ`, `stat`, `status`, `limits`, and the links `exe`, `cwd`, `root` and `fd/N`. `mem` is the host's,",
    "and what is written there counts as new code. `/proc/cpuinfo` is that of the guest's architecture, with the features of",
    "AT_HWCAP.",
    "",
]
for title, rows in sections:
    if not rows:
        continue
    out += [f"## {title}", "", "| arm64 | x86-64 | call | treatment | |", "| ---: | ---: | --- | --- | --- |"]
    for name, kind, what in sorted(rows, key=lambda row: calls["x86-64"].get(row[0], calls["arm64"].get(row[0]))):
        numbers = " | ".join(str(calls[abi].get(name, "")) for abi in calls)
        out.append(f"| {numbers} | `{name}` | {kind} | {what} |")
    out.append("")
(root / "Docs/SystemCalls.md").write_text("\n".join(out).rstrip() + "\n")
print("system calls: " + ", ".join(f"{counts[kind]} {kind}" for kind in ("native", "converted", "emulated", "refused")))
