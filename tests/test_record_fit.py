"""The fit: exactly what its slow twin does, always within the rules, and close to its targets."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from frostglass.arrays.counting import tally
from frostglass.errors import CodebookError
from frostglass.released.measurement import Measurement
from frostglass.synthesis import record_fit
from frostglass.synthesis.all_tables import AllTables
from frostglass.synthesis.kernels import next_word, shuffle
from frostglass.synthesis.layout import lay_out
from frostglass.synthesis.record_fit import SWEEPS, distance, fit_records, satisfiable
from frostglass.synthesis.rules import Rules, compile_rules
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.constraint import Clause, Literal
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import Attribute, Domain

DOMAIN = Domain((Attribute("a", ("1", "2")), Attribute("b", ("1",)), Attribute("c", ("1", "2", "3"))))
RULES = (
    Clause((Literal(0, frozenset({1, 2})),), "a is never missing"),
    Clause((Literal(0, frozenset({0, 1})), Literal(1, frozenset({1}))), "a=2 implies b=1"),
    Clause((Literal(1, frozenset({1})), Literal(2, frozenset({1, 2, 3}))), "b or c is there"),
)


def measurements(seed: int, domain: Domain = DOMAIN, records: int = 60, noise: float = 2.0) -> list[Measurement]:
    generator = np.random.default_rng(seed)
    codes = np.stack([generator.integers(0, size, records) for size in domain.sizes], axis=1).astype(np.uint16)
    out = []
    for order in (1, 2, 3):
        for each in domain.sets_of_length(order):
            exact = tally(codes, domain.axes(each), domain.shape(each))
            answer = exact + np.rint(generator.normal(0, noise, exact.shape)).astype(np.int64)
            sigma = Fraction(order + 1, 2)
            receipt = Receipt("", "", "", 1, "", 1, each, "", sigma, 1, Fraction(1), sealable=False)
            out.append(Measurement(each, answer, float(sigma), receipt))
    return out


def holds(codes: npt.NDArray[np.uint16], clauses: tuple[Clause, ...]) -> npt.NDArray[np.bool_]:
    """Whether each record keeps to every clause, one record and one literal at a time."""
    return np.array(
        [
            all(any(int(row[lit.place]) in lit.positions for lit in clause.literals) for clause in clauses)
            for row in codes
        ],
        dtype=np.bool_,
    )


def slow_sweep(
    codes: npt.NDArray[np.uint16], given: list[Measurement], clauses: tuple[Clause, ...], order: list[int]
) -> None:
    """The same pass in plain Python: recount everything for every value that is tried."""
    layout = lay_out(DOMAIN, given, Fraction(1))
    for number in order:
        for place, size in enumerate(DOMAIN.sizes):
            now = int(codes[number, place])
            tries = []
            for value in range(size):
                codes[number, place] = value
                if value == now or holds(codes[number : number + 1], clauses).all():
                    tries.append((distance(layout, codes), value != now, value))
            codes[number, place] = min(tries)[2]


@pytest.mark.parametrize("clauses", [(), RULES])
def test_the_compiled_fit_is_its_slow_twin(clauses: tuple[Clause, ...]) -> None:
    """Same starting records, same order of visits: the same records, for three random problems."""
    for seed in range(3):
        given = measurements(seed, records=25)
        layout, rules = lay_out(DOMAIN, given, Fraction(1)), compile_rules(DOMAIN, clauses)
        margins = [np.full(size, 3, dtype=np.int64) for size in DOMAIN.sizes]
        state = np.array([seed], dtype=np.uint64)
        slow = record_fit._start(margins, 25, state)
        record_fit.repair(slow, margins, rules, state)
        for _ in range(SWEEPS):
            order = np.arange(25)
            shuffle(order, state)
            slow_sweep(slow, given, clauses, order.tolist())
        fast = fit_records(layout, rules, margins, total=25, seed=seed, progress=lambda _: None)
        assert (fast == slow).all()


def test_fitted_records_keep_every_rule_and_their_number() -> None:
    records = AllTables().fit(DOMAIN, measurements(3), clauses=RULES, total=None, seed=9, progress=lambda _: None)
    assert holds(records.codes, RULES).all()
    assert len(records) == round(AllTables().estimate(DOMAIN, measurements(3)).total)


def test_without_noise_the_records_reproduce_every_table() -> None:
    """The targets can be met exactly, and the greedy fit comes within 4% of the records of doing so."""
    given = measurements(4, records=400, noise=0.0)
    records = AllTables().fit(DOMAIN, given, clauses=(), total=None, seed=1, progress=lambda _: None)
    for each in given:
        counted = tally(records.codes, DOMAIN.axes(each.attributes), DOMAIN.shape(each.attributes))
        assert np.abs(counted - each.answer).sum() <= 0.04 * 2 * 400


def test_the_same_seed_gives_the_same_records_and_another_seed_others() -> None:
    fits = [
        AllTables().fit(DOMAIN, measurements(3), clauses=(), total=None, seed=seed, progress=lambda _: None).codes
        for seed in (1, 1, 2)
    ]
    assert (fits[0] == fits[1]).all()
    assert (fits[0] != fits[2]).any()


@pytest.mark.parametrize("total", [0, 1, 30, 600])
def test_any_number_of_records_can_be_asked_for(total: int) -> None:
    """The targets are scaled with it: shares stay as they were measured."""
    given = measurements(4, records=300, noise=0.0)
    records = AllTables().fit(DOMAIN, given, clauses=(), total=total, seed=1, progress=lambda _: None)
    assert len(records) == total
    if total == 600:
        shares = tally(records.codes, (0,), (3,)) / 600
        assert shares == pytest.approx(given[0].answer / 300, abs=0.02)


def test_an_estimate_below_one_record_gives_none() -> None:
    given = measurements(0, records=0, noise=0.0)
    records = AllTables().fit(DOMAIN, given, clauses=RULES, total=None, seed=1, progress=lambda _: None)
    assert len(records) == 0


def test_rules_that_exclude_each_other_are_named_before_anything_is_read() -> None:
    never = (Clause((Literal(1, frozenset({0})),), "b is missing"), Clause((Literal(1, frozenset({1})),), "b is 1"))
    with pytest.raises(CodebookError, match="FG-CB-090"):
        satisfiable(DOMAIN, compile_rules(DOMAIN, never))
    satisfiable(DOMAIN, compile_rules(DOMAIN, RULES))


def test_compiled_rules_say_what_the_clauses_say() -> None:
    rules: Rules = compile_rules(DOMAIN, RULES)
    assert rules.start.tolist() == [0, 1, 3, 5]
    assert rules.truth[1].tolist() == [True, True, False, False]
    assert [rules.uses[rules.used[place] : rules.used[place + 1]].tolist() for place in range(3)] == [
        [0, 1],
        [1, 2],
        [2],
    ]


def test_the_generator_is_splitmix64() -> None:
    """First words for seed 1234567, from the reference implementation (Vigna, splitmix64.c)."""
    state = np.array([1234567], dtype=np.uint64)
    assert [int(next_word(state)) for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_weights_are_whole_and_follow_the_noise() -> None:
    layout = lay_out(DOMAIN, measurements(0), Fraction(1))
    first, last = int(layout.weight[0]), int(layout.weight[-1])
    assert first == 2**12
    assert last == round(2**12 * (Fraction(1) / Fraction(2)) ** 2)


def test_scaled_targets_are_rounded_to_the_nearest_record() -> None:
    given = measurements(0)
    for scale in (Fraction(1, 3), Fraction(7, 2)):
        expected = [
            math.floor(Fraction(int(value)) * scale + Fraction(1, 2)) for each in given for value in each.answer.ravel()
        ]
        assert lay_out(DOMAIN, given, scale).target.tolist() == expected


def test_tally_counts_what_a_loop_counts() -> None:
    codes = np.random.default_rng(2).integers(0, 2, (50, 3)).astype(np.uint16)
    table = tally(codes, (0, 2), (3, 4))
    for i in range(3):
        for j in range(4):
            assert table[i, j] == sum(1 for row in codes if row[0] == i and row[2] == j)


def test_attribute_sets_do_not_care_for_order_and_domain_axes_do_not_either() -> None:
    assert AttributeSet.of(["c", "a"]) == AttributeSet.of(["a", "c"])
    assert DOMAIN.axes(AttributeSet.of(["c", "a"])) == (0, 2)
    with pytest.raises(ValueError, match="twice"):
        AttributeSet.of(["a", "a"])


def test_cells_of_length_is_the_sum_over_all_sets() -> None:
    for length in (1, 2, 3):
        assert DOMAIN.cells_of_length(length) == sum(DOMAIN.cells(each) for each in DOMAIN.sets_of_length(length))
