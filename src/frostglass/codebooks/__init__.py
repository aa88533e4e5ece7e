"""Codebooks as data: the file format, its checks, and the codebooks that ship with the package."""

from __future__ import annotations

from frostglass.codebooks.faults import Fault
from frostglass.codebooks.loading import faults, from_canonical, load, loads, shipped
from frostglass.codebooks.schema import json_schema
from frostglass.codebooks.show import show

__all__ = ["Fault", "faults", "from_canonical", "json_schema", "load", "loads", "shipped", "show"]
