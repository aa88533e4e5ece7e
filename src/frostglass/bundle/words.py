"""What every text about a release says alike: its promise, its citation, what its records are called."""

from __future__ import annotations

from frostglass.bundle.format.manifest import Manifest
from frostglass.pages.words import day_in_words
from frostglass.terms.codebook import Codebook

FICTITIOUS = "Fictitious data: every record and every figure is invented, and none is about anybody."
"""What every page of a bundle says whose data are invented."""


def guarantee_sentence(manifest: Manifest, codebook: Codebook) -> str:
    """The guarantee of the release in one sentence; the codebook has the word for a person who has several rows."""
    promise = manifest.guarantee
    whom = protected(manifest, codebook)
    records = "one record" if promise.unit.max_records == 1 else f"{promise.unit.max_records} records"
    limit = "" if whom == "record" and promise.unit.person_key is None else f" with at most {records}"
    return (
        f"This release is differentially private with epsilon {promise.epsilon} and delta {promise.delta} under adding "
        f"or removing one {whom}{limit}."
    )


def protected(manifest: Manifest, codebook: Codebook) -> str:
    """What one of those is called whom the guarantee protects: a row, or where a key tells persons apart, a person."""
    unit = manifest.guarantee.unit
    if unit.person_key is None:
        return unit.name
    return codebook.privacy_unit.partition(" (")[0]


def records(number: int, codebook: Codebook) -> str:
    """``number`` records in words, such as "2,413 day records"."""
    return f"{number:,} {kind_of_record(codebook)}{'' if number == 1 else 's'}"


def kind_of_record(codebook: Codebook) -> str:
    """What one record is called, such as "day record"; where a row is just a record, "record"."""
    return "record" if codebook.unit.casefold() == "record" else f"{codebook.unit} record"


def banner(manifest: Manifest) -> str:
    """What stands above everything else on a page about the release; empty where nothing need be said."""
    return FICTITIOUS if manifest.fictitious else ""


def citation(manifest: Manifest, codebook: Codebook) -> str:
    """How to cite the release: the codebook's words, or its title and publisher, with the release and its day."""
    by = f"{codebook.publisher}. " if codebook.publisher else ""
    words = codebook.release.citation or f"{by}{manifest.date.year}. {codebook.title}"
    return f"{words.rstrip('. ')}. Release {manifest.release_id}, {day(manifest)}."


def day(manifest: Manifest) -> str:
    """The day of the release in words."""
    return day_in_words(manifest.date)
