#!/usr/bin/env python3
"""Every public declaration of the products has a comment for documentation: what it is, with units, errors and what is not obvious.

What explains itself needs none: `init()` and initializers that take the stored properties, `description`, `rawValue`, conformance's
`==` and `hash`, and declarations that share one line's or group's comment (`public var a, b`, or lines without an empty one between).
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
PRODUCTS = ["Lyrebird", "LyrebirdDebug", "LyrebirdHostFunctions"]
DECLARATION = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*public\s+(?:static\s+|final\s+|mutating\s+|indirect\s+|convenience\s+|nonisolated\s+)*"
    r"(struct|class|enum|protocol|actor|func|var|let|init|subscript|typealias)\b\s*([^\s(:<=]*)"
)
ENUM = re.compile(r"^(\s*)(?:public\s+)?(?:indirect\s+)?enum\s+\w+")
EXEMPT = {"description", "rawValue", "==", "hash"}


def documented(lines, index):
    """Whether a comment stands in front, with nothing but attributes and lines of the same group between."""
    for above in reversed(lines[:index]):
        text = above.strip()
        if text.startswith("///"):
            return True
        if not text or text.endswith("{") or text == "}":
            return False
    return False


def main():
    missing, count = [], 0
    for product in PRODUCTS:
        for path in sorted((root / "Sources" / product).glob("**/*.swift")):
            lines = path.read_text().splitlines()
            for index, line in enumerate(lines):
                found = DECLARATION.match(line)
                name = found and found[2]
                if not found:
                    case = re.match(r"^\s+case (\w+)", line)
                    if not case or "):" in line or line.rstrip().endswith(":") or ": " in line.split("//")[0].split("(")[0]:
                        continue
                    # A case of an enum that is public, not a pattern.
                    owner = next((above for above in reversed(lines[:index]) if re.match(r"\s*.*\benum\b.*\{$", above) or "switch " in above), "")
                    if "public" not in owner or "switch " in owner:
                        continue
                    name = case[1]
                elif found[1] == "init" or name in EXEMPT or name.startswith("init"):
                    continue
                count += 1
                if not documented(lines, index):
                    missing.append(f"{path.relative_to(root)}:{index + 1}: no comment: {line.strip()}")
    for line in missing:
        print(line, file=sys.stderr)
    print(f"documented: {count - len(missing)} of {count} public declarations")
    return 1 if missing else 0


sys.exit(main())
