"""Every bad input of the catalogue: refused with a code, or accepted with a note, and never a value or a traceback."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audits.figures import Figure, Size
from audits.ground import fast_folder
from audits.inputs import settings as input_settings
from audits.inputs import tables as input_tables
from audits.inputs.tries import CELL, Try, copied, make_ground
from audits.ledger.warm_commands import Ended, WarmCommands
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.errors import FrostglassError

NUMBERS = range(1, 71)
"""The numbers of the catalogue, as docs/reference/bad-input.md lists it."""


def audit(_size: Size) -> list[Figure]:
    """All 70 numbers, in both forms alike."""
    with WarmCommands() as commands, fast_folder() as folder:
        make_ground(folder / "ground")
        wrong = {each: faults(commands, folder, each) for each in tries()}
        quoting = faults(commands, folder, _quoting())
    return [*_figures(wrong), _control(quoting)]


def tries() -> tuple[Try, ...]:
    """All tries, by number."""
    return (*input_tables.tries(), *input_settings.tries())


def faults(commands: WarmCommands, folder: Path, one: Try) -> list[str]:
    """What is wrong with what a command makes of a bad input; empty when it is as it should be."""
    place = copied(folder / "ground", folder / "try")
    one.write(place)
    before = (place / "out").exists()
    ended = commands.run(place, one.arguments, change=one.change)
    said = ended.out + ended.err
    found = _faults_of(ended, one)
    if one.then:
        said += commands.run(place, one.then).out
    if one.code not in said:
        found.append(f"says nothing of {one.code}: {said[-300:]}")
    if ended.code and not before and (place / "out").exists():
        found.append("left a bundle")
    if one.unspent and one.arguments[0] == "release" and _spent(place):
        found.append("spent something")
    return found


def _faults_of(ended: Ended, one: Try) -> list[str]:
    said = ended.out + ended.err
    found = []
    if ended.code != one.exit_code:
        found.append(f"ended with {ended.code}, not {one.exit_code}: {said[-300:]}")
    if CELL in said:
        found.append("quoted a value of a case")
    if "Traceback" in said or "FG-XX-999" in said:
        found.append(f"failed: {said[-300:]}")
    return found


def _spent(folder: Path) -> bool:
    try:
        return any(each.kind == "reserve" for each in Ledger.inspect(folder / "l.db").entries())
    except FrostglassError:
        return False


def _quoting() -> Try:
    """A value that is not listed, met by a check that quotes it."""
    unlisted = next(each for each in tries() if each.number == 35)
    return Try(35, unlisted.what, unlisted.code, unlisted.write, change=("audits.inputs.faults:quote_values",))


def _figures(wrong: dict[Try, list[str]]) -> list[Figure]:
    met = {number for number in NUMBERS if any(each.number == number for each in wrong)}
    bad = {each.number for each, found in wrong.items() if found}
    named = "".join(f"; {each.number}, {each.what}: {found[0]}" for each, found in wrong.items() if found)
    return [
        Figure(
            "Bad inputs of the catalogue that are refused with a stable code, or accepted with the note it asks for; "
            "without a traceback, without a value of a case, with nothing spent where nothing was drawn",
            f"{len(NUMBERS)} of {len(NUMBERS)}",
            f"{len(met - bad)} of {len(NUMBERS)}, in {len(wrong)} variants{named}",
            ok=len(met - bad) == len(NUMBERS),
        )
    ]


def _control(quoting: Sequence[str]) -> Figure:
    return Figure(
        "Control: a check that prints the value of a case must be found out",
        "found",
        "; ".join(quoting) or "not found",
        ok="quoted a value of a case" in quoting,
    )


def page() -> str:
    """The catalogue as the reference has it: a line a number."""
    lines = []
    for number in NUMBERS:
        ours = [each for each in tries() if each.number == number]
        what = "; ".join(dict.fromkeys(each.what for each in ours))
        codes = ", ".join(dict.fromkeys(_code(each) for each in ours))
        ends = (
            "refused"
            if all(each.exit_code for each in ours)
            else "noted"
            if not any(each.exit_code for each in ours)
            else "both"
        )
        lines.append(f"| {number} | {what.replace('|', '&#124;')} | {codes} | {ends} |")
    return "\n".join(lines)


def _code(one: Try) -> str:
    return one.code if one.code.startswith("FG-") else f"“{one.code}”"
