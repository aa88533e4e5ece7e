"""The table of regions: every country of ISO 3166-1, every former code, with its source and its date."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files

import pycountry
import pytest

from frostglass.codebooks.lookups import countries, shipped_lookup

REGIONS = shipped_lookup("un-m49-region")
TABLE = tomllib.loads((files("frostglass.codebooks") / "lookup_tables" / "un-m49-region.toml").read_text("utf-8"))
ISO = {country.alpha_2 for country in pycountry.countries}


def test_every_code_of_iso_3166_1_is_there_once_and_the_others_are_the_former_ones() -> None:
    assert len(ISO) == 249
    assert countries() == ISO | set(TABLE["former"])
    assert not ISO & set(TABLE["former"])
    listed = [code for codes in TABLE["by_value"].values() for code in codes]
    assert len(listed) == len(set(listed))


def test_only_antarctica_has_no_region() -> None:
    assert countries() - set(REGIONS) == {"AQ"} == set(TABLE["no_region"])
    assert set(REGIONS.values()) == {"Africa", "Americas", "Asia", "Europe", "Oceania"}


@pytest.mark.parametrize(
    ("codes", "region"),
    [
        ("TR CY GE AM AZ KZ TW TP TB", "Asia"),
        ("RU XK Y1 YU Y2 Y3 AX GG IM JE", "Europe"),
        ("NA ZR IO TF EG SD SS", "Africa"),
        ("AN BL BQ BV GS GL MX", "Americas"),
        ("CC CX HM UM FJ AU", "Oceania"),
    ],
)
def test_the_codes_that_are_easily_mistaken_have_their_region(codes: str, region: str) -> None:
    assert {REGIONS[code] for code in codes.split()} == {region}


def test_the_table_says_where_it_is_from_and_of_when() -> None:
    assert "M49" in TABLE["about"]["source"]
    assert isinstance(TABLE["about"]["as_of"], date)
    assert set(TABLE["former"]) == {"AN", "TB", "TP", "XK", "Y1", "Y2", "Y3", "YU", "ZR"}
