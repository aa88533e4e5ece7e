"""The curator holds the table and answers questions with noise: the one place where anything crosses.

Proof: docs/proofs/measure.md. A strategy asks; it never sees the table, the ledger or the budget.
"""

from __future__ import annotations

import os
from fractions import Fraction
from math import isqrt
from threading import Lock
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from frostglass.boundary.ledger.ledger import Ledger, Reservation
from frostglass.boundary.noise.discrete_gaussian import DiscreteGaussian
from frostglass.boundary.noise.rounded_gaussian import NoiseSource, RoundedGaussian
from frostglass.errors import GlassError
from frostglass.released.distances import WHOLE, DistanceQuestion, Distances
from frostglass.released.measurement import Measurement
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.sensitive.coding.counts import count, distances
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.budget import NANO
from frostglass.terms.custody import Receipt, Sensitive
from frostglass.terms.domain import Domain
from frostglass.terms.question import Question
from frostglass.terms.unit import PrivacyUnit
from frostglass.terms.workload import MOST_CELLS

_SEALABLE = (RoundedGaussian, DiscreteGaussian)
"""The sources whose answers may be sealed, by their very type: no other can say so of itself."""

_SIGMA_STEP = 2**16


def sigma_for(rho: Fraction, squared_sensitivity: int) -> Fraction:
    """Smallest multiple of 2**-16 with ``squared_sensitivity / (2 sigma**2) <= rho``: the noise is rounded up.

    Source: Bun & Steinke (2016), Proposition 1.6; Dong, Roth & Su (2019), Theorem 2.7 with mu**2 = 2 rho.
    """
    least_square = Fraction(squared_sensitivity * _SIGMA_STEP**2) / (2 * rho)
    whole = -(-least_square.numerator // least_square.denominator)
    root = isqrt(whole)
    return Fraction(root + (root * root < whole), _SIGMA_STEP)


class Curator:
    """Answers questions about one table out of one reservation, until it is used up.

    Building it writes the durable ``draw`` entry: from then on the reservation counts as spent, whatever happens.
    It answers in the process that built it alone, one question at a time, and cannot be copied: so the shares that
    it gives out add up to one.
    """

    def __init__(
        self,
        table: Sensitive[CodedTable],
        domain: Domain,
        unit: PrivacyUnit,
        *,
        ledger: Ledger,
        reservation: Reservation,
        noise: NoiseSource,
    ) -> None:
        coded = table.reveal()
        if coded.domain != domain or coded.max_records != unit.max_records:
            raise GlassError("FG-GL-012", "the table was not coded for this domain and this unit; nothing was drawn")
        if reservation.mechanism != noise.mechanism:
            raise GlassError("FG-GL-013", "the reservation pays for another mechanism; nothing was drawn")
        ledger.begin_draw(reservation)
        self._process = os.getpid()
        self._turn = Lock()
        self._table = table
        self._domain = domain
        self._unit = unit
        self._reservation = reservation
        self._noise = noise
        self._asked = 0
        self._cells_left = MOST_CELLS
        self._share_left = Fraction(1)
        self._error_left = reservation.sampler_units

    def measure(self, question: Question) -> Measurement:
        """The marginal asked for, plus noise for the share offered, with its receipt.

        Raises GlassError, which depends on the question alone and never on the table.
        """
        with self._turn:
            self._check_names(question.attributes)
            cells = self._domain.cells(question.attributes)
            sigma = self._charge(question.share, tables=1, cells=cells)
            receipt = self._receipt(question.attributes, question.share, sigma)
        exact = count(self._table, question.attributes)
        return Measurement(
            attributes=question.attributes,
            answer=_add_noise(exact, sigma, self._noise),
            sd=self._noise.sd(sigma),
            receipt=receipt,
        )

    def distances(self, question: DistanceQuestion) -> Distances:
        """How far each candidate's marginal is from that of the question's records, plus noise, with one receipt.

        Raises GlassError, which depends on the question alone and never on the table.
        """
        with self._turn:
            if question.records.domain != self._domain:
                raise GlassError("FG-GL-015", "the model has another domain than the table; nothing was drawn")
            for each in question.candidates:
                self._check_names(each)
            number = len(question.candidates)
            sigma = self._charge(question.share, tables=number, cells=number)
            receipt = self._receipt(WHOLE, question.share, sigma)
        exact = distances(self._table, question.candidates, question.records.codes, question.weights)
        return Distances(
            candidates=question.candidates,
            answer=_add_noise(exact, sigma, self._noise),
            sd=self._noise.sd(sigma),
            receipt=receipt,
        )

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a curator cannot be copied or pickled")

    def _check_names(self, attributes: AttributeSet) -> None:
        if not set(attributes) <= set(self._domain.names):
            raise GlassError("FG-GL-007", "the question names an attribute that the codebook does not declare")

    def _charge(self, share: Fraction, *, tables: int, cells: int) -> Fraction:
        """Take a question's part out of what is left and return the noise that it buys, for ``cells`` draws.

        One record moves ``tables`` of the figures by one each, so its square is what a unit moves squared by at most
        ``max_records**2 * tables``.
        """
        if os.getpid() != self._process:
            raise GlassError("FG-GL-014", "a curator answers in the process that it was made in; nothing was drawn")
        if share > self._share_left or cells > self._cells_left:
            raise GlassError("FG-GL-008", "the reservation does not cover this question; nothing was drawn for it")
        sigma = sigma_for(self._rho(share), self._unit.max_records**2 * tables)
        error = self._noise.table_error(sigma) * cells
        if error > self._error_left:
            raise GlassError("FG-GL-009", "the sampler's share of delta does not cover this question")
        self._share_left -= share
        self._cells_left -= cells
        self._error_left -= error
        self._asked += 1
        return sigma

    def _rho(self, share: Fraction) -> Fraction:
        return share * Fraction(self._reservation.nano_rho, NANO)

    def _receipt(self, attributes: AttributeSet, share: Fraction, sigma: Fraction) -> Receipt:
        reservation = self._reservation
        return Receipt(
            ledger_id=reservation.ledger_id,
            scope=reservation.scope,
            release_id=reservation.release_id,
            seq=reservation.seq,
            head=reservation.head,
            number=self._asked,
            attributes=attributes,
            mechanism=self._noise.mechanism,
            sigma=sigma,
            sensitivity=self._unit.max_records,
            rho=self._rho(share),
            sealable=reservation.sealable and type(self._noise) in _SEALABLE,
        )


def _add_noise(exact: Sensitive[npt.NDArray[np.int64]], sigma: Fraction, noise: NoiseSource) -> npt.NDArray[np.int64]:
    """Whole counts plus whole noise, every cell alike: zero cells too."""
    counts = exact.reveal()
    return counts + noise.draw(sigma, counts.size).reshape(counts.shape)
