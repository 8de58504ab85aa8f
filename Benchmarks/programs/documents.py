"""The standard library's JSON module, both ways, and regular expressions."""
import json
import re

document = [{"id": n, "name": f"item {n}", "tags": ["a", "b", None, n % 3 == 0], "at": {"x": n / 7, "y": -n}} for n in range(4000)]
for _ in range(3):
    text = json.dumps(document, indent=1)
    document = json.loads(text)
found = sum(int(m[1]) for m in re.finditer(r'"id": (\d+)', text))
print(len(text), found, round(sum(entry["at"]["x"] for entry in document), 6))
