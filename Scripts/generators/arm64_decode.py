#!/usr/bin/env python3
"""Makes the AArch64 decoder's tables, the argument structs and the dispatcher from Spec/arm64.decode, and counts what is built.

The head of the spec explains its language. The work here is in three steps: read the rows, prove that no word belongs to two
rows of equal right, and cut the rows into a tree of switches over bit fields.

A cube is a pair (mask, value): the words w with w & mask == value. A row is a cube without some other cubes, the exclusions
that its `where` comes down to, so the decoder needs no other kind of condition.
"""
import itertools
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
spec = root / "Spec/arm64.decode"
output = root / "Sources/LyrebirdARM64/Generated"
NOTICE = "// Generated from Spec/arm64.decode by Scripts/generators/arm64_decode.py; do not edit.\n"
WIDTH = 120
BUILD_TAGS = {"todo", "EL1"}


def fail(line, what):
    sys.exit(f"{spec}:{line}: {what}")


# The spec


class Row:
    """One encoding: its cube, its exclusions, and where its fields lie."""

    def __init__(self, line, name, bits, form, chapter, section):
        self.line, self.name, self.format, self.chapter, self.section = line, name, form, chapter, section
        self.mask = self.value = 0
        self.fields = {}
        self.read_bits(bits)
        self.tags, self.exclusions, self.mnemonics = [], [], []

    def read_bits(self, bits):
        at = 32
        for token in bits.split():
            if match := re.fullmatch(r"([a-z]\w*):(s?)(\d+)", token):
                name, signed, pattern = match[1], bool(match[2]), "x" * int(match[3])
            elif match := re.fullmatch(r"([a-z]\w*)=([01x]+)", token):
                name, signed, pattern = match[1], False, match[2]
            elif re.fullmatch(r"[01.]+", token):
                name, signed, pattern = None, False, token
            else:
                fail(self.line, f"{token} is no bit pattern")
            at -= len(pattern)
            if at < 0:
                fail(self.line, "more than 32 bits")
            mask, value = pattern_bits(pattern)
            self.mask |= mask << at
            self.value |= value << at
            if name:
                if name in self.fields:
                    fail(self.line, f"field {name} is there twice")
                self.fields[name] = (at, len(pattern), signed)
        if at:
            fail(self.line, f"{at} bits are missing")

    @property
    def cube(self):
        return self.mask, self.value

    @property
    def built(self):
        return "todo" not in self.tags

    @property
    def has_lifter(self):
        return self.built and "EL1" not in self.tags

    @property
    def feature(self):
        return next((tag for tag in self.tags if tag not in BUILD_TAGS), "base")


def pattern_bits(pattern):
    """Mask and value of a pattern of 0, 1 and free bits."""
    mask = int("".join("1" if bit in "01" else "0" for bit in pattern), 2)
    return mask, int("".join("1" if bit == "1" else "0" for bit in pattern), 2)


def meet(a, b):
    """The words in both cubes, or None."""
    if (a[1] ^ b[1]) & a[0] & b[0]:
        return None
    return a[0] | b[0], a[1] | b[1]


def negated(row, literal):
    """The cubes in which a literal, FIELDS=PATTERN or FIELDS!=PATTERN, does not hold."""
    match = re.fullmatch(r"([\w:]+?)(!?=)([01x]+)", literal)
    if not match:
        fail(row.line, f"{literal} is neither a condition's name nor a comparison")
    places = []
    for name in match[1].split(":"):
        if name not in row.fields:
            fail(row.line, f"{row.name} has no field {name}")
        lsb, width, _ = row.fields[name]
        places += [lsb + i for i in reversed(range(width))]
    if len(places) != len(match[3]):
        fail(row.line, f"{literal} compares {len(places)} bits with {len(match[3])}")
    fixed = [(1 << place, int(bit)) for place, bit in zip(places, match[3]) if bit != "x"]
    if match[2] == "!=":
        return [(sum(bit for bit, _ in fixed), sum(bit for bit, one in fixed if one))]
    cubes = []
    for count, (last, one) in enumerate(fixed):
        head = fixed[:count]
        mask = sum(bit for bit, _ in head) | last
        cubes.append((mask, sum(bit for bit, is_one in head if is_one) | (0 if one else last)))
    return cubes


def exclude(row, where, conditions):
    """Adds to the row's exclusions the words for which `where` does not hold."""
    for clause in (part.strip() for part in where.split(",")):
        if clause in conditions:
            exclude(row, conditions[clause], conditions)
            continue
        for choice in itertools.product(*(negated(row, literal.strip()) for literal in clause.split(" or "))):
            cube = row.cube
            for other in choice:
                cube = cube and meet(cube, other)
            if not cube:
                continue
            reduced = cube[0] & ~row.mask, cube[1] & ~row.mask
            if not reduced[0]:
                fail(row.line, f"{row.name} can never match")
            if reduced not in row.exclusions:
                row.exclusions.append(reduced)


def read():
    rows, formats, conditions, chapters = [], {}, {}, []
    chapter = section = None
    entries = []
    for number, text in enumerate(spec.read_text().splitlines(), 1):
        text = text.rstrip()
        if not text or text.lstrip().startswith("#"):
            continue
        if text[0].isspace() and entries:
            entries[-1][1].append(text.strip())
        else:
            entries.append((number, [text]))
    for number, lines in entries:
        keyword, _, rest = lines[0].partition(" ")
        if keyword == "chapter":
            chapter = rest.strip()
            chapters.append(chapter)
        elif keyword == "section":
            section = rest.strip()
        elif keyword == "condition":
            name, _, where = rest.partition("=")
            conditions[name.strip()] = " ".join([where.strip(), *lines[1:]])
        elif keyword == "format":
            derived = []
            for line in lines[1:]:
                match = re.fullmatch(r"(\w+) = (signed )?([\w:]+)", line)
                if not match:
                    fail(number, f"{line} is no derived field")
                derived.append((match[1], bool(match[2]), match[3].split(":")))
            formats[rest.strip()] = derived
        else:
            cells = [cell.strip() for cell in " ".join(lines).split("|")]
            if len(cells) != 3:
                fail(number, "three cells are needed: name, bits, format with tags")
            tail, _, mnemonics = cells[2].partition(" as ")
            tail, _, where = tail.partition(" where ")
            form, *tags = tail.split()
            row = Row(number, cells[0], cells[1], form, chapter, section)
            row.tags = tags
            row.mnemonics = mnemonics.split() or [re.match(r"[a-z0-9]+", row.name)[0]]
            if where:
                exclude(row, where, conditions)
            rows.append(row)
    names = [row.name for row in rows]
    for row in rows:
        if names.count(row.name) > 1:
            fail(row.line, f"{row.name} is there twice")
    return rows, formats, chapters


# Overlaps


def inhabited(cube, exclusions):
    """A word that is in the cube and in none of the exclusions, or None."""
    for mask, value in exclusions:
        both = meet(cube, (mask, value))
        if not both:
            continue
        free = mask & ~cube[0]
        if not free:
            return None
        bit = free & -free
        for side in (0, bit):
            half = cube[0] | bit, cube[1] | side
            word = inhabited(half, exclusions)
            if word is not None:
                return word
        return None
    return cube[1]


def check_overlaps(rows):
    for i, a in enumerate(rows):
        hidden = list(a.exclusions)
        for b in rows:
            if a is b or not (both := meet(a.cube, b.cube)):
                continue
            word = inhabited(both, a.exclusions + b.exclusions)
            if word is None:
                continue
            if a.mask == b.mask or a.mask & b.mask not in (a.mask, b.mask):
                fail(a.line, f"{a.name} and {b.name} both match {word:#010x}, and neither is more specific")
            if a.mask & b.mask == a.mask and not b.exclusions:
                hidden.append(b.cube)
        if inhabited(a.cube, hidden) is None:
            fail(a.line, f"no word is {a.name}: more specific rows hide it")


# The decision tree

LEAF = 0x8000
END = 0xFFFF
WIDEST = 11
LONGEST_LIST = 2
# What an entry of a table costs, in rows to try: little in the root, which every word passes.
ROOT_PRICE, PRICE = 0.001, 0.004


def live(row, cube):
    """Whether some word of the cube may be the row."""
    both = meet(row.cube, cube)
    return both and not any(meet(both, e) == both for e in row.exclusions)


def best_window(rows, numbers, cube, price):
    """The bit field that leaves the fewest rows to try on average, at a price for its table."""
    best = None
    for width in range(1, WIDEST + 1):
        for shift in range(0, 33 - width):
            window = ((1 << width) - 1) << shift
            if window & cube[0]:
                continue
            fixed = [rows[n] for n in numbers if rows[n].mask & window]
            if not fixed:
                continue
            total = sum(2 ** (width - (rows[n].mask & window).bit_count()) for n in numbers)
            cost = total / 2**width + price * 2**width
            if best is None or cost < best[0] - 1e-9:
                best = cost, shift, width
    return best


class Tree:
    """Switch nodes and leaf lists in one array of 16-bit words.

    node   shift, mask of the index, then a child for each index
    child  offset of a node, or LEAF | offset of a list
    list   row numbers, the more specific first, then END
    """

    def __init__(self, rows):
        self.rows, self.words, self.known, self.depth = rows, [], {}, 0
        order = sorted(range(len(rows)), key=lambda n: -rows[n].mask.bit_count())
        child = self.child(order, (0, 0), 1)
        assert child == 0, "the root is the node at 0"

    def place(self, key, words):
        if key not in self.known:
            self.known[key] = len(self.words)
            self.words += words
            if len(self.words) > LEAF:
                sys.exit("the decision tree has outgrown its 15-bit offsets")
        return self.known[key]

    def child(self, numbers, cube, depth):
        self.depth = max(self.depth, depth)
        price = ROOT_PRICE if depth == 1 else PRICE
        window = best_window(self.rows, numbers, cube, price) if len(numbers) > LONGEST_LIST else None
        if not window:
            numbers = tuple(numbers)
            return LEAF | self.place(numbers, [*numbers, END])
        _, shift, width = window
        at = len(self.words) if depth == 1 else None
        if depth == 1:
            self.words += [0] * (2 + 2**width)
        children = []
        for index in range(2**width):
            part = cube[0] | ((2**width - 1) << shift), cube[1] | (index << shift)
            inside = [n for n in numbers if live(self.rows[n], part)]
            children.append(self.child(inside, part, depth + 1))
        words = [shift, 2**width - 1, *children]
        if depth == 1:
            self.words[at : at + len(words)] = words
            return at
        return self.place((shift, width, *children), words)

    def decode(self, word):
        """What the Swift decoder does, and how many rows it tries."""
        at, steps = 0, 1
        while True:
            child = self.words[at + 2 + ((word >> self.words[at]) & self.words[at + 1])]
            if child & LEAF:
                break
            at, steps = child, steps + 1
        at, tries = child & ~LEAF, 0
        while self.words[at] != END:
            row = self.rows[self.words[at]]
            tries += 1
            if word & row.mask == row.value and not any(word & m == v for m, v in row.exclusions):
                return row, steps, tries
            at += 1
        return None, steps, tries


# Swift


def wrapped(items, indent, separator=", "):
    """Lines of joined items, as long as the style allows."""
    lines, line = [], indent
    for item in items:
        piece = item + separator.rstrip()
        if len(line) + len(piece) + 1 > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += piece + " "
    return lines + [line.rstrip()]


def hexadecimal(number):
    return f"0x{number >> 16:04X}_{number & 0xFFFF:04X}"


def array(name, comment, kind, items):
    return [f"/// {line}" for line in comment] + [f"let {name}: [{kind}] = [", *wrapped(items, "    "), "]", ""]


def bits(flags):
    """Flags as hexadecimal words of 32."""
    words = [0] * ((len(flags) + 31) // 32)
    for number, flag in enumerate(flags):
        words[number >> 5] |= int(flag) << (number & 31)
    return [hexadecimal(word) for word in words]


def encoding_file(rows):
    features = sorted({row.feature for row in rows} - {"base"}, key=str.lower)
    out = [NOTICE, "/// An encoding of A64: one row of Spec/arm64.decode, numbered from 0 in its order."]
    out += ["public enum Encoding: UInt16, Sendable, CaseIterable {"]
    for section, members in itertools.groupby(rows, key=lambda row: row.section):
        out += ["", f"    // {section}"] if out[-1][-1] != "{" else [f"    // {section}"]
        names, line = [row.name for row in members], ""
        for name in names:
            if line and len(line) + len(name) + 2 > WIDTH:
                out.append(line)
                line = ""
            line = f"{line}, {name}" if line else f"    case {name}"
        out.append(line)
    out += ["}", ""]
    out += [
        "/// An architecture feature (Arm ARM A2.2, without FEAT_) that brings encodings; `base` is Armv8.0.",
        "public enum Feature: UInt8, Sendable, CaseIterable {",
        "    case base",
    ]
    line = ""
    for name in features:
        if line and len(line) + len(name) + 2 > WIDTH:
            out.append(line)
            line = ""
        line = f"{line}, {name}" if line else f"    case {name}"
    out += [line, "}", ""]
    numbers = {name: number for number, name in enumerate(["base", *features])}
    out += array(
        "encodingFeatures", ["The feature of each encoding."], "UInt8", [str(numbers[row.feature]) for row in rows]
    )
    built = bits([row.has_lifter for row in rows])
    out += array("builtEncodings", ["A bit for each encoding: whether it has a lifter."], "UInt32", built)
    privileged = bits(["EL1" in row.tags for row in rows])
    out += array("privilegedEncodings", ["A bit for each encoding: whether it needs EL1."], "UInt32", privileged)
    return out


def tables_file(rows, tree):
    exclusions, records = [], []
    for row in rows:
        key = list(itertools.chain.from_iterable(row.exclusions))
        at = 0
        while exclusions[at : at + len(key)] != key:
            at += 2
            if at >= len(exclusions):
                at = len(exclusions)
                exclusions += key
                break
        records += [row.mask, row.value, len(row.exclusions) << 16 | at]
    out = [NOTICE]
    comment = [
        "The decision tree. A node is a shift, a mask, and a child for each value of (word >> shift) & mask; a child is",
        f"the offset of a node, or 0x{LEAF:X} + the offset of a list of encodings to try, which ends with 0x{END:X}.",
    ]
    out += array("decoderTree", comment, "UInt16", [str(word) for word in tree.words])
    comment = [
        "Three words an encoding: the mask and the value that its words have, and what is excluded from it: a count in the",
        "upper half, a place in `decoderExclusions` in the lower.",
    ]
    out += array("decoderPatterns", comment, "UInt32", [hexadecimal(word) for word in records])
    comment = ["Pairs of mask and value: a word that has one of them is not the encoding."]
    out += array("decoderExclusions", comment, "UInt32", [hexadecimal(word) for word in exclusions])
    return out


def extraction(lsb, width, signed):
    """The Swift expression of a field; a Bool where it is one bit."""
    if signed:
        left = 32 - lsb - width
        return f"Int(Int32(bitPattern: word &<< {left}) &>> {32 - width})"
    shifted = f"word &>> {lsb}" if lsb else "word"
    if width == 1:
        return f"word & {hexadecimal(1 << lsb)} != 0"
    if lsb + width == 32:
        return f"Int({shifted})"
    return f"Int({'(' + shifted + ')' if lsb else shifted} & 0x{(1 << width) - 1:X})"


def joined(parts, fields, signed):
    """The Swift expression of fields and literal bits put together."""
    widths = [len(part) if part[0] in "01" else fields[part][1] for part in parts]
    total = at = sum(widths)
    literal, masks = 0, {}
    for part, width in zip(parts, widths):
        at -= width
        if part[0] in "01":
            literal |= int(part, 2) << at
        else:
            # Parts that move by the same distance move together.
            distance = fields[part][0] - at
            masks[distance] = masks.get(distance, 0) | ((1 << width) - 1) << at
    terms = [f"0x{literal:X}"] if literal else []
    for distance, mask in masks.items():
        shift = f"(word &>> {distance})" if distance > 0 else f"(word &<< {-distance})" if distance else "word"
        terms.append(f"{shift} & {hexadecimal(mask)}")
    value = " | ".join(terms)
    if signed:
        return f"Int(Int32(bitPattern: ({value}) &<< {32 - total}) &>> {32 - total})"
    return f"Int({value})"


def arguments_file(rows, formats):
    out = [NOTICE]
    for form in dict.fromkeys(row.format for row in rows):
        members = [row for row in rows if row.format == form]
        fields = {}
        for row in members:
            for name, place in row.fields.items():
                if fields.setdefault(name, place) != place:
                    fail(row.line, f"{name} lies elsewhere in another row of {form}")
        names = [row.name for row in members]
        listed = ", ".join(f"`{name}`" for name in names[:4]) + (", …" if len(names) > 4 else "")
        out += [f"/// The arguments of {listed}", f"public struct {form}: Sendable {{"]
        out += ["    public let word: UInt32", "", "    @inline(__always)", "    public init(word: UInt32) {"]
        out += ["        self.word = word", "    }"]
        for name, (lsb, width, signed) in sorted(fields.items(), key=lambda item: -item[1][0]):
            out.append(f"    public var {name}: {'Bool' if width == 1 else 'Int'} {{ {extraction(lsb, width, signed)} }}")
        for name, signed, parts in formats.get(form, []):
            for part in parts:
                if part[0] not in "01" and part not in fields:
                    sys.exit(f"{spec}: format {form} has no field {part}")
            expression = joined(parts, fields, signed)
            line = f"    public var {name}: Int {{ {expression} }}"
            out += [line] if len(line) <= WIDTH else [f"    public var {name}: Int {{", f"        {expression}", "    }"]
        out += ["}", ""]
    unknown = set(formats) - {row.format for row in rows}
    if unknown:
        sys.exit(f"{spec}: no row has the format {', '.join(unknown)}")
    return out


def dispatch_file(rows):
    out = [NOTICE]
    built = [row for row in rows if row.has_lifter]
    if not built:
        return out + ["// No encoding has a lifter yet.", ""]
    out += [
        "extension Lifter {",
        "    /// Lifts one instruction by the method of its encoding's name.",
        "    mutating func lift(_ encoding: Encoding, _ word: UInt32) {",
        "        switch encoding {",
    ]
    out += [f"        case .{row.name}: {row.name.removesuffix('Half')}({row.format}(word: word))" for row in built]
    if len(built) < len(rows):
        out.append("        default: withoutLifter(encoding, word)")
    return out + ["        }", "    }", "}", ""]


def write(name, lines):
    while lines[-1] == "":
        lines.pop()
    (output / name).write_text("\n".join(lines) + "\n")


def main():
    rows, formats, chapters = read()
    check_overlaps(rows)
    tree = Tree(rows)
    for row in rows:
        word = inhabited(row.cube, row.exclusions)
        found = tree.decode(word)[0]
        assert found is row or found and found.mask & row.mask == row.mask, f"the tree takes {row.name} for {found}"
    output.mkdir(parents=True, exist_ok=True)
    write("Encoding.swift", encoding_file(rows))
    write("DecoderTables.swift", tables_file(rows, tree))
    write("Arguments.swift", arguments_file(rows, formats))
    write("Dispatch.swift", dispatch_file(rows))
    for chapter in chapters:
        members = [row for row in rows if row.chapter == chapter]
        print(f"arm64: {sum(row.built for row in members):4} of {len(members):4} encodings built: {chapter}")
    print(f"arm64: {sum(row.built for row in rows):4} of {len(rows):4} encodings built")
    print(f"arm64: decision tree of {len(tree.words)} words, at most {tree.depth - 1} switches deep")


main()
