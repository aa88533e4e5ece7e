"""The reference of bad input lists every code that there is, and a damaged file never gets past the readers."""

from __future__ import annotations

import random
import re
from pathlib import Path

import polars as pl
import pytest

import frostglass
from frostglass.errors import FrostglassError
from frostglass.tables.readers import read_text_table

ROOT = Path(frostglass.__file__).parent
PAGE = ROOT.parent.parent / "docs" / "reference" / "bad-input.md"
OURS = re.compile(r"FG-IN-[0-9]{3}|FG-OP-08[0-9]")


def test_the_reference_lists_every_code_and_no_other() -> None:
    used = {code for path in ROOT.rglob("*.py") for code in OURS.findall(path.read_text(encoding="utf-8"))}
    listed = re.findall(rf"^\| ({OURS.pattern}) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(set(listed))
    assert set(listed) == used


@pytest.mark.long
@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_a_damaged_file_is_refused_or_read_and_never_a_crash(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{kind}"
    frame = pl.DataFrame({"a": ["Xylophonia", "y", None] * 9, "b": [1, None, 3] * 9, "c": [1.5, 2.0, None] * 9})
    if kind == "csv":
        path.write_text(frame.write_csv(quote_style="always"))
    elif kind == "xlsx":
        frame.write_excel(path)
    else:
        frame.write_parquet(path)
    content, chance = path.read_bytes(), random.Random(7)
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            read_text_table(path)
        except FrostglassError as error:
            assert "Xylophonia" not in str(error)  # noqa: PT017 - what is claimed of every error, if there is one
