"""The fit: its compiled loops do exactly what their slow twins do; its records keep the rules and meet the tables."""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from frostglass.counting.tally import tally
from frostglass.errors import CodebookError
from frostglass.released.least_squares import estimate
from frostglass.released.measurement import Measurement
from frostglass.released.synthetic import Repeated, SyntheticRecords
from frostglass.synthesis import kernels
from frostglass.synthesis.kernels import first_of_shuffle, next_word, shuffle
from frostglass.synthesis.layout import Layout, lay_out
from frostglass.synthesis.measure_and_fit import MOST_FITTED, MeasureAndFit, _repeated
from frostglass.synthesis.record_fit import Effort, independent_columns, mean_tables, satisfiable
from frostglass.synthesis.rules import Rules, compile_rules
from frostglass.synthesis.sweeps import EXPONENTIAL, Aim, count_cells, sweep, visit
from frostglass.synthesis.temperature import TEMPERATURES, choose_temperature
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.constraint import Clause, Literal
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import Attribute, Domain
from frostglass.terms.plan import Fit

Codes = npt.NDArray[np.uint16]
Slopes = npt.NDArray[np.float32]


def domain_of(*sizes: int) -> Domain:
    """Attributes a, b, … of so many values, missing included."""
    return Domain(
        tuple(Attribute(chr(97 + place), tuple(map(str, range(1, size)))) for place, size in enumerate(sizes))
    )


DOMAIN = domain_of(3, 2, 4)
RULES = (
    Clause((Literal(0, frozenset({1, 2})),), "a is never missing"),
    Clause((Literal(0, frozenset({0, 1})), Literal(1, frozenset({1}))), "a=2 implies b=1"),
    Clause((Literal(1, frozenset({1})), Literal(2, frozenset({1, 2, 3}))), "b or c is there"),
)


def random_codes(domain: Domain, records: int, seed: int) -> Codes:
    generator = np.random.default_rng(seed)
    return np.stack([generator.integers(0, size, records) for size in domain.sizes], axis=1).astype(np.uint16)


def measurements(seed: int, domain: Domain = DOMAIN, records: int = 60, noise: float = 2.0) -> list[Measurement]:
    generator = np.random.default_rng(seed)
    codes = random_codes(domain, records, seed)
    out = []
    for order in range(1, min(3, len(domain)) + 1):
        for each in domain.sets_of_length(order):
            exact = tally(codes, domain.axes(each), domain.shape(each))
            answer = exact + np.rint(generator.normal(0, noise, exact.shape)).astype(np.int64)
            sigma = Fraction(order + 1, 2)
            receipt = Receipt("", "", "", 1, "", 1, each, "", sigma, 1, Fraction(1), sealable=False)
            out.append(Measurement(each, answer, float(sigma), receipt))
    return out


def fitted(
    given: list[Measurement],
    *,
    clauses: tuple[Clause, ...] = (),
    total: int | None = None,
    seed: int = 1,
    fit: Fit = "default",
    domain: Domain = DOMAIN,
) -> Codes:
    return (
        MeasureAndFit()
        .fit(
            domain, given, estimate(domain, given), clauses=clauses, total=total, seed=seed, fit=fit, progress=_nothing
        )
        .codes
    )


def _nothing(_stage: str) -> None:
    pass


def holds(codes: Codes, clauses: tuple[Clause, ...]) -> npt.NDArray[np.bool_]:
    """Whether each record keeps to every clause, one record and one literal at a time."""
    return np.array(
        [
            all(any(int(row[lit.place]) in lit.positions for lit in clause.literals) for clause in clauses)
            for row in codes
        ],
        dtype=np.bool_,
    )


LAYOUTS = {
    "up to three of small attributes": (domain_of(3, 2, 4), (1, 2, 3)),
    "up to four": (domain_of(2, 3, 2, 5), (1, 2, 3, 4)),
    "wide attributes": (domain_of(30, 2, 14), (1, 2, 3)),
    "pairs alone": (domain_of(4, 3), (1, 2)),
    "singles alone": (domain_of(6, 2), (1,)),
}


def layout_of(name: str) -> Layout:
    domain, orders = LAYOUTS[name]
    return lay_out(domain, [each for order in orders for each in domain.sets_of_length(order)])


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_flat_vector_holds_every_table(name: str) -> None:
    """Counting in the layout and laying out what is counted table by table is the same."""
    layout = layout_of(name)
    domain = layout.domain
    codes = random_codes(domain, 50, seed=3)
    tables = [tally(codes, domain.axes(each), domain.shape(each)).astype(np.float64) for each in layout.sets]
    assert (count_cells(layout, codes) == layout.flatten(tables)).all()


def random_aim(layout: Layout, seed: int, records: int) -> Aim:
    generator = np.random.default_rng(seed)
    return Aim(
        layout,
        target=generator.integers(0, records, layout.cells).astype(np.float64),
        weight=np.exp2(generator.integers(-6, 0, len(layout.sets))),
        base=generator.integers(-64, 64, layout.cells) / 1024,
    )


def cell_of(layout: Layout, number: int, record: list[int]) -> int:
    """The record's cell of a table, from the axes alone."""
    axes = [int(axis) for axis in layout.axes[number] if axis >= 0]
    shape = [layout.domain.sizes[axis] for axis in axes]
    return int(layout.start[number]) + int(np.ravel_multi_index([record[axis] for axis in axes], shape))


def slow_visit(
    codes: Codes,
    order: list[int],
    slopes: Slopes,
    aim: Aim,
    clauses: tuple[Clause, ...],
    temperature: float,
    state: npt.NDArray[np.uint64],
) -> None:
    """One pass in plain Python: for every value that is tried, the slopes of all its tables, one after another."""
    layout, up = aim.layout, (2 * aim.weight).astype(np.float32)
    for block in range(0, len(order), kernels.BLOCK):
        for place, size in enumerate(layout.domain.sizes):
            tables = [t for t in range(len(layout.sets)) if place in layout.axes[t]]
            for number in order[block : block + kernels.BLOCK]:
                record = [int(value) for value in codes[number]]
                now = record[place]
                energy = []
                for value in range(size):
                    tried = [*record[:place], value, *record[place + 1 :]]
                    total = np.float32(0)
                    for t in tables:
                        total += slopes[cell_of(layout, t, tried)]
                    if value == now:
                        total -= np.float32(sum(float(up[t]) for t in tables))
                    if not holds(np.array([tried], dtype=np.uint16), clauses)[0]:
                        total = np.float32(math.inf)
                    energy.append(total)
                new = slow_draw(energy, now, temperature, state)
                for t in tables:
                    slopes[cell_of(layout, t, record)] -= up[t] if new != now else 0
                    slopes[cell_of(layout, t, [*record[:place], new, *record[place + 1 :]])] += (
                        up[t] if new != now else 0
                    )
                codes[number, place] = new


def slow_draw(energy: list[np.float32], now: int, temperature: float, state: npt.NDArray[np.uint64]) -> int:
    best = int(np.argmin(energy))
    if temperature == 0:
        return best if energy[best] < energy[now] else now
    coldness = np.float32(kernels.STEPS / temperature)
    weights = []
    for each in energy:
        steps = (each - energy[best]) * coldness
        weights.append(EXPONENTIAL[int(steps)] if steps < len(EXPONENTIAL) else np.float32(0))
    total = np.float32(0)
    for weight in weights:
        total += weight
    mark = np.float32(int(next_word(state)) >> 40) * np.float32(2.0**-24) * total
    for value, weight in enumerate(weights):
        mark -= weight
        if mark < 0:
            return value
    return best


@pytest.mark.parametrize("temperature", [0.0, 0.3])
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_compiled_pass_is_its_slow_twin(name: str, temperature: float) -> None:
    """Same records and order of visits: the same records and the same slopes, to the last bit."""
    layout = layout_of(name)
    for seed in range(2):
        aim, rules = random_aim(layout, seed, 40), compile_rules(layout.domain, ())
        fast = random_codes(layout.domain, 40, seed)
        slow, slopes = fast.copy(), aim.slopes(count_cells(layout, fast))
        state, slow_state = (np.array([seed], dtype=np.uint64) for _ in range(2))
        found = sweep(fast, aim, rules, temperature=temperature, state=state)
        order = np.arange(40)
        shuffle(order, slow_state)
        slow_visit(slow, order.tolist(), slopes, aim, (), temperature, slow_state)
        assert (fast == slow).all()
        assert (found == slopes).all()
        assert state == slow_state


def test_a_compiled_pass_within_rules_is_its_slow_twin() -> None:
    layout, rules = layout_of("up to three of small attributes"), compile_rules(DOMAIN, RULES)
    codes = random_codes(DOMAIN, 400, 5)
    fast = codes[holds(codes, RULES)]
    aim = random_aim(layout, 1, 40)
    slow, slopes = fast.copy(), aim.slopes(count_cells(layout, fast))
    state, slow_state = (np.array([8], dtype=np.uint64) for _ in range(2))
    sweep(fast, aim, rules, temperature=0.2, state=state)
    order = np.arange(len(slow))
    shuffle(order, slow_state)
    slow_visit(slow, order.tolist(), slopes, aim, RULES, 0.2, slow_state)
    assert (fast == slow).all()
    assert holds(fast, RULES).all()


def test_a_pass_over_some_of_the_records_leaves_the_others() -> None:
    """It knows the counts of all of them, and visits as many as it is told."""
    layout = layout_of("up to three of small attributes")
    aim, rules = random_aim(layout, 2, 40), compile_rules(DOMAIN, ())
    before = random_codes(DOMAIN, 200, 2)
    order = np.random.default_rng(3).permutation(200)[:30]
    codes, own, counts = before.copy(), before[order], count_cells(layout, before)
    state = np.array([3], dtype=np.uint64)
    visit(codes, order, aim, rules, temperature=0, state=state, counts=counts)
    assert 0 < (codes != before).any(axis=1).sum() <= 30
    visit(own, np.arange(30), aim, rules, temperature=0, state=state, counts=counts)
    assert (codes[order] == own).all(), "the others need not be there"


@pytest.mark.parametrize("wanted", [1, 2, 7, 40, 300])
def test_the_first_of_a_shuffle_are_had_without_shuffling(wanted: int) -> None:
    """The same ones in the same order, and what is drawn next is the same."""
    for length in (*range(wanted, wanted + 5), 3 * wanted, 2_000):
        order, state, told = np.arange(length), *(np.array([length], dtype=np.uint64) for _ in range(2))
        shuffle(order, state)
        assert first_of_shuffle(length, wanted, told).tolist() == order[:wanted].tolist()
        assert state == told


def test_a_pass_at_a_temperature_draws_from_the_stated_distribution() -> None:
    """One record, one attribute and only a base measure: value v with probability proportional to exp(-base / T).

    20,000 draws in four chi-square cells; the seed is fixed.
    """
    domain = domain_of(4)
    layout = lay_out(domain, [AttributeSet.of(["a"])])
    base = np.array([0.0, 0.1, 0.25, 0.6])
    aim = Aim(layout, target=np.zeros(4), weight=np.zeros(1), base=base)
    state = np.array([1], dtype=np.uint64)
    codes = np.zeros((20_000, 1), dtype=np.uint16)
    sweep(codes, aim, compile_rules(domain, ()), temperature=0.2, state=state)
    expected = np.exp(-base / 0.2) / np.exp(-base / 0.2).sum() * 20_000
    found = np.bincount(codes[:, 0], minlength=4)
    assert ((found - expected) ** 2 / expected).sum() < 30


def test_fitted_records_keep_every_rule_and_their_number() -> None:
    for fit in ("fast", "default", "long"):
        given = measurements(3)
        codes = fitted(given, clauses=RULES, seed=9, fit=fit)
        assert holds(codes, RULES).all()
        assert len(codes) == round(estimate(DOMAIN, given).total)


@pytest.mark.parametrize("fit", ["fast", "default", "long"])
def test_without_noise_the_records_reproduce_every_table(fit: Fit) -> None:
    """The targets can be met exactly, and the fit comes within 4% of the records of doing so."""
    given = measurements(4, records=400, noise=0.0)
    codes = fitted(given, fit=fit)
    for each in given:
        counted = tally(codes, DOMAIN.axes(each.attributes), DOMAIN.shape(each.attributes))
        assert np.abs(counted - each.answer).sum() <= 0.04 * 2 * 400


def test_the_fit_removes_noise() -> None:
    """Its tables are nearer to the exact ones than the answers that it was fitted to; the seeds are fixed."""
    domain = domain_of(4, 3, 5, 2, 3)
    exact = measurements(7, domain, records=3_000, noise=0.0)
    generator = np.random.default_rng(0)
    noisy = [
        replace(
            each,
            answer=each.answer + np.rint(generator.normal(0, 12, each.answer.shape)).astype(np.int64),
            sd=12.0,
        )
        for each in exact
    ]
    codes = fitted(noisy, domain=domain)
    errors = [0.0, 0.0]
    for true, answer in zip(exact, noisy, strict=True):
        if len(true.attributes) == 3:
            table = tally(codes, domain.axes(true.attributes), domain.shape(true.attributes))
            errors[0] += float(np.abs(table - true.answer).sum())
            errors[1] += float(np.abs(np.maximum(answer.answer, 0) - true.answer).sum())
    assert errors[0] < 0.6 * errors[1]


def test_the_same_seed_gives_the_same_records_and_another_seed_others() -> None:
    fits = [fitted(measurements(3), seed=seed) for seed in (1, 1, 2)]
    assert (fits[0] == fits[1]).all()
    assert fits[0].shape == fits[2].shape
    assert (fits[0] != fits[2]).any()


@pytest.mark.parametrize("total", [0, 1, 30, 600])
def test_any_number_of_records_can_be_asked_for(total: int) -> None:
    """The targets are scaled with it: shares stay as they were measured."""
    given = measurements(4, records=300, noise=0.0)
    codes = fitted(given, total=total)
    assert len(codes) == total
    if total == 600:
        shares = tally(codes, (0,), (3,)) / 600
        assert shares == pytest.approx(given[0].answer / 300, abs=0.02)


def test_a_large_table_is_fitted_in_part_and_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last pass over all of them brings what repeating left over."""
    monkeypatch.setattr("frostglass.synthesis.measure_and_fit.MOST_FITTED", 500)
    given = measurements(4, records=3_000, noise=0.0)
    codes = fitted(given)
    assert len(codes) == 3_000
    for each in given:
        counted = tally(codes, DOMAIN.axes(each.attributes), DOMAIN.shape(each.attributes))
        assert np.abs(counted - each.answer).sum() <= 0.08 * 2 * 3_000
    assert MOST_FITTED > 21_195


def test_the_last_pass_over_repeated_records_is_that_over_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all were written down, shuffled, and the first of them visited."""
    monkeypatch.setattr("frostglass.synthesis.measure_and_fit.MOST_POLISHED", 30)
    layout, codes = layout_of("up to three of small attributes"), random_codes(DOMAIN, 50, 2)
    aim, rules = random_aim(layout, 2, 500), compile_rules(DOMAIN, ())
    whole, order, state = codes[np.arange(530) % 50], np.arange(530), np.array([9], dtype=np.uint64)
    shuffle(order, state)
    visit(whole, order[:30], aim, rules, temperature=0, state=state, counts=count_cells(layout, whole))
    repeated = _repeated(codes, 530, aim, rules, np.array([9], dtype=np.uint64))
    records = SyntheticRecords(DOMAIN, codes, (), repeated)
    assert (records.codes == whole).all()
    assert (whole != codes[np.arange(530) % 50]).any()


def test_memory_for_repeated_records_does_not_grow_with_them() -> None:
    """A thousand million of them, whole and counted."""
    codes = random_codes(DOMAIN, 50, 2)
    tracemalloc.start()
    own = codes[:3] * 0
    records = SyntheticRecords(DOMAIN, codes, (), Repeated(10**9, np.array([0, 7, 10**9 - 1]), own))
    assert (len(records), records.rows.records) == (10**9, 10**9)
    first_of_shuffle(10**6, 100, np.array([9], dtype=np.uint64))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
    assert records.part(10**9 - 2, 10**9).tolist() == [codes[(10**9 - 2) % 50].tolist(), own[0].tolist()]


def test_an_estimate_below_one_record_gives_none() -> None:
    assert len(fitted(measurements(0, records=0, noise=0.0), clauses=RULES)) == 0


def test_records_start_as_independent_columns() -> None:
    """Every value as often as its share, halves of a record at least, in another order in each column."""
    codes = independent_columns(
        [np.array([30.0, 70.0]), np.array([-5.0, 9.5, 90.0])], 1_000, np.array([4], dtype=np.uint64)
    )
    assert np.bincount(codes[:, 0]).tolist() == [300, 700]
    assert np.bincount(codes[:, 1]).tolist() == [5, 95, 900]
    assert abs(np.corrcoef(codes[:, 0], codes[:, 1])[0, 1]) < 0.1


def test_two_chains_are_the_mean_of_each() -> None:
    """Both start from the same records, and the first is the one that is kept."""
    layout = layout_of("up to three of small attributes")
    aim, rules = random_aim(layout, 2, 40), compile_rules(DOMAIN, ())
    codes = random_codes(DOMAIN, 60, 1)
    chains, state = [codes.copy(), codes.copy()], np.array([5], dtype=np.uint64)
    states = [np.array([next_word(state)], dtype=np.uint64) for _ in chains]
    total = np.zeros(layout.cells)
    for chain, own in zip(chains, states, strict=True):
        for passed in range(3):
            sweep(chain, aim, rules, temperature=0.4, state=own)
            total += count_cells(layout, chain) if passed >= 1 else 0
    effort = Effort(pairs=1, settling=1, kept=2, polishing=0)
    found = mean_tables(codes, aim, rules, effort, temperature=0.4, state=np.array([5], dtype=np.uint64))
    assert found == pytest.approx(total / 4)
    assert (codes == chains[0]).all()


def test_the_temperature_follows_the_noise() -> None:
    """Fission prefers a colder fit where the tables are nearly exact, and a hotter one where they are mostly noise."""
    chosen = []
    for noise in (0.5, 60.0):
        domain = domain_of(8, 7, 9, 6)
        given = [replace(each, sd=noise) for each in measurements(7, domain, records=3_000, noise=noise)]
        seen: list[float] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "frostglass.synthesis.measure_and_fit.choose_temperature",
                lambda *args, seen=seen, **words: seen.append(choose_temperature(*args, **words)) or seen[-1],
            )
            fitted(given, domain=domain, fit="long")
        chosen += seen
    assert chosen[0] < chosen[1]
    assert set(chosen) <= set(TEMPERATURES)


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


def test_attribute_sets_do_not_care_for_order_and_domain_axes_do_not_either() -> None:
    assert AttributeSet.of(["c", "a"]) == AttributeSet.of(["a", "c"])
    assert DOMAIN.axes(AttributeSet.of(["c", "a"])) == (0, 2)
    with pytest.raises(ValueError, match="twice"):
        AttributeSet.of(["a", "a"])


def test_cells_of_length_is_the_sum_over_all_sets() -> None:
    for length in (1, 2, 3):
        assert DOMAIN.cells_of_length(length) == sum(DOMAIN.cells(each) for each in DOMAIN.sets_of_length(length))
