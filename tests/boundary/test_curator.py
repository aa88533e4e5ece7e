"""The glass: every answer is paid for, its noise is the noise that was paid for, and only questions decide."""

from __future__ import annotations

import copy
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frostglass.boundary.accountant import DISCRETE_GAUSSIAN, accountant, allowance
from frostglass.boundary.curator import Curator, sigma_for
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.noise.discrete_gaussian import DiscreteGaussian
from frostglass.boundary.noise.rounded_gaussian import NoiseSource, RoundedGaussian
from frostglass.boundary.noise.scripted import ScriptedNoise
from frostglass.errors import FrostglassError, GlassError
from frostglass.released.distances import WHOLE, DistanceQuestion
from frostglass.released.synthetic import SyntheticRecords
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.budget import NANO
from frostglass.terms.charge import Charge
from frostglass.terms.custody import Sensitive
from frostglass.terms.domain import Attribute, Domain
from frostglass.terms.question import Question
from frostglass.terms.unit import PrivacyUnit

DOMAIN = Domain((Attribute("a", ("x", "y")), Attribute("b", ("1",)), Attribute("c", ("p", "q", "r"))))


class Listening(ScriptedNoise):
    """Adds nothing and remembers what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Fraction, int]] = []
        super().__init__(self._nothing)

    def _nothing(self, sigma: Fraction, size: int) -> npt.NDArray[np.int64]:
        self.asked.append((sigma, size))
        return np.zeros(size, dtype=np.int64)


def curator(
    codes: npt.NDArray[np.uint16],
    noise: NoiseSource,
    *,
    max_records: int = 1,
    epsilon: int = 2,
    sampler_units: int = 2**40,
    ledger: Ledger | None = None,
    account: str = "gdp",
) -> Curator:
    """Of an ephemeral ledger, unless another is given that has a scope of the same name."""
    ledger = ledger or Ledger.ephemeral(epsilon=Fraction(epsilon), delta=Fraction("1e-6"))
    unit = PrivacyUnit("person", max_records, None if max_records == 1 else "key")
    nano_rho = allowance(accountant(account), Fraction(epsilon), Fraction("1e-6"))
    charge = Charge(nano_rho, Fraction(epsilon), noise.mechanism, sampler_units, unit)
    reservation = ledger.reserve("ephemeral", "r1", "0" * 64, charge)
    table = Sensitive(CodedTable.of(DOMAIN, codes, max_records), "coded table")
    return Curator(table, DOMAIN, unit, ledger=ledger, reservation=reservation, noise=noise)


CODES = np.array([[0, 1, 3], [2, 0, 3], [2, 0, 0], [1, 1, 1]], dtype=np.uint16)


def test_an_answer_is_the_exact_table_plus_the_drawn_noise() -> None:
    noise = ScriptedNoise(lambda _sigma, size: np.arange(size, dtype=np.int64))
    answer = curator(CODES, noise).measure(Question(AttributeSet.of(["b", "a"]), Fraction(1, 2)))
    exact = np.array([[0, 1], [0, 1], [2, 0]])
    assert (answer.answer == exact + np.arange(6).reshape(3, 2)).all()


def test_every_cell_gets_noise_zero_cells_and_missing_ones_too() -> None:
    noise = Listening()
    curator(CODES[:0], noise).measure(Question(AttributeSet.of(["a", "b", "c"]), Fraction(1)))
    assert [size for _, size in noise.asked] == [3 * 2 * 4]


@settings(max_examples=12, deadline=None)
@given(rows=st.integers(0, 6), extra=st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 3)))
def test_one_person_more_changes_each_answer_by_one_in_one_cell_and_nothing_else(
    rows: int, extra: tuple[int, int, int]
) -> None:
    """The declared sensitivity, measured; and the same noise is asked for whoever is in the table."""
    base = np.tile(CODES, (2, 1))[:rows]
    more = np.concatenate([base, np.array([extra], dtype=np.uint16)])
    for names in (["a"], ["a", "c"], ["a", "b", "c"]):
        heard, question = (Listening(), Listening()), Question(AttributeSet.of(names), Fraction(1, 3))
        answers = [
            curator(codes, noise).measure(question).answer for codes, noise in zip((base, more), heard, strict=True)
        ]
        assert np.abs(answers[1] - answers[0]).sum() == 1
        assert heard[0].asked == heard[1].asked


def test_the_noise_is_what_the_receipt_says_was_paid() -> None:
    """rho = sensitivity**2 / (2 sigma**2), never less noise than that; and no more than a rounding step."""
    for max_records in (1, 3):
        noise = Listening()
        answer = curator(CODES, noise, max_records=max_records).measure(
            Question(AttributeSet.of(["a"]), Fraction(1, 7))
        )
        receipt = answer.receipt
        assert noise.asked == [(receipt.sigma, 3)]
        assert receipt.sensitivity == max_records
        cost = Fraction(max_records**2) / (2 * receipt.sigma**2)
        assert cost <= receipt.rho
        assert Fraction(max_records**2) / (2 * (receipt.sigma - Fraction(1, 2**16)) ** 2) > receipt.rho


@given(rho=st.fractions(min_value=Fraction(1, 10**12), max_value=100), sensitivity=st.integers(1, 1000))
def test_sigma_is_the_least_multiple_of_its_step_that_the_cost_allows(rho: Fraction, sensitivity: int) -> None:
    sigma = sigma_for(rho, sensitivity**2)
    assert Fraction(sensitivity**2) / (2 * sigma**2) <= rho
    smaller = sigma - Fraction(1, 2**16)
    assert smaller <= 0 or Fraction(sensitivity**2) / (2 * smaller**2) > rho


def test_the_parts_never_add_up_to_more_than_the_reservation() -> None:
    glass = curator(CODES, Listening())
    answers = [glass.measure(Question(AttributeSet.of(["a"]), Fraction(1, 3))) for _ in range(3)]
    whole = Fraction(glass._reservation.nano_rho, NANO)
    assert sum(answer.receipt.rho for answer in answers) == whole
    assert [answer.receipt.number for answer in answers] == [1, 2, 3]
    with pytest.raises(GlassError, match="FG-GL-008"):
        glass.measure(Question(AttributeSet.of(["a"]), Fraction(1, 10**9)))


def test_a_question_beyond_the_codebook_is_refused_and_costs_nothing() -> None:
    noise = Listening()
    glass = curator(CODES, noise)
    with pytest.raises(GlassError, match="FG-GL-007"):
        glass.measure(Question(AttributeSet.of(["name"]), Fraction(1)))
    assert noise.asked == []
    glass.measure(Question(AttributeSet.of(["a"]), Fraction(1)))


def test_one_reservation_serves_one_curator() -> None:
    """A second curator could give the same money out twice."""
    glass = curator(CODES, Listening())
    with pytest.raises(FrostglassError):
        Curator(
            glass._table,
            DOMAIN,
            PrivacyUnit("person"),
            ledger=Ledger.ephemeral(epsilon=Fraction(1), delta=Fraction("1e-6")),
            reservation=glass._reservation,
            noise=Listening(),
        )


def test_what_scripted_noise_or_an_ephemeral_ledger_paid_for_cannot_be_sealed() -> None:
    answer = curator(CODES, Listening()).measure(Question(AttributeSet.of(["a"]), Fraction(1)))
    assert answer.receipt.sealable is False


class Silent(RoundedGaussian):
    """Every method of the real noise but the one that draws."""

    def draw(self, sigma: Fraction, size: int) -> npt.NDArray[np.int64]:
        return np.zeros(size, dtype=np.int64)


class SilentDiscrete(DiscreteGaussian):
    """The same of the other real noise."""

    def draw(self, sigma: Fraction, size: int) -> npt.NDArray[np.int64]:
        return np.zeros(size, dtype=np.int64)


@pytest.mark.parametrize(
    ("noise", "sealable"),
    [
        (RoundedGaussian(), True),
        (DiscreteGaussian(), True),
        (Silent(), False),
        (SilentDiscrete(), False),
        (Listening(), False),
    ],
    ids=lambda each: type(each).__name__,
)
def test_only_noise_of_the_very_types_can_be_sealed_even_where_a_ledger_file_pays(
    noise: NoiseSource, sealable: bool, tmp_path: Path
) -> None:
    """What calls itself one of them, inherits from one or imitates one may draw whatever it likes."""
    ledger = Ledger.create(tmp_path / "budget.db")
    account = "zcdp" if noise.mechanism == DISCRETE_GAUSSIAN else "gdp"
    ledger.open_scope("ephemeral", epsilon=Fraction(2), delta=Fraction("1e-6"), accountant=account)
    glass = curator(CODES, noise, ledger=ledger, account=account)
    answer = glass.measure(Question(AttributeSet.of(["a"]), Fraction(1, 2)))
    assert answer.receipt.sealable is sealable
    assert glass.distances(asked(1, Fraction(1, 2))).receipt.sealable is sealable


@pytest.mark.parametrize("share", [Fraction(0), Fraction(-1), Fraction(3, 2)])
def test_a_share_outside_the_budget_is_no_question(share: Fraction) -> None:
    with pytest.raises(GlassError, match="FG-GL-005"):
        Question(AttributeSet.of(["a"]), share)


def test_a_curator_answers_in_its_own_process_alone() -> None:
    """After a fork both would hand out the same shares."""
    glass = curator(CODES, Listening())
    child = os.fork()
    if child == 0:
        try:
            glass.measure(Question(AttributeSet.of(["a"]), Fraction(1)))
        except GlassError as error:
            os._exit(7 if error.code == "FG-GL-014" else 1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_curator_cannot_be_copied() -> None:
    with pytest.raises(TypeError, match="cannot be copied"):
        copy.copy(curator(CODES, Listening()))


def test_a_table_that_was_bounded_for_another_unit_is_refused() -> None:
    """A table with three rows a person, charged as one row a person, would be three times too cheap."""
    glass = curator(CODES, Listening())
    table = Sensitive(CodedTable.of(DOMAIN, CODES, max_records=3), "coded table")
    ledger = Ledger.ephemeral(epsilon=Fraction(1), delta=Fraction("1e-6"))
    with pytest.raises(GlassError, match="FG-GL-012"):
        Curator(table, DOMAIN, PrivacyUnit("person"), ledger=ledger, reservation=glass._reservation, noise=Listening())


def test_noise_of_another_mechanism_than_was_paid_for_is_refused() -> None:
    glass = curator(CODES, Listening())
    ledger = Ledger.ephemeral(epsilon=Fraction(1), delta=Fraction("1e-6"))
    with pytest.raises(GlassError, match="FG-GL-013"):
        Curator(
            glass._table,
            DOMAIN,
            PrivacyUnit("person"),
            ledger=ledger,
            reservation=glass._reservation,
            noise=DiscreteGaussian(),
        )


def test_no_source_of_noise_can_call_itself_sealable() -> None:
    class Sure(Listening):
        sealable = True

    answer = curator(CODES, Sure()).measure(Question(AttributeSet.of(["a"]), Fraction(1)))
    assert answer.receipt.sealable is False


CANDIDATES = tuple(AttributeSet.of(names) for names in (["a", "b"], ["b", "c"], ["a", "b", "c"]))


def model(rows: int) -> SyntheticRecords:
    return SyntheticRecords(DOMAIN, np.tile(CODES[1:2], (rows, 1)), ())


def asked(rows: int, share: Fraction, candidates: tuple[AttributeSet, ...] = CANDIDATES) -> DistanceQuestion:
    return DistanceQuestion(candidates, model(rows), np.ones(rows, dtype=np.int64), share)


def slow_distance(codes: npt.NDArray[np.uint16], others: npt.NDArray[np.uint16], attributes: AttributeSet) -> int:
    """Cell by cell: how many rows of one hold it and how many of the other."""
    axes = DOMAIN.axes(attributes)
    total = 0
    for cell in np.ndindex(*DOMAIN.shape(attributes)):
        mine, theirs = (sum(tuple(row[list(axes)]) == cell for row in rows) for rows in (codes, others))
        total += abs(mine - theirs)
    return total


@settings(max_examples=12, deadline=None)
@given(rows=st.integers(0, 6), extra=st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 3)))
def test_one_person_more_moves_every_distance_by_at_most_one(rows: int, extra: tuple[int, int, int]) -> None:
    """The declared sensitivity of each, measured; the distances are those of a loop over all cells."""
    base = np.tile(CODES, (2, 1))[:rows]
    more = np.concatenate([base, np.array([extra], dtype=np.uint16)])
    weights = np.array([1, 2], dtype=np.int64)
    question = DistanceQuestion(CANDIDATES, model(2), weights, Fraction(1, 3))
    heard = (Listening(), Listening())
    found = [curator(codes, noise).distances(question).answer for codes, noise in zip((base, more), heard, strict=True)]
    assert found[0].tolist() == [slow_distance(base, model(3).codes, each) for each in CANDIDATES]
    assert np.abs(found[1] - found[0]).max() <= 1
    assert heard[0].asked == heard[1].asked


def test_distances_get_the_noise_of_all_candidates_together() -> None:
    """K distances move by m each, so their square is m**2 K; never less noise than that costs."""
    for max_records in (1, 3):
        noise = Listening()
        glass = curator(CODES, noise, max_records=max_records)
        receipt = glass.distances(asked(2, Fraction(1, 7))).receipt
        assert noise.asked == [(receipt.sigma, len(CANDIDATES))]
        squared = max_records**2 * len(CANDIDATES)
        assert squared / (2 * receipt.sigma**2) <= receipt.rho
        assert squared / (2 * (receipt.sigma - Fraction(1, 2**16)) ** 2) > receipt.rho
        assert (receipt.attributes, receipt.number) == (WHOLE, 1)


def test_distances_are_paid_out_of_the_same_reservation() -> None:
    glass = curator(CODES, Listening())
    glass.distances(asked(2, Fraction(2, 3)))
    with pytest.raises(GlassError, match="FG-GL-008"):
        glass.measure(Question(AttributeSet.of(["a"]), Fraction(1, 2)))
    with pytest.raises(GlassError, match="FG-GL-008"):
        glass.distances(asked(2, Fraction(1, 2)))


def test_distances_from_a_model_of_another_domain_are_refused_and_cost_nothing() -> None:
    noise = Listening()
    glass = curator(CODES, noise)
    other = SyntheticRecords(Domain(DOMAIN.attributes[:2]), CODES[:, :2].copy(), ())
    with pytest.raises(GlassError, match="FG-GL-015"):
        glass.distances(DistanceQuestion(CANDIDATES, other, np.ones(len(other), dtype=np.int64), Fraction(1)))
    with pytest.raises(GlassError, match="FG-GL-007"):
        glass.distances(asked(1, Fraction(1), (AttributeSet.of(["name"]),)))
    assert noise.asked == []
    glass.distances(asked(1, Fraction(1)))


class Erring(Listening):
    """A table error of ten units for each draw."""

    def table_error(self, sigma: Fraction) -> int:
        return 10


@pytest.mark.parametrize("missing", [0, 1])
def test_the_samplers_share_of_delta_is_used_up_to_the_last_unit_and_never_beyond(missing: int) -> None:
    """Three draws for a table and three for the distances cost 60 units; whoever has 59 gets the first alone."""
    noise = Erring()
    glass = curator(CODES, noise, sampler_units=60 - missing)
    glass.measure(Question(AttributeSet.of(["a"]), Fraction(1, 4)))
    question = asked(1, Fraction(1, 4))
    if missing:
        with pytest.raises(GlassError, match="FG-GL-009"):
            glass.distances(question)
        assert [size for _, size in noise.asked] == [3]
        return
    glass.distances(question)
    with pytest.raises(GlassError, match="FG-GL-009"):
        glass.measure(Question(AttributeSet.of(["b"]), Fraction(1, 4)))
    assert [size for _, size in noise.asked] == [3, 3]


def test_a_model_without_a_whole_weight_for_each_record_is_no_question() -> None:
    for weights in (np.ones(1, dtype=np.int64), np.ones(2)):
        with pytest.raises(GlassError, match="FG-GL-017"):
            DistanceQuestion(CANDIDATES, model(2), weights, Fraction(1))  # type: ignore[arg-type]
