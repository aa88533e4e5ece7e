"""``casefiles.toml``: what lies in a folder of case files, which map reads it, and on what legal footing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from frostglass.errors import InputError

DESCRIPTION: Final = "casefiles.toml"
"""The name of the file that describes the folder that it lies in."""

_MOST_BYTES = 1_000_000


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Text = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f]+$")]
"""A text of one line."""


class LegalBasis(_Table):
    """Why cases without evidence of consent may be released, who says so, and since when."""

    basis: Text
    by: Text
    on: date


class Listed(_Table):
    """Files that belong together and the map that reads them: an id, or the path of a map beside this file.

    ``files`` gives for each sheet of the map its file; in a workbook "name.xlsx#Sheet".
    """

    map: Text
    files: Annotated[Mapping[str, Text], Field(min_length=1)]
    legal_basis: LegalBasis | None = None
    delimiter: str = ","
    encoding: str = "utf-8"


class Description(_Table):
    """``snapshot`` is the day as of which consent counts and cases exist. ``planted`` names a file of texts, one a
    line, that must not come out anywhere; fictitious files have one."""

    snapshot: date | None = None
    fictitious: bool = False
    planted: Text | None = None
    delivery: Annotated[tuple[Listed, ...], Field(min_length=1, strict=False)]


def read_description(folder: Path) -> Description | None:
    """The description in ``folder``, None where there is none.

    InputError FG-IN-113 with every fault when it cannot be used.
    """
    path = folder / DESCRIPTION
    if not path.exists():
        return None
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _unusable("it is larger than 1 MB")
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise _unusable(f"it is not TOML (at {str(error).rpartition('(at ')[2].rstrip(')') or 'the end'})") from None
    except (OSError, UnicodeDecodeError):
        raise _unusable("it cannot be read as UTF-8 text") from None
    except (ValueError, RecursionError):
        raise _unusable("it holds a number that is too long, or tables that are nested too deeply") from None
    try:
        return Description.model_validate(raw)
    except ValidationError as error:
        faults = [_fault(one["loc"], one["type"]) for one in error.errors(include_url=False, include_input=False)]
        raise _unusable("; ".join(dict.fromkeys(faults))) from None


_RULES = {
    "missing": "is missing",
    "extra_forbidden": "is no key that is known here",
    "string_type": "must be a text, in quotes",
    "bool_type": "must be true or false",
    "model_type": "must be a table, as { basis = …, by = …, on = … }",
    "model_attributes_type": "must be a table, as { basis = …, by = …, on = … }",
    "dict_type": 'must be a table, as { cases = "file.csv" }',
    "mapping_type": 'must be a table, as { cases = "file.csv" }',
    "tuple_type": "must be a list of tables: begin each with [[delivery]], in double brackets",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "must be a text of one line",
}
"""What each complaint of pydantic means here; all others are about days."""


def _fault(loc: tuple[int | str, ...], kind: str) -> str:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc).lstrip(".")
    return f"{place} {_RULES.get(kind, 'must be a day, such as 2022-11-15, without quotes')}"


def _unusable(why: str) -> InputError:
    return InputError(
        "FG-IN-113", f"{DESCRIPTION} cannot be used: {why}. The how-to “Import case files” shows what stands in it"
    )
