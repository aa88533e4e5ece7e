"""A small survey: a codebook of four variables and tables that fit it."""

from __future__ import annotations

import polars as pl

SMALL = """
[codebook]
id = "survey"
version = "1"
title = "A small survey"
unit = "person"

[[variable]]
name = "sex"
type = "nominal"
role = "quasi"
categories = ["F", "M"]

[[variable]]
name = "age"
type = "ordinal"
role = "quasi"
categories = ["0-17", "18-59", "60+"]
null = { meaning = "not asked", structural = "never" }

[[variable]]
name = "works"
type = "flag"
role = "sensitive"

[[variable]]
name = "langs"
type = "set"
role = "sensitive"
atoms = ["ar", "en", "fr"]
max_atoms = 2

[[constraint]]
kind = "not_null"
of = ["age"]
basis = "structural"

[[constraint]]
kind = "implies"
if = { works = "1" }
then = { age = ["18-59", "60+"] }
basis = "structural"
"""

FEW_CELLS = 209
"""A plan with so many chooses triples: pairs have 105 cells, the four triples 206, and their distances take four."""


def survey(rows: int) -> pl.DataFrame:
    """A table that fits the small codebook: a fixed pattern, with missing values, of any size."""
    ages = ["18-59", "0-17", "60+", "18-59", "18-59"]
    return pl.DataFrame(
        {
            "sex": [("F", "M", None, "F")[i % 4] for i in range(rows)],
            "age": [ages[i % 5] for i in range(rows)],
            "works": [("1" if i % 3 == 0 and ages[i % 5] != "0-17" else None) for i in range(rows)],
            "langs": [("en", "ar;fr", None, "fr", "ar;en", "en")[i % 6] for i in range(rows)],
        },
        schema={"sex": pl.String, "age": pl.String, "works": pl.String, "langs": pl.String},
    )
