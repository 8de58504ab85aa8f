"""What is written of the figures: tables for a terminal and for the documents, and what the chart shows."""
import math
import re

import chart as drawing
import suite

# What translating is shown of.
TRANSLATED = ["integer/hello", "application/python-start", "application/python-imports", "application/c++-compiler"]
# Start-up is another matter than kernels.
APART = {"integer/hello"}
GROUPS = ["integer", "float", "vector", "program", "application"]


def ratio(result, a, b):
    a, b = result.get(a), result.get(b)
    return a["cpu"] / b["cpu"] if a and b and b["cpu"] else None


def mean(numbers):
    numbers = [n for n in numbers if n]
    return math.exp(sum(map(math.log, numbers)) / len(numbers)) if numbers else None


def number(value, form=".2f"):
    return "–" if value is None else format(value, form)


def seconds(value):
    return format(value, ".3f" if value >= 0.02 else ".4f")


def groups(everything):
    """(group, [(case without its group, result)]) in order."""
    for group in GROUPS:
        rows = [(name.split("/")[1], result) for name, result in everything["cases"].items() if name.startswith(group + "/")]
        if rows:
            yield group, rows


def compared(everything, group, cases):
    """The cases that a mean is over: those that all ways ran."""
    return [(name, result) for name, result in cases
            if f"{group}/{name}" not in APART and all(result.get(way) for way in everything["ways"])]


def case_table(everything):
    ways = everything["ways"]
    others = [way for way in ways if way not in ("native", "lyrebird")]
    header = ["CPU seconds", *ways, "spread", "wall", "peak MB", "lyrebird ÷ native"]
    header += [f"{way} ÷ native" for way in others] + [f"{way} ÷ lyrebird" for way in others]
    rows = []
    for group, cases in groups(everything):
        for name, result in cases:
            ours = result.get("lyrebird")
            row = [f"{group}/{name}"]
            row += [seconds(result[way]["cpu"]) if result.get(way) else "fails" if way in result else "–" for way in ways]
            row += [f"{ours['spread'] * 100:.0f} %" if ours else "–", seconds(ours["wall"]) if ours else "–"]
            row += [number(ours and ours["peak_kb"] / 1024, ".1f"), number(ratio(result, "lyrebird", "native"))]
            row += [number(ratio(result, way, "native")) for way in others]
            row += [number(ratio(result, way, "lyrebird")) for way in others]
            rows.append(row)
        long = [result for name, result in compared(everything, group, cases)]
        if len(long) > 1:
            row = [f"**{group}, geometric mean of {len(long)}**"] + [""] * (len(ways) + 3)
            row.append(number(mean([ratio(r, "lyrebird", "native") for r in long])))
            row += [number(mean([ratio(r, way, "native") for r in long])) for way in others]
            row += [number(mean([ratio(r, way, "lyrebird") for r in long])) for way in others]
            rows.append(row)
    return header, rows


def mean_table(everything):
    """For the README: a row for each group."""
    others = [way for way in everything["ways"] if way not in ("native", "lyrebird")]
    header = ["time ÷ native", "lyrebird", *others, "lyrebird's worst of all"]
    rows = []
    for group, cases in groups(everything):
        ours = {name: r for name, result in cases if (r := ratio(result, "lyrebird", "native")) and f"{group}/{name}" not in APART}
        worst = max(ours, key=ours.get) if ours else None
        long = [result for _, result in compared(everything, group, cases)]
        row = [f"{group} ({len(long)})", number(mean([ratio(result, "lyrebird", "native") for result in long]))]
        row += [number(mean([ratio(result, way, "native") for result in long])) for way in others]
        rows.append(row + [f"{ours[worst]:.2f} ({worst})" if worst else "–"])
    return header, rows


def micro_table(everything):
    ways = everything["ways"]
    rows = []
    for name, result in everything.get("micro", {}).items():
        rows.append([name] + [number(result.get(way), ".0f" if result.get(way, 0) >= 100 else ".1f") for way in ways])
    hello = everything["cases"].get("integer/hello")
    if hello:
        rows.append(["peak memory of hello, KB"] + [number(hello[w]["peak_kb"] if hello.get(w) else None, ".0f") for w in ways])
    memory = everything.get("memory")
    if memory:
        for title, key in (("memory held after long work, KB", "VmRSS"), ("its peak, KB", "VmHWM")):
            rows.append([title] + [number(memory[w][key] if memory.get(w) else None, ".0f") for w in ways])
    return ["nanoseconds", *ways], rows


def translation_table(everything):
    header = ["", "guest instructions", "ns each", "of it lifting, optimising, generating", "host bytes (instructions) each",
              "process start, ms", "loading, ms", "translating, ms", "running, ms"]
    rows = []
    for name, f in everything.get("translation", {}).items():
        count, again = f["guest_instructions"], max(f["again_guest_instructions"], 1)
        stages = ", ".join(f"{f[f'again_{stage}_ns'] / again:.0f}" for stage in ("lifting", "optimizing", "generating"))
        instructions = f" ({f['host_instructions'] / count:.1f})" if "host_instructions" in f else ""
        rows.append([name, f"{count:.0f}", f"{f['translating_ns'] / count:.0f}", stages, f"{f['host_bytes'] / count:.1f}{instructions}"]
                    + [f"{f[key + '_ns'] / 1e6:.1f}" for key in ("process_start", "loading", "translating", "running_without_translating")])
    return header, rows


def markdown(table):
    header, rows = table
    lines = ["| " + " | ".join(header) + " |", "|---|" + "--:|" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def columns(table):
    header, rows = table
    rows = [[cell.replace("**", "") for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for row in [header, ["-" * w for w in widths], *rows]:
        lines.append("  ".join([row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]).rstrip())
    return "\n".join(lines)


def text(everything):
    tables = [case_table, micro_table, translation_table]
    return "\n\n".join(columns(made) for table in tables if (made := table(everything))[1])


def facts_line(everything):
    facts = everything["facts"]
    others = [facts[way] for way in everything["ways"] if way not in ("native", "lyrebird")]
    return (f"{facts['date'][:10]}, {facts['cpu']}, {facts['cpus']} CPUs, Linux {facts['kernel']}; Lyrebird {facts['lyrebird']}; "
            f"{'; '.join(others)}; {facts['gcc']}. {facts['rounds']} rounds, load average {facts['load before']} before and "
            f"{facts['load after']} after.")


def chart(everything):
    ways = [way for way in everything["ways"] if way != "native"]
    shown = []
    for group, cases in groups(everything):
        rows = []
        for name, result in cases:
            ratios = {way: r for way in ways if (r := ratio(result, way, "native"))}
            if ratios:
                rows.append((name, ratios))
        shown.append((group, rows))
    facts = everything["facts"]
    subtitle = f"{facts['date'][:10]}, {facts['cpu']}, medians of {facts['rounds']}; CPU time ÷ native, logarithmic, less is better"
    names = {way: way if way == "lyrebird" else f"{way} ({version(facts[way])})" for way in ways}
    renamed = [(group, [(case, {names[way]: r for way, r in row.items()}) for case, row in rows]) for group, rows in shown]
    return drawing.draw(guest(everything).title, subtitle, [names[way] for way in ways], renamed)


def guest(everything):
    """Figures of before there were two have none."""
    return suite.GUESTS[everything["facts"].get("guest", "arm64")]


def version(line):
    found = re.search(r"\d+(\.\d+)+", line)
    return found[0] if found else line


def publish(everything, root):
    """Replaces what stands between the marks of the documents: <!-- measured: NAME --> to <!-- end -->."""
    pieces = {
        "facts": facts_line(everything),
        "means": markdown(mean_table(everything)),
        "cases": markdown(case_table(everything)),
        "operations": markdown(micro_table(everything)),
        "translation": markdown(translation_table(everything)),
    }
    for name in guest(everything).documents:
        path = root / name
        old = path.read_text()

        def piece(found):
            return f"{found[1]}\n{pieces[found[2]]}\n{found[3]}"

        path.write_text(re.sub(r"(<!-- measured: (\w+) -->)\n.*?(<!-- end -->)", piece, old, flags=re.S))
    (root / guest(everything).chart).write_text(chart(everything))
