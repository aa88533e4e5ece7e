"""The pages on codebooks show files that work, and leave no key of the format out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from frostglass import codebooks
from frostglass.codebooks.lookups import shipped_lookups

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS / "reference" / "codebook-file.md"
HOW_TO = DOCS / "how-to" / "write-a-codebook.md"


@pytest.mark.parametrize("page", [REFERENCE, HOW_TO])
def test_the_examples_of_a_page_put_together_are_a_codebook(page: Path) -> None:
    text = "\n".join(re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
    assert codebooks.faults(text) == ()
    table = codebooks.loads(text, source=page.name)
    assert codebooks.from_canonical(table.canonical) == table


def test_the_python_of_the_reference_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["again"] == names["book"]
    assert names["faults"]


def test_every_key_operator_kind_and_lookup_is_in_the_reference() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    schema: Any = codebooks.json_schema()
    keys = set(schema["properties"])
    for table in schema["$defs"].values():
        keys |= set(table["properties"])
        keys |= {one["const"] for one in table["properties"].values() if isinstance(one.get("const"), str)}
    for word in keys | set(shipped_lookups()):
        assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text), f"{word} is not in the reference"


def test_the_messages_quoted_in_the_guide_are_the_ones_that_are_given() -> None:
    text = HOW_TO.read_text(encoding="utf-8")
    lists = '[codebook]\nid = "x"\n[[variable]]\nname = "{}"\ntype = "nominal"\ncategories = {}\n'
    (twice,) = codebooks.faults(lists.format("parity", '["1", "2", "3", "4", "2"]'))
    assert f"parity: {twice.message.removeprefix('parity: ')}\n    {twice.fix}" in text
    for categories, words in [
        ('["a", "-1"]', "starts with '-', which spreadsheets run as a formula"),
        ('["a", "A"]', "cannot be told from"),
    ]:
        (fault,) = codebooks.faults(lists.format("v", categories))
        assert words in fault.message
        assert words in text
