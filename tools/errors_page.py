"""Write docs/reference/errors.md from the source: every stable code with what it says. ``make schemas`` runs it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "errors.md"
CODE = re.compile(r"FG-[A-Z]{2}-\d{3}")

FAMILIES = {
    "OP": "wrong usage: an option, a setting, a condition (exit code 2; FG-OP-055, an error of the system, 1)",
    "CB": "codebooks",
    "IN": "tables",
    "BU": "budget",
    "LG": "the ledger",
    "GL": "the glass",
    "BN": "bundles",
    "XX": "faults of frostglass itself",
}


def template(node: ast.expr) -> str | None:
    """The text of a string or f-string, with … for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)  # type: ignore[misc]
    if isinstance(node, ast.BoolOp):
        return template(node.values[-1])
    return None


def sayings() -> dict[str, list[str]]:
    """What each code says, in the order of the files."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                found.setdefault(node.value, [])
            if not isinstance(node, ast.Call):
                continue
            values = [*node.args, *(each.value for each in node.keywords)]
            texts = [text for each in values if (text := template(each)) is not None]
            for number, text in enumerate(texts):
                if CODE.fullmatch(text):
                    said = found.setdefault(text, [])
                    rest = next((other for other in texts[number + 1 :] if " " in other), "")
                    if rest and rest not in said:
                        said.append(rest)
    return found


def page() -> str:
    """The page as Markdown."""
    found = sayings()
    lines = [
        "# Errors",
        "",
        "Every error has a stable code, in text and in JSON. The message names the rule and the way out and never a",
        "value from a case; … stands for what is filled in. Errors of tables are explained at length in",
        "[bad input](bad-input.md). This page is made from the source by `make schemas`.",
    ]
    for family, title in FAMILIES.items():
        lines += ["", f"## FG-{family}: {title}", "", "| code | says |", "|---|---|"]
        for code in sorted(each for each in found if each[3:5] == family):
            said = "<br>".join(" ".join(text.split()).replace("|", "\\|") for text in found[code])
            lines.append(f"| {code} | {said or '(depends on what happened)'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
