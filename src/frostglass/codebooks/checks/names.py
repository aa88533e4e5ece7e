"""The head of the file, and the names of variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from frostglass.codebooks.checks.known import Known
from frostglass.codebooks.faults import Found, Path
from frostglass.codebooks.spelling import Complaint, name_complaints, text_complaints
from frostglass.errors import UsageError
from frostglass.terms.budget import parse_delta, parse_epsilon


def check(known: Known) -> Iterator[Found]:
    """Faults of the head, of names and numbers, and of proposed settings."""
    yield from _head(known)
    yield from _spelling(known)
    yield from _collisions(known)
    yield from _numbers(known)
    yield from _settings(known)
    if not known.variables and not known.incomplete:
        yield Found(("variable",), "no variable is released", "add a [[variable]] that is not a direct identifier")


def _head(known: Known) -> Iterator[Found]:
    head = known.document.codebook
    if re.fullmatch(r"[\w\s|=\"'(),-]", head.set_separator):
        yield Found(
            ("codebook", "set_separator"),
            f"{head.set_separator!r} cannot separate the values of a set",
            "use ';', '/', '&' or another mark that is no letter, digit, space, comma, quote, bracket, '-', '|' or '='",
        )
    seen: set[str] = set()
    for place, token in enumerate(head.missing_in):
        if token.strip() in seen:
            yield Found(("codebook", "missing_in", place), f"{token!r} is listed twice", "list it once")
        seen.add(token.strip())


def _spelling(known: Known) -> Iterator[Found]:
    for path, variable in known.places():
        yield from complain((*path, "name"), variable.name, name_complaints(variable.name))
        for place, alias in enumerate(variable.aliases):
            yield from complain((*path, "aliases", place), alias, text_complaints(alias))


def complain(path: Path, text: str, complaints: Iterator[Complaint]) -> Iterator[Found]:
    """Complaints on one text, as faults at its place."""
    for what, fix in complaints:
        yield Found(path, f"{text[:60]!r} {what}" if text else what, fix)


def _collisions(known: Known) -> Iterator[Found]:
    owners: dict[str, tuple[Path, str]] = {}
    for path, variable in known.places():
        texts = [((*path, "name"), variable.name)]
        texts += [((*path, "aliases", place), alias) for place, alias in enumerate(variable.aliases)]
        for place, text in texts:
            owner, first = owners.setdefault(text.strip().casefold(), (path, text))
            if owner != path:
                how = "is taken" if text == first else f"cannot be told from {first!r}, which is taken"
                yield Found(place, f"{text!r} {how}", "name each variable once, and differently")


def _numbers(known: Known) -> Iterator[Found]:
    owners: dict[int, str] = {}
    released = ((path, one) for path, one in known.places() if one.role != "direct_identifier")
    for order, (path, variable) in enumerate(released, start=1):
        number = variable.number or order
        if number in owners:
            yield Found(
                (*path, "number"),
                f"number {number} is taken by {owners[number]!r}",
                "number all variables differently, or none: they then count in the order of the file",
            )
        owners.setdefault(number, variable.name)


def _settings(known: Known) -> Iterator[Found]:
    settings = known.document.synthesis
    for key, value, parse in (
        ("epsilon", settings.epsilon, parse_epsilon),
        ("delta", settings.delta, parse_delta),
    ):
        try:
            if value is not None:
                parse(value)
        except UsageError as error:
            yield Found(("synthesis", key), error.message, "propose a value in that range, or none")
