"""Countries by region: weights written down by hand, so that a region of the coded table becomes a country again."""

from __future__ import annotations

from collections.abc import Mapping

from frostglass.simulate.chance import Uniform, Weighted, one_of

_COUNTRIES: Mapping[str, Mapping[str, float]] = {
    "Africa": {
        "NG": 20, "ET": 14, "GH": 7, "CI": 6, "KE": 5, "CM": 5, "UG": 5, "SD": 4, "SO": 4, "SN": 4, "GN": 4, "ML": 4,
        "CD": 4, "MG": 3, "MA": 3, "EG": 3, "NA": 2, "MW": 2, "ZW": 1,
    },
    "Americas/Oceania": {
        "HT": 22, "CO": 17, "DO": 13, "VE": 12, "NI": 8, "BO": 7, "BR": 4, "US": 2,
        "PG": 5, "FJ": 4, "SB": 3, "AU": 2, "VU": 1,
    },
    "Asia": {
        "PH": 16, "KH": 12, "ID": 12, "MM": 10, "UZ": 9, "KG": 8, "KZ": 6, "BD": 6, "TJ": 5, "LA": 4, "VN": 4, "TH": 4,
        "TR": 3, "LB": 3, "SA": 2, "AE": 2, "TM": 1,
    },
    "Europe": {
        "UA": 30, "MD": 22, "BY": 14, "RU": 13, "RO": 6, "BG": 5, "AL": 4, "PL": 3, "MK": 3, "RS": 3, "IT": 3, "DE": 2,
        "XK": 1,
    },
}  # fmt: skip

_FORMER: Mapping[str, tuple[str, ...]] = {
    "Africa": ("ZR",),
    "Americas/Oceania": ("AN",),
    "Asia": ("TP",),
    "Europe": ("YU", "Y1", "XK", "Y2"),
}
"""Codes that only old records use."""

REGIONS = tuple(_COUNTRIES)
_BY_WEIGHT = {region: Weighted.of(weights) for region, weights in _COUNTRIES.items()}
_SHARE_FORMER = 0.05


def country(region: str, u: Uniform, *, old: bool = False) -> str:
    """A country of ``region``; ``old`` records now and then name it by a code that is out of use."""
    if old and u() < _SHARE_FORMER:
        return one_of(_FORMER[region], u)
    return _BY_WEIGHT[region].pick(u)


def another(region: str, first: str, u: Uniform) -> str:
    """A country of ``region`` other than ``first``."""
    while True:
        found = country(region, u)
        if found != first:
            return found


def countries_by_region() -> Mapping[str, tuple[str, ...]]:
    """Every code that can come up, by region."""
    return {region: (*weights, *_FORMER[region]) for region, weights in _COUNTRIES.items()}
