#!/usr/bin/env python3
"""Checks what Benchmarks/report.py makes of figures, by figures that are made up: a case that failed, one that a peer cannot run,
one faster than native, nothing at all.
"""
import pathlib
import sys
import tempfile
import xml.etree.ElementTree

sys.dont_write_bytecode = True
root = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "Benchmarks"))
import report  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"


def run(cpu):
    return {"cpu": cpu, "wall": cpu, "peak_kb": 2048, "spread": 0.01}


facts = {"date": "2001-02-03T04:05", "cpu": "a <b> & c", "cpus": 1, "kernel": "0", "rounds": 1, "lyrebird": "x",
         "peer": "peer version 1.2.3", "gcc": "gcc", "load before": 0, "load after": 0}
everything = {
    "facts": facts, "ways": ["native", "lyrebird", "peer"],
    "cases": {
        "integer/hello": {"native": run(0.001), "lyrebird": run(0.1), "peer": run(0.2)},
        "integer/a": {"native": run(1), "lyrebird": run(2), "peer": run(8)},
        "integer/b": {"native": run(1), "lyrebird": run(5), "peer": None},
        "integer/c": {"native": run(2), "lyrebird": run(9), "peer": run(4)},
        "application/c": {"lyrebird": run(3)},
    },
    "micro": {"one thing": {"native": 1.0, "lyrebird": 200.0}},
    "memory": {"native": {"VmRSS": 1, "VmHWM": 2}, "lyrebird": None, "peer": None},
}
nothing = {"facts": facts, "ways": ["native", "lyrebird"], "cases": {}}


def expect(holds, what):
    if not holds:
        sys.exit(f"benchmarks.py: {what}")


for table in (report.case_table, report.mean_table, report.micro_table, report.translation_table):
    for figures in (everything, nothing):
        header, rows = table(figures)
        expect(all(len(row) == len(header) for row in rows), f"{table.__name__}: rows that are not as wide as the header")
_, rows = report.mean_table(everything)
# The geometric mean of 2 and 4.5, without hello and without what the peer failed at; that one is our worst.
expect(rows[0] == ["integer (2)", "3.00", "4.00", "5.00 (b)"], f"means: {rows[0]}")
expect("fails" in report.text(everything), "a failure that does not show")

picture = xml.etree.ElementTree.fromstring(report.chart(everything))
bars = [bar for bar in picture.iter(f"{SVG}rect") if bar.find(f"{SVG}title") is not None]
expect(len(bars) == 7, f"{len(bars)} bars for 7 ratios")
expect(all(float(bar.get("width")) > 0 and float(bar.get("x")) > 0 for bar in bars), "a bar outside the chart")
xml.etree.ElementTree.fromstring(report.chart(nothing))

with tempfile.TemporaryDirectory() as name:
    place = pathlib.Path(name)
    (place / "Docs").mkdir()
    (place / "Docs/Performance.md").write_text("a\n<!-- measured: facts -->\nold\n<!-- end -->\nb\n")
    (place / "README.md").write_text("<!-- measured: means -->\n<!-- end -->\n")
    report.publish(everything, place)
    once = [(place / name).read_text() for name in ("Docs/Performance.md", "README.md", "Docs/Performance.svg")]
    report.publish(everything, place)
    expect(once == [(place / name).read_text() for name in ("Docs/Performance.md", "README.md", "Docs/Performance.svg")],
           "publishing twice is not publishing once")
    expect(once[0].startswith("a\n<!-- measured: facts -->\n2001-02-03, ") and once[0].endswith("<!-- end -->\nb\n"), "marks")
    expect("integer (2)" in once[1], "no means in README.md")
