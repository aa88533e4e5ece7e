"""``release.toml``: the settings of a release in a file, so that a second pair of eyes can read them first."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from frostglass.errors import UsageError


class ReleaseFile(BaseModel):
    """Every setting of ``frostglass release``; paths are taken from the file's own folder.

    Numbers that must stay exact (epsilon, delta) are written as strings or as plain decimals.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, title="frostglass release file")

    format: Literal[1] = Field(default=1, description="Version of this file's layout.")
    data: str | None = Field(default=None, description="The coded table: CSV, Parquet or XLSX.")
    codebook: str | None = Field(default=None, description="Id of a shipped codebook, or a codebook file.")
    epsilon: str | int | float | None = Field(default=None, description="Privacy loss of this release.")
    delta: str | float | None = Field(default=None, description="Only to check it against the scope's delta.")
    length: int | None = Field(default=None, description="Longest combination that is counted, 1 to 4.")
    tau: int | None = Field(default=None, description="Least count that is stated.")
    fit: Literal["fast", "default", "long"] | None = Field(default=None, description="How long the fit takes.")
    cells: int | None = Field(default=None, description="Most cells that are measured.")
    scope: str | None = Field(default=None, description="The population scope that pays.")
    ledger: str | None = Field(default=None, description="The ledger file.")
    out: str | None = Field(default=None, description="Folder of the bundle; it must not exist.")
    release_id: str | None = None
    person_key: str | None = Field(default=None, description="Column that tells persons apart.")
    max_records: int | None = Field(default=None, description="Most records of one person that count.")
    unknown: Literal["refuse", "missing"] | None = None
    without_constraints: bool = False
    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str | None = None
    accept: dict[str, float] = Field(
        default_factory=dict, description="Acceptance thresholds, fixed before anything is seen; part of the plan."
    )


def read_release_file(path: Path) -> ReleaseFile:
    """The settings of a release file. Raises UsageError that names every fault and its place."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError("FG-OP-040", f"there is no file {path.name}") from None
    except (OSError, UnicodeDecodeError):
        raise UsageError("FG-OP-040", f"cannot read {path.name} as a UTF-8 text file") from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError("FG-OP-041", _given_twice(path.name, text) or f"{path.name} is not TOML: {error}") from None
    except (ValueError, RecursionError):
        raise UsageError(
            "FG-OP-041", f"{path.name} holds a number that is too long, or tables that are nested too deeply"
        ) from None
    if values.get("format", 1) != 1:
        raise UsageError(
            "FG-OP-042", f"{path.name} has format {values['format']}, and this version of frostglass reads format 1"
        )
    try:
        return ReleaseFile.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(_fault(each["type"], each["loc"], each["msg"]) for each in error.errors())
        raise UsageError("FG-OP-043", f"{path.name}: {faults}") from None


def _given_twice(name: str, text: str) -> str | None:
    """What to say when a setting stands twice in one table, which a TOML reader only calls an overwritten value."""
    table, seen = "", dict[tuple[str, str], int]()
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.match(r"\s*\[([^\]]+)\]", line):
            table = found[1].strip()
        elif found := re.match(r"\s*([A-Za-z0-9_-]+)\s*=", line):
            first = seen.setdefault((table, found[1]), number)
            if first != number:
                return f"{name}: {found[1]} is given twice (lines {first} and {number}); keep one of them"
    return None


def _fault(kind: str, place: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in place)
    if kind != "extra_forbidden":
        return f"{where}: {message}"
    near = difflib.get_close_matches(where, ReleaseFile.model_fields, n=1)
    return f"{where} is no setting" + (f"; did you mean {near[0]}?" if near else "")
