#!/usr/bin/env python3
"""Makes the opcode enum, the builder and the reference from Spec/ir.ops."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
spec = root / "Spec/ir.ops"
OPERANDS = ["none", "value", "imm", "imm64", "slot", "pool", "edge"]
RULES = ["none", "same", "any", "int", "i8", "i16", "i32", "i64", "flags", "v128"]
AUX = ["none", "lane", "cond", "mem", "size", "width", "hint", "reason", "helper", "format", "fused"]
EFFECTS = ["pure", "state-read", "state-write", "load", "store", "atomic", "fence", "control", "mark", "clock", "float", "float-flags", "x87"]


def fail(line, what):
    sys.exit(f"{spec}:{line}: {what}")


groups, ops = [], []
for number, line in enumerate(spec.read_text().splitlines(), 1):
    if not line.strip() or line.startswith("#"):
        continue
    if line.startswith("group "):
        groups.append((line[6:], []))
        continue
    cells = [c.strip() for c in line.split("|")]
    if len(cells) != 6:
        fail(number, "six cells are needed")
    name, operands, result, aux, effects, meaning = cells
    fields = []
    for operand in [] if operands == "-" else operands.split(","):
        label, kind = operand.strip().split(":")
        if kind in OPERANDS[2:]:
            fields.append((label, kind, "none"))
        else:
            rule = {"T": "same"}.get(kind, kind)
            if rule not in RULES:
                fail(number, f"unknown operand kind {kind}")
            fields.append((label, "value", rule))
    if len(fields) > 3 or aux.replace("-", "none") not in AUX or effects not in EFFECTS:
        fail(number, "too many operands, or an unknown aux or effect")
    kind = "none" if result == "-" else result.split()[1]
    op = dict(name=name, fields=fields, result=kind, aux=aux.replace("-", "none"), effects=effects, meaning=meaning)
    ops.append(op)
    groups[-1][1].append(op)


def camel(text):
    head, *rest = text.split("-")
    return head + "".join(w.capitalize() for w in rest)


KEYWORDS = {"return", "else", "then"}
TYPE_LIMIT = {"any": "any", "int": "int"}


def swift_enum():
    out = ["// Generated from Spec/ir.ops by Scripts/generators/ir_ops.py; do not edit.", ""]
    out += ["/// What an instruction does. Each case's meaning is that of its row in Spec/ir.ops.", "public enum Opcode: UInt16, Sendable {"]
    for title, members in groups:
        out.append(f"    // {title}")
        for op in members:
            out += [f"    /// {op['meaning']}", f"    case {op['name']}"]
    out += ["}", "", "extension Opcode {", f"    public static let count = {len(ops)}", ""]
    out += ["    /// One word an opcode: operand kinds and rules of a, b, c (7 bits each), result rule, aux kind, effect.",
            "    static let descriptors: [UInt64] = ["]
    for op in ops:
        word = at = 0
        for _, kind, rule in op["fields"]:
            word |= (OPERANDS.index(kind) | RULES.index(rule) << 3) << (8 * at)
            at += 2 if kind == "imm64" else 1
        word |= RULES.index(op["result"]) << 24 | AUX.index(op["aux"]) << 32 | EFFECTS.index(op["effects"]) << 40
        out.append(f"        0x{word:012x},  // {op['name']}")
    out += ["    ]", "", "    /// Names as the text form has them, in order.", "    static let names: [StaticString] = ["]
    out += [f'        "{op["name"]}",' for op in ops]
    out += ["    ]", "}", ""]
    return "\n".join(out)


def swift_builder():
    out = ["// Generated from Spec/ir.ops by Scripts/generators/ir_ops.py; do not edit.", "",
           "extension Unit {"]
    handwritten = {"nop", "param", "const", "vconst", "get", "set", "bind", "jump", "branch", "exitJump", "exitIndirect",
                   "instruction", "flags", "call", "exitTrap"}
    first = True
    for op in ops:
        if op["name"] in handwritten:
            continue
        params, fields, infer, types = [], [], None, []
        auxname = {"lane": "lane: Lane", "cond": "condition: Condition", "mem": "access: MemoryAccess", "size": "size: UInt8",
                   "width": "from source: Type", "format": "format: FloatFormat", "fused": "operation: FusedOperation"}.get(op["aux"])
        for label, kind, rule in op["fields"]:
            if kind == "value":
                params.append(f"_ {label}: Value")
                fields.append(f"{label}.id")
                if rule == "same" and infer is None:
                    infer = label
            else:
                params.append(f"{label}: Int32")
                fields.append(f"UInt32(bitPattern: {label})")
        fields += ["0"] * (3 - len(fields))
        auxvalue = {"lane": "lane.rawValue", "cond": "condition.rawValue", "mem": "access.rawValue", "size": "size",
                    "width": "source.rawValue", "format": "format.rawValue", "fused": "operation.rawValue"}.get(op["aux"], "0")
        if auxname:
            params.insert(0, ("_ " if op["aux"] in ("cond", "mem", "lane", "format", "fused") else "") + auxname)
        fixed = op["result"] if op["result"] not in ("any", "int", "none") else None
        if op["result"] == "none":
            kind = ".none"
        elif fixed:
            kind = "." + fixed
        elif infer:
            kind = f"type(of: {infer})"
        else:
            kind = "type"
            params.insert(0, "_ type: Type")
        if not first:
            out.append("")
        first = False
        out.append(f"    /// {op['meaning']}")
        out.append("    @discardableResult" if op["result"] != "none" and op["effects"] == "atomic" else "")
        if out[-1] == "":
            out.pop()
        returns = "" if op["result"] == "none" else " -> Value"
        body = f"append(.{op['name']}, {kind}, {auxvalue}, {', '.join(fields)})"
        out.append("    @inline(__always)")
        head = f"    public mutating func {op['name']}({', '.join(params)}){returns} {{"
        if len(head) > 118:
            out.append(f"    public mutating func {op['name']}(")
            out.append(f"        {', '.join(params)}")
            out.append(f"    ){returns} {{")
        else:
            out.append(head)
        out.append(f"        {'_ = ' if not returns else ''}{body}")
        out.append("    }")
    out += ["}", ""]
    return "\n".join(out)


def reference():
    out = []
    for title, members in groups:
        out += [f"### {title}", "", "| op | operands | result | aux | effects | meaning |", "|---|---|---|---|---|---|"]
        for op in members:
            operands = ", ".join(f"{l}: {'T' if r == 'same' else r if k == 'value' else k}" for l, k, r in op["fields"])
            cells = [f"`{op['name']}`", operands, op["result"], op["aux"], op["effects"], op["meaning"]]
            out.append("| " + " | ".join("" if c == "none" else c for c in cells) + " |")
        out.append("")
    return "\n".join(out)


generated = root / "Sources/LyrebirdIR/Generated"
generated.mkdir(parents=True, exist_ok=True)
(generated / "Opcode.swift").write_text(swift_enum())
(generated / "Builder.swift").write_text(swift_builder())
document = root / "Docs/IR.md"
if document.exists():
    begin, end = "<!-- generated: ops -->\n", "<!-- end -->"
    text = document.read_text()
    before, rest = text.split(begin)
    document.write_text(before + begin + "\n" + reference() + end + rest.split(end)[1])
print(f"ir: {len(ops)} operations")
