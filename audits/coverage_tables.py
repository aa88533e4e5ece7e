"""The tables on which coverage is measured: real ones where they are there, and simulated ones of their shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import tables as benchmark
from frostglass import codebooks
from frostglass.counting.tally import tally
from frostglass.sensitive.coding.check import encode
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.sensitive.coding.intake import read
from frostglass.simulate.coded import coded_table
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Sensitive
from frostglass.terms.unit import PrivacyUnit
from tests.survey import SMALL, survey

Codes = npt.NDArray[np.uint16]
Ints = npt.NDArray[np.int64]

BUCKETS = (0, 1, 10, 100, 1000)
"""Least true count of each bucket."""

_KINDS = 12
"""Sorts of records in a mixture: enough that its variables depend on each other."""


@dataclass(frozen=True)
class Ground:
    """A table whose truth is known; ``structural`` says whether its records keep the codebook's rules."""

    codebook: Codebook
    codes: Codes
    structural: bool = True

    @property
    def shape(self) -> str:
        """Its shape in words; no name, because figures are published."""
        return f"{len(self.codes):,} records of {len(self.codebook.domain)} variables"

    @property
    def unit(self) -> PrivacyUnit:
        return PrivacyUnit(self.codebook.unit)

    @cached_property
    def table(self) -> Sensitive[CodedTable]:
        return Sensitive(CodedTable.of(self.codebook.domain, self.codes), "coded table")

    def truth(self, attributes: AttributeSet) -> Ints:
        """The true counts over ``attributes``, one axis each."""
        domain = self.codebook.domain
        return tally(self.codes, domain.axes(attributes), domain.shape(attributes))


def buckets(truth: Ints) -> npt.NDArray[np.intp]:
    """The place in ``BUCKETS`` of each count."""
    return np.searchsorted(BUCKETS, truth, side="right") - 1


def bucket_names() -> tuple[str, ...]:
    """0, 1–9, 10–99 and so on."""
    spans = [f"{least}" if least == after - 1 else f"{least}–{after - 1}" for least, after in pairwise(BUCKETS)]
    return (*spans, f"{BUCKETS[-1]} or more")


def names(folder: Path | None) -> tuple[str, str]:
    """The two large tables: the real ones, or for lack of one a simulated one of its shape."""
    there = [each for each in ("vp", "adult") if folder and benchmark.IN_FOLDER[each](folder).data.exists()]
    return "vp" if "vp" in there else "cases", "adult" if "adult" in there else "mixture"


def ground(name: str, folder: Path | None, seed: int) -> Ground:
    """The table of that name; chance in the simulated ones is seeded."""
    if name in benchmark.IN_FOLDER and folder:
        table = benchmark.IN_FOLDER[name](folder)
        return Ground(table.codebook, np.asfortranarray(table.truth), table.structural)
    return SIMULATED[name](seed)


def _small(_seed: int) -> Ground:
    """200 records of four variables, which many releases can be made of in no time."""
    book = codebooks.loads(SMALL, source="small.toml")
    rows = encode(read(survey(200)), book, unit=PrivacyUnit(book.unit)).reveal().rows
    return Ground(book, np.asfortranarray(np.repeat(rows.codes, rows.weights, axis=0)))


def _cases(seed: int) -> Ground:
    """Simulated cases of the shipped codebook."""
    book = codebooks.load("ctdc-vp-1")
    rows = encode(read(coded_table(17_500, seed)), book, unit=PrivacyUnit(book.unit)).reveal().rows
    return Ground(book, np.asfortranarray(np.repeat(rows.codes, rows.weights, axis=0)))


def _mixture(seed: int) -> Ground:
    """Records of a second codebook with wide variables: of each sort some, which prefers some values."""
    book, records, chance = codebooks.load(benchmark.ADULT_CODEBOOK), 48_842, np.random.default_rng(seed)
    sorts = chance.choice(_KINDS, size=records, p=chance.dirichlet(np.ones(_KINDS)))
    codes = np.zeros((records, len(book.domain)), dtype=np.uint16, order="F")
    for place, size in enumerate(book.domain.sizes):
        for sort in range(_KINDS):
            of_it = np.flatnonzero(sorts == sort)
            shares = chance.dirichlet(np.full(size - 1, 0.3))
            codes[of_it, place] = 1 + chance.choice(size - 1, size=len(of_it), p=shares)
    return Ground(book, codes)


def _wide(seed: int) -> Ground:
    """Few records of many variables, of which most lack a value: of each sort some, which prefers some values."""
    records, chance = 1_629, np.random.default_rng(seed)
    sizes = chance.integers(3, 9, size=55)
    variables = "".join(
        _VARIABLE.format(place, [str(code) for code in range(1, size)]) for place, size in enumerate(sizes)
    )
    book = codebooks.loads(_WIDE + variables, source="wide.toml")
    sorts = chance.choice(_KINDS, size=records, p=chance.dirichlet(np.ones(_KINDS)))
    codes = np.zeros((records, len(sizes)), dtype=np.uint16, order="F")
    for place, size in enumerate(sizes):
        for sort in range(_KINDS):
            of_it = np.flatnonzero(sorts == sort)
            codes[of_it, place] = chance.choice(size, size=len(of_it), p=chance.dirichlet(np.full(size, 0.4)))
    return Ground(book, codes)


_WIDE = '[codebook]\nid = "wide"\nversion = "1"\ntitle = "Many variables"\nunit = "record"\n'
_VARIABLE = '\n[[variable]]\nname = "v{}"\ntype = "nominal"\nrole = "quasi"\ncategories = {}\n'

SIMULATED: Mapping[str, Callable[[int], Ground]] = {
    "small": _small,
    "cases": _cases,
    "mixture": _mixture,
    "wide": _wide,
}
