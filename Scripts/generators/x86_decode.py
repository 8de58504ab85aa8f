#!/usr/bin/env python3
"""Makes the x86 decoder's tables and the lifter's dispatcher from Spec/x86.decode, and counts what is built.

The head of the spec explains its language. A row is a point set: an opcode of a map, and for each dimension that decides
between rows (the mode, the mandatory prefix, the parts of ModRM, W, L, REX.B) the values it takes. For each opcode the rows
are cut into a tree of switches over these dimensions; where two rows take the same point, the one within the other wins, and
anything else is an error.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
spec = root / "Spec/x86.decode"
output = root / "Sources/LyrebirdX86/Generated"
NOTICE = "// Generated from Spec/x86.decode by Scripts/generators/x86_decode.py; do not edit.\n"
WIDTH = 120

# In this order the tree asks. Where the mode is one, 64-bit mode is 1; the prefixes are none, 66, F3, F2.
DIMENSIONS = {"mode": 2, "prefix": 4, "mod": 2, "reg": 8, "rm": 8, "w": 2, "l": 2, "b": 2}
PREFIXES = {"NP": {0}, "66": {1}, "F3": {2}, "F2": {3}, "NFx": {0, 1}}
MAPS = ["", "0F", "0F38", "0F3A", "VEX.0F", "VEX.0F38", "VEX.0F3A"]

METHODS = [
    ("none", "no operand"),
    ("fixed", "a register or number that the opcode implies; the type says which"),
    ("farPointer", "A: selector and offset in the code"),
    ("vexGeneral", "B: general register of VEX.vvvv"),
    ("control", "C: control register of ModRM.reg"),
    ("debug", "D: debug register of ModRM.reg"),
    ("rmGeneral", "E, M, R: general register or memory of ModRM.rm"),
    ("regGeneral", "G: general register of ModRM.reg"),
    ("vexVector", "H: vector register of VEX.vvvv"),
    ("immediate", "I: a number in the code"),
    ("relative", "J: a branch target, relative to the next instruction"),
    ("immediateVector", "L: vector register of imm[7:4]"),
    ("rmMMX", "N, Q: MMX register or memory of ModRM.rm"),
    ("offset", "O: memory at an offset in the code"),
    ("regMMX", "P: MMX register of ModRM.reg"),
    ("segment", "S: segment register of ModRM.reg"),
    ("rmVector", "U, W: vector register or memory of ModRM.rm"),
    ("regVector", "V: vector register of ModRM.reg"),
    ("source", "X: memory at DS:rSI"),
    ("destination", "Y: memory at ES:rDI"),
    ("opcodeGeneral", "Z: general register of the opcode's low bits"),
    ("stack", "STi: x87 register of ModRM.rm"),
]
LETTERS = dict(
    A="farPointer", B="vexGeneral", C="control", D="debug", E="rmGeneral", M="rmGeneral", R="rmGeneral", G="regGeneral",
    H="vexVector", I="immediate", J="relative", L="immediateVector", N="rmMMX", Q="rmMMX", O="offset", P="regMMX",
    S="segment", U="rmVector", W="rmVector", V="regVector", X="source", Y="destination", Z="opcodeGeneral",
)
TYPES = ["", "b", "w", "d", "q", "dq", "qq", "t", "sb", "ss", "sd", "v", "z", "y", "x", "hx", "qx", "ex", "vw", "dw", "db", "yy", "p", "a"]
FIXED = ["AL", "CL", "AX", "DX", "rAX", "eAX", "1", "ST", "XMM0", "ES", "CS", "SS", "DS", "FS", "GS"]
# What stands behind the instruction, by the operands that say so.
IMMEDIATES = ["none", "b", "sb", "w", "z", "v", "vector", "far", "offset", "wb"]
IMMEDIATE_OF = {
    (): "none", ("Ib",): "b", ("Lx",): "vector", ("Isb",): "sb", ("Jb",): "sb", ("Iw",): "w", ("Iz",): "z", ("Jz",): "z",
    ("Iv",): "v", ("Ap",): "far", ("Ob",): "offset", ("Ov",): "offset", ("Iw", "Ib"): "wb", ("Ib", "Ib"): "w",
}
SIZES = {"d64": 1, "f64": 2, "near": 3}
FLAGS = ["lock", "vvvv", "check", "vsib", "CPL0", "absent", "mod", "x87"]
TAGS = {"i64", "o64", "lock", "CPL0", "mod", "vsib", "x87", "todo", *SIZES}
MNEMONIC_SIZES = 3
SWIFT_KEYWORDS = {"in"}
UNDEFINED, LEAF, MODRM, SPECIAL, IGNORES_MOD = 0xFFFF, 0x8000, 1 << 16, 1 << 24, 1 << 25
# Bytes of the one-byte map that are or may be something before the opcode: prefixes, REX, escapes, VEX, EVEX and XOP.
SPECIAL_BYTES = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3, *range(0x40, 0x50), 0x0F, 0xC4, 0xC5, 0x62, 0x8F}


def fail(line, what):
    sys.exit(f"{spec}:{line}: {what}")


class Row:
    """One encoding."""

    def __init__(self, line, name, encoding, operands, tail, chapter, absent):
        self.line, self.name, self.chapter, self.points = line, name, chapter, {}
        tail, _, mnemonics = tail.partition(" as ")
        words = tail.split()
        self.tags = {word for word in words if word in TAGS}
        self.features = [word for word in words if word not in TAGS]
        self.absent = self.features[0] in absent
        self.mnemonics = mnemonics.split() or [name]
        self.operands = operands.split()
        self.width = 1
        self.has_modrm = False
        self.read_encoding(encoding.split())
        for operand in self.operands:
            self.read_operand(operand)
        if "i64" in self.tags:
            self.take("mode", {0})
        if "o64" in self.tags:
            self.take("mode", {1})
        behind = tuple(o for o in self.operands if o not in FIXED and o[0] in "AIJLO")
        if behind not in IMMEDIATE_OF:
            fail(line, f"{' '.join(behind)} is no form of immediates")
        self.immediate = IMMEDIATE_OF[behind]

    def take(self, dimension, values):
        values = self.points.get(dimension, values) & values
        if not values:
            fail(self.line, f"{self.name} can never match")
        self.points[dimension] = values

    def read_encoding(self, words):
        words = list(words)
        self.map = ""
        if words[0].startswith("VEX."):
            match = re.fullmatch(r"VEX\.(128/256|128|256|LIG|LZ)\.(NP|66|F3|F2)\.(0F|0F38|0F3A)(?:\.(W0|W1|WIG))?", words.pop(0))
            if not match:
                fail(self.line, "no VEX prefix")
            if match[1] in ("128", "LZ", "256"):
                self.take("l", {int(match[1] == "256")})
            self.take("prefix", PREFIXES[match[2]])
            self.map = "VEX." + match[3]
            if match[4] in ("W0", "W1"):
                self.take("w", {int(match[4][1])})
        elif words[0] in PREFIXES and len(words) > 1:
            self.take("prefix", PREFIXES[words.pop(0)])
        if not self.map and words[0] in MAPS[1:]:
            self.map = words.pop(0)
        match = re.fullmatch(r"([0-9A-F]{2})(?:\+(r|cc))?", words.pop(0))
        if not match:
            fail(self.line, "no opcode")
        self.opcode = int(match[1], 16)
        self.width = {None: 1, "r": 8, "cc": 16}[match[2]]
        for word in words:
            if word == "/r":
                self.has_modrm = True
            elif match := re.fullmatch(r"(11)?/([0-7])", word):
                self.has_modrm = True
                self.take("reg", {int(match[2])})
                if match[1]:
                    self.take("mod", {1})
            elif match := re.fullmatch(r"([C-F][0-9A-F])(\+i)?", word):
                self.has_modrm = True
                byte = int(match[1], 16)
                self.take("mod", {1})
                self.take("reg", {byte >> 3 & 7})
                if not match[2]:
                    self.take("rm", {byte & 7})
            elif word == "B0":
                self.take("b", {0})
            else:
                fail(self.line, f"{word} is no part of an encoding")

    def read_operand(self, operand):
        if operand in FIXED or operand == "STi":
            return
        if operand[0] not in LETTERS or operand[1:] not in TYPES:
            fail(self.line, f"{operand} is no operand")
        if operand[0] == "M" and "mod" not in self.tags:
            self.take("mod", {0})
        if operand[0] in "NRU" and "mod" not in self.tags:
            self.take("mod", {1})
        if operand[0] in "CDEGMNPQRSUVW" and not self.has_modrm:
            fail(self.line, f"{operand} needs a ModRM byte")

    @property
    def codes(self):
        """The operands as numbers: the method in the upper half, the type or the fixed one in the lower."""
        names = [name for name, _ in METHODS]
        result = []
        for operand in self.operands:
            if operand in FIXED:
                result.append(names.index("fixed") << 8 | FIXED.index(operand))
            elif operand == "STi":
                result.append(names.index("stack") << 8)
            else:
                result.append(names.index(LETTERS[operand[0]]) << 8 | TYPES.index(operand[1:]))
        return result + [0] * (4 - len(result))

    @property
    def flags(self):
        """Bits 0 to 3: what stands behind it. 4 and 5: the rule of the operand size. From 8: FLAGS."""
        letters = {operand[0] for operand in self.operands if operand not in FIXED and operand != "STi"}
        holds = {
            "lock": "lock" in self.tags,
            "vvvv": bool(letters & set("BH")),
            "check": bool(letters & set("CDS")) or "vsib" in self.tags,
            "vsib": "vsib" in self.tags,
            "CPL0": "CPL0" in self.tags,
            "absent": self.absent,
            "mod": "mod" in self.tags,
            "x87": "x87" in self.tags,
        }
        value = IMMEDIATES.index(self.immediate)
        value |= next((code << 4 for tag, code in SIZES.items() if tag in self.tags), 0)
        return value | sum(1 << 8 + number for number, flag in enumerate(FLAGS) if holds[flag])

    def within(self, other):
        """Whether each point of this row is one of the other's."""
        return all(self.points.get(d, set(range(n))) <= other.points.get(d, set(range(n))) for d, n in DIMENSIONS.items())


def read():
    rows, absent, chapters = [], {}, []
    for number, text in enumerate(spec.read_text().splitlines(), 1):
        if not text.strip() or text.startswith("#"):
            continue
        keyword, _, rest = text.partition(" ")
        if keyword == "chapter":
            chapters.append(rest.strip())
        elif keyword == "absent":
            feature, _, reason = rest.partition(":")
            absent[feature.strip()] = reason.strip()
        else:
            cells = [cell.strip() for cell in text.split("|")]
            if len(cells) != 4:
                fail(number, "four cells are needed: name, encoding, operands, feature with tags")
            rows.append(Row(number, *cells, chapters[-1], absent))
    return rows, absent, chapters


class Tree:
    """Switch nodes in one array of 16-bit words: the number of a dimension, then a child for each of its values. A child is the
    place of a node, LEAF + the number of a row, or UNDEFINED."""

    def __init__(self, rows):
        self.rows, self.words, self.known = rows, [], {}

    def child(self, rows, dimensions):
        dimensions = [name for name in dimensions if any(name in row.points for row in rows)]
        if not rows:
            return UNDEFINED
        if not dimensions:
            best = [row for row in rows if all(row.within(other) for other in rows)]
            if len(best) != 1:
                fail(rows[0].line, f"{' and '.join(sorted({row.name for row in rows}))} overlap, and neither is within the other")
            return LEAF | self.rows.index(best[0])
        name, *rest = dimensions
        children = [
            self.child([row for row in rows if value in row.points.get(name, {value})], rest) for value in range(DIMENSIONS[name])
        ]
        if len(set(children)) == 1:
            return children[0]
        words = (list(DIMENSIONS).index(name), *children)
        if words not in self.known:
            self.known[words] = len(self.words)
            self.words += words
            if len(self.words) >= LEAF:
                sys.exit("the decision tree has outgrown its 15-bit places")
        return self.known[words]


def roots(rows, tree):
    """An entry for each opcode of each map: its node in the low half, whether ModRM follows, and from bit 20 on what stands
    behind an encoding of it that no row takes: CPUs read that before they say that it is undefined."""
    entries = []
    for name in MAPS:
        for opcode in range(256):
            mine = [row for row in rows if row.map == name and row.opcode <= opcode < row.opcode + row.width]
            legacy = [row for row in rows if row.map == name.removeprefix("VEX.") and row.opcode <= opcode < row.opcode + row.width]
            kin = mine + legacy
            if len({row.has_modrm for row in mine if row.operands or not name.startswith("VEX")}) > 1:
                fail(mine[0].line, "some encodings of the opcode have a ModRM byte and some have none")
            has_modrm = mine[0].has_modrm if mine else kin[0].has_modrm if kin else name[-4:] in ("0F38", "0F3A")
            immediate = next((row.immediate for row in kin if row.immediate != "none"), "none")
            if not kin and name.endswith("0F3A"):
                immediate = "b"
            entry = tree.child(mine, list(DIMENSIONS))
            entry |= SPECIAL if not name and opcode in SPECIAL_BYTES else 0
            entry |= IGNORES_MOD if any("mod" in row.tags for row in kin) else 0
            entries.append(entry | (MODRM if has_modrm else 0) | IMMEDIATES.index(immediate) << 20)
    return entries


# Swift


def wrapped(items, indent="    ", separator=", "):
    """Lines of joined items, as long as the style allows."""
    lines, line = [], indent
    for item in items:
        piece = item + separator.rstrip()
        if len(line) + len(piece) + 1 > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += piece + " "
    return lines + [line.rstrip()]


def array(name, comment, kind, items):
    return [*(f"/// {line}" for line in comment), f"let {name}: [{kind}] = [", *wrapped(items), "]", ""]


def cases(names):
    lines, line = [], ""
    for name in names:
        name = f"`{name}`" if name in SWIFT_KEYWORDS else name
        if line and len(line) + len(name) + 2 > WIDTH:
            lines.append(line)
            line = ""
        line = f"{line}, {name}" if line else f"    case {name}"
    return [*lines, line]


def feature_case(name):
    head = re.match(r"[A-Z]+(?=[A-Z][a-z]|$|[_0-9])|[A-Z]?[a-z]*", name)[0]
    return head.lower() + name[len(head) :] if not name[0].islower() else name


def mnemonic_file(rows, names, features, absent):
    out = [NOTICE, "/// An instruction, by the mnemonic that rows of Spec/x86.decode share; numbered in their order."]
    out += ["public enum Mnemonic: UInt16, Sendable, CaseIterable {", *cases(names), "}", ""]
    out += ["/// What of CPUID brings an instruction; `base` is what every x86-64 CPU has.", "public enum Feature: UInt8, Sendable, CaseIterable {"]
    out += [*cases(features), "}", ""]
    out += ["/// How an operand is found: the methods of the opcode maps (appendix A.2.1), those alike taken together."]
    out += ["public enum AddressingMethod: UInt8, Sendable, CaseIterable {"]
    for name, meaning in METHODS:
        out += [f"    /// {meaning[0].upper()}{meaning[1:]}.", f"    case {name}"]
    out += ["}", "", "/// What an operand is: the types of the opcode maps (appendix A.2.2) and those that the spec's head adds."]
    out += ["public enum OperandType: UInt8, Sendable, CaseIterable {", *cases(["none", *TYPES[1:]]), "}", ""]
    out += ["/// Registers and numbers that opcodes imply."]
    out += ["public enum ImpliedOperand: UInt8, Sendable, CaseIterable {"]
    out += [*cases([{"1": "one", "ST": "st", "rAX": "rAX", "eAX": "eAX"}.get(name, name.lower()) for name in FIXED]), "}", ""]
    out += ["/// What stands behind ModRM and its displacement.", "enum ImmediateForm: UInt8, CaseIterable {", *cases(IMMEDIATES), "}"]
    return out


def tables_file(rows, names, features, absent, tree, entries):
    out = [NOTICE]
    out += array(
        "opcodeRoots",
        [
            "An entry for each opcode of the maps: none, 0F, 0F38, 0F3A, and these with VEX. Bits 0 to 15: the child (see",
            "`opcodeTree`). 16: ModRM follows. 20 to 23: the `ImmediateForm` of an encoding that no row takes. 24: the byte is",
            "or may be something else than an opcode. 25: the mod of ModRM is ignored.",
        ],
        "UInt32",
        [f"0x{entry:X}" for entry in entries],
    )
    out += array(
        "opcodeTree",
        [
            f"Nodes: the number of a dimension ({', '.join(DIMENSIONS)}), then a child for each of its values. A child is the",
            f"place of a node, 0x{LEAF:X} + the number of a row, or 0x{UNDEFINED:X}.",
        ],
        "UInt16",
        [str(word) for word in tree.words],
    )
    comment = ["For each row: bits 0 to 3 the `ImmediateForm`, 4 and 5 the rule of the operand size, and `RowFlags` from bit 8."]
    out += array("rowFlags", comment, "UInt16", [str(row.flags) for row in rows])
    out += array("rowMnemonics", ["For each row: its `Mnemonic`."], "UInt16", [str(names.index(row.name)) for row in rows])
    comment = ["For each row: four operands of 16 bits, the first in the lowest: the method above the type."]
    packed = [sum(code << 16 * number for number, code in enumerate(row.codes)) for row in rows]
    out += array("rowOperands", comment, "UInt64", [f"0x{word:X}" for word in packed])
    numbers = [features.index(feature_case(row.features[0])) for row in rows]
    out += array("rowFeatures", ["For each row: the `Feature` that brings it."], "UInt8", [str(number) for number in numbers])
    numbers = [features.index(feature_case(row.features[-1])) for row in rows]
    out += array("rowWideFeatures", ["For each row: the `Feature` that brings its form of 256 bits."], "UInt8", [str(n) for n in numbers])
    built = [0] * ((len(rows) + 31) // 32)
    for number, row in enumerate(rows):
        if "todo" not in row.tags and not row.absent:
            built[number >> 5] |= 1 << (number & 31)
    out += array("builtRows", ["A bit for each row: whether it has a lifter."], "UInt32", [f"0x{word:X}" for word in built])
    return out


def printed_file(rows):
    out = [NOTICE, "extension Row {"]
    out += ["    /// The mnemonic where it is not the row's; for operand sizes of 16, 32 and 64 bits, parted by slashes."]
    out += ["    var printedMnemonic: StaticString? {", "        switch number {"]
    groups = {}
    for number, row in enumerate(rows):
        if row.mnemonics[0] != row.name:
            groups.setdefault(row.mnemonics[0], []).append(number)
    for mnemonic, numbers in groups.items():
        listed = ", ".join(str(number) for number in numbers)
        out.append(f'        case {listed}: "{mnemonic}"')
    return out + ["        default: nil", "        }", "    }", "}"]


def lifter_file(rows):
    out = [NOTICE, "extension Lifter {", "    /// Lifts an instruction by the method of its mnemonic, which is without V where there is one without."]
    out += ["    mutating func dispatch(_ instruction: DecodedInstruction) {", "        switch instruction.mnemonic {"]
    known = {row.name for row in rows}
    methods = {}
    for row in rows:
        if not row.absent and not row.tags & {"todo", "CPL0", "x87"}:
            isForm = row.map.startswith("VEX.") and row.name[0] == "v" and row.name[1:] in known
            methods.setdefault(row.name[1:] if isForm else row.name, {})[row.name] = None
    for method, names in methods.items():
        cases = ", ".join(f".{name}" for name in names)
        out.append(f"        case {cases}: {method}(instruction)")
    return out + ["        default: undefinedInstruction()", "        }", "    }", "}"]


def write(name, lines):
    while lines[-1] == "":
        lines.pop()
    (output / name).write_text("\n".join(lines) + "\n")


def main():
    rows, absent, chapters = read()
    names = list(dict.fromkeys(row.name for row in rows))
    features = sorted({feature_case(f) for row in rows for f in row.features} - {"base"}, key=str.lower)
    features.insert(0, "base")
    tree = Tree(rows)
    entries = roots(rows, tree)
    leaves = {word & ~LEAF for word in [*tree.words, *(e & 0xFFFF for e in entries)] if LEAF <= word < UNDEFINED}
    for number, row in enumerate(rows):
        if number not in leaves:
            fail(row.line, f"nothing is {row.name}: other rows hide it")
    unused = set(absent) - {row.features[0] for row in rows}
    if unused:
        sys.exit(f"{spec}: no row has the feature {', '.join(sorted(unused))}")
    output.mkdir(parents=True, exist_ok=True)
    write("Mnemonic.swift", mnemonic_file(rows, names, features, absent))
    write("DecoderTables.swift", tables_file(rows, names, features, absent, tree, entries))
    write("PrintedMnemonics.swift", printed_file(rows))
    write("LifterDispatch.swift", lifter_file(rows))
    for chapter in chapters:
        members = [row for row in rows if row.chapter == chapter and not row.absent]
        built = sum("todo" not in row.tags for row in members)
        print(f"x86: {built:4} of {len(members):4} encodings built: {chapter}")
    present = [row for row in rows if not row.absent and "i64" not in row.tags]
    built = sum("todo" not in row.tags for row in present)
    print(f"x86: {built:4} of {len(present):4} encodings of 64-bit mode built")
    present = [row for row in rows if not row.absent]
    built = sum("todo" not in row.tags for row in present)
    print(f"x86: {built:4} of {len(present):4} encodings built; {len(rows) - len(present)} more are known and left out")
    print(f"x86: decision tree of {len(tree.words)} words")


main()
