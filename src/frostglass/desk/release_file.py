"""``release.toml``: the settings of a release in a file, so that a second pair of eyes can read them first."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from frostglass.errors import UsageError


def _number(value: object) -> str | int | float:
    """Refuse what no amount is written as; its form and range are checked with those of every other door."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("is a number")
    return value


def _place(value: object) -> Path:
    if not isinstance(value, (str, Path)) or "\0" in str(value):
        raise ValueError("is a path, in quotes")
    return Path(value)


Amount = Annotated[str | int | float, BeforeValidator(_number)]
Place = Annotated[Path, BeforeValidator(_place)]


class ReleaseFile(BaseModel):
    """Every setting of ``frostglass release``; paths are taken from the file's own folder.

    Numbers that must stay exact (epsilon, delta) are written as strings or as plain decimals.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, title="frostglass release file")

    format: Literal[1] = Field(default=1, description="Version of this file's layout.")
    data: Place | None = Field(default=None, description="The coded table: CSV, Parquet or XLSX.")
    codebook: str | None = Field(default=None, description="Id of a shipped codebook, or a codebook file.")
    epsilon: Amount | None = Field(default=None, description="Privacy loss of this release.")
    delta: Amount | None = Field(default=None, description="Only to check it against the scope's delta.")
    length: int | None = Field(default=None, description="Longest combination that is counted, 1 to 4.")
    tau: int | None = Field(default=None, description="Least count that is stated.")
    fit: str | None = Field(default=None, description="How long the fit takes: fast, default or long.")
    cells: int | None = Field(default=None, description="Most cells that are measured.")
    scope: str | None = Field(default=None, description="The population scope that pays.")
    ledger: Place | None = Field(default=None, description="The ledger file.")
    out: Place | None = Field(default=None, description="Folder of the bundle; it must not exist.")
    release_id: str | None = None
    person_key: str | None = Field(default=None, description="Column that tells persons apart.")
    max_records: int | None = Field(default=None, description="Most records of one person that count.")
    placeholder_keys: str | None = Field(default=None, description="Keys that may be no person's: refuse, or allow.")
    unknown: str | None = Field(default=None, description="Codes that are not listed: refuse, or missing.")
    without_constraints: bool | None = None
    fictitious: bool | None = Field(default=None, description="Whether the data are invented; every page says so.")
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    accept: dict[str, float] = Field(
        default_factory=dict, description="Acceptance thresholds, fixed before anything is seen; part of the plan."
    )

    def placed_in(self, folder: Path) -> ReleaseFile:
        """The same, with every path as seen from where the command runs."""
        paths = {name: folder / place for name in ("data", "ledger", "out") if (place := getattr(self, name))}
        if self.codebook is not None and (folder / self.codebook).is_file():
            paths["codebook"] = str(folder / self.codebook)
        return self.model_copy(update=paths)


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
    return release_file(values, source=path.name).placed_in(path.parent)


def release_file(values: Mapping[str, object], *, source: str) -> ReleaseFile:
    """The settings in ``values``, each of its own type. UsageError FG-OP-043 with every fault."""
    try:
        return ReleaseFile.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(dict.fromkeys(_fault(each["type"], each["loc"], each["msg"]) for each in error.errors()))
        raise UsageError("FG-OP-043", f"{source}: {faults}") from None


_KINDS = {
    "int_type": "is a whole number",
    "float_type": "is a number",
    "string_type": "is a text, in quotes",
    "string_unicode": "is a text in UTF-8",
    "bool_type": "is true or false",
    "dict_type": "is a table of names with numbers",
}
"""What a setting should have been, by the name that pydantic has for the fault."""


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
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(where, ReleaseFile.model_fields, n=1)
        return f"{where} is no setting" + (f"; did you mean {near[0]}?" if near else "")
    return f"{where} {_KINDS.get(kind, message.removeprefix('Value error, '))}"
