"""The attacks: each does what it says, finds what can be found, and finds nothing where there is nothing."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from frostglass.bundle.format.manifest import promise
from frostglass.bundle.pages.statement import best_guess
from frostglass.bundle.seal import manifest_of
from frostglass.counting.weighted_rows import reduce_rows
from frostglass.review.attacks import outsiders
from frostglass.review.attacks.attacking import EFFORTS, attack
from frostglass.review.attacks.crowd import Crowd
from frostglass.review.attacks.limit import Limit, limit
from frostglass.review.attacks.membership import Estimator, Sightings, likelihood_scores, near_scores, sightings
from frostglass.review.attacks.report import AttackReport
from frostglass.review.attacks.rows import _sure_row
from frostglass.review.attacks.shadow import Shadow
from frostglass.review.attacks.share import difference, interval, share
from frostglass.review.attacks.targets import CRAFTED, RANDOM, RAREST, rarity, targets
from frostglass.review.attacks.trials import Effort, Scores, held_out
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.custody import Sensitive
from tests.bundle.support import contents, random_codes, weather
from tests.review.support import SMALL, chance, makers, table

DOMAIN = weather().domain


@pytest.fixture(scope="module")
def report() -> AttackReport:
    return _attack(4)


def _attack(seed: int, *, bare: bool = False, effort: Effort = SMALL) -> AttackReport:
    shadows, control, most = makers(Fraction(1))
    made = control if bare else shadows
    return attack(table(), made, control, limit=most, generator=chance(seed), effort=effort, sensitive=("sky", "rain"))


# The whole


def test_there_is_a_row_for_each_attack_and_each_target(report: AttackReport) -> None:
    rows = [(each.attack, each.target) for each in report.rows]
    assert len(rows) == len(set(rows))
    assert Counter(each.attack for each in report.rows) == {
        "membership, by all counts": 3,
        "membership, by the records": 3,
        "membership, by near matches": 3,
        "attribute": 4,
        "linkability": 1,
        "singling out": 2,
    }


def test_every_attack_succeeds_on_the_control(report: AttackReport) -> None:
    for each in report.rows:
        if each.attack.startswith("membership"):
            assert each.control > (0.7 if each.attack.endswith("near matches") else 0.8)
        if each.attack == "singling out" and each.target == "combinations":
            assert each.control == 1
            assert each.control_baseline < 0.7


def test_no_interval_lies_above_what_the_guarantee_allows(report: AttackReport) -> None:
    """Seeded: the chance of a false alarm was taken once."""
    assert all(each.within is not False for each in report.rows)
    assert {each.attack for each in report.rows if each.within is None} <= {"singling out"}


def test_a_release_without_noise_is_found_to_break_the_guarantee() -> None:
    """The control in the place of the shadows: membership lies far above what epsilon 1 allows."""
    broken = {(each.attack, each.target) for each in _attack(4, bare=True).rows if each.within is False}
    assert len([name for name, _ in broken if name.startswith("membership")]) >= 8


def test_the_same_seed_gives_the_same_report() -> None:
    effort = replace(SMALL, counted=4, fitted=8, tenths=1, halves=1)
    one, same, other = (_attack(seed, effort=effort).as_json() for seed in (4, 4, 5))
    assert one == same
    assert one != other


def test_the_report_is_plain_json_and_says_that_it_is_private(report: AttackReport) -> None:
    text = json.dumps(report.as_json(), allow_nan=False)
    assert json.loads(text)["private"] is True
    assert json.loads(text)["shadows"] == {"counts_alone": 30, "with_records": 16}


def test_a_table_of_few_different_records_is_not_attacked() -> None:
    shadows, control, most = makers(Fraction(1))
    report = attack(table(30), shadows, control, limit=most, generator=chance(), effort=SMALL)
    assert report.rows == ()


def test_progress_is_told_without_figures_of_the_data() -> None:
    said: list[str] = []
    shadows, control, most = makers(Fraction(1))
    effort = replace(SMALL, counted=4, fitted=8, tenths=1, halves=1)
    attack(table(), shadows, control, limit=most, generator=chance(), effort=effort, progress=said.append)
    assert said == ["attacking: shadow release 1 of 14", "attacking: shadow release 11 of 14"]


def test_every_effort_has_enough_shadows_to_learn_from() -> None:
    assert all(each.fitted >= 8 and each.tenths and each.halves for each in EFFORTS.values())


# What the guarantee allows


def test_the_limit_of_a_guess_is_the_best_that_errors_allow() -> None:
    """The largest share of right answers over all tests that the limit allows, on a grid."""
    for each in (Limit(0.9, 4, 1e-6), Limit(None, 1.2, 1e-5)):
        most = max((each.given(alarms) + 1 - alarms) / 2 for alarms in np.linspace(0, 1, 20_001))
        assert most == pytest.approx(each.guess, abs=1e-4)


@pytest.mark.parametrize("mechanism", ["rounded-gaussian", "discrete-gaussian"])
def test_the_limit_is_the_one_of_the_statement(mechanism: str) -> None:
    """Which rounds it up to a tenth of a percent."""
    guarantee = replace(makers(Fraction(4))[0].guarantee, mechanism=mechanism)
    manifest = manifest_of(contents()).model_copy(update={"guarantee": promise(guarantee)})
    assert 0 <= best_guess(manifest) - 100 * limit(guarantee).guess <= 0.1


def test_the_limit_is_concave_and_never_below_chance() -> None:
    grid = np.linspace(0, 1, 1_001)
    for each in (Limit(0.9, 4, 1e-6), Limit(None, 1.2, 1e-5)):
        values = np.array([each.given(x) for x in grid])
        assert (values >= grid - 1e-12).all()
        assert (np.diff(values, 2) <= 1e-9).all()


# Shares


def test_an_interval_is_that_of_clopper_and_pearson() -> None:
    for right, of in ((0, 10), (10, 10), (3, 10), (600, 1_000), (9_999.5, 10_000), (0.4, 3.7)):
        low = stats.beta.ppf(0.025, right, of - right + 1) if right else 0
        high = stats.beta.ppf(0.975, right + 1, of - right) if right < of else 1
        assert interval(right, of) == pytest.approx((low, high), abs=1e-10)


def test_trials_that_go_together_count_once() -> None:
    """20 groups of 50 equal answers are worth little more than 20 trials; independent ones are worth all of them."""
    together = share([50, 0] * 10, [50] * 20)
    alone = share([25] * 20, [50] * 20)
    assert together.value == alone.value == 0.5
    assert together.high - together.low > 0.4
    assert (alone.low, alone.high) == pytest.approx(interval(500, 1_000))


def test_a_share_of_nothing_says_so() -> None:
    nothing = share([], [])
    assert math.isnan(nothing.value)
    assert (nothing.low, nothing.high, nothing.trials) == (0, 1, 0)


def test_the_interval_of_a_difference_covers_what_it_should() -> None:
    """Of all outcomes of two binomials, by their masses: at least 94.5% of the intervals hold the true difference."""
    outcomes = np.arange(31)
    shares = [share(np.arange(30) < seen, np.ones(30)) for seen in outcomes]
    first, second = stats.binom.pmf(outcomes, 30, 0.7), stats.binom.pmf(outcomes, 30, 0.5)
    held = sum(
        first[one] * second[other]
        for one in outcomes
        for other in outcomes
        if difference(shares[one], shares[other])[1] <= 0.2 <= difference(shares[one], shares[other])[2]
    )
    assert 0.945 < held < 0.995


# Who is looked for


def test_targets_are_of_three_kinds_and_nobody_is_one_twice() -> None:
    crowd = Crowd.of(table())
    chosen = targets(crowd, 6, chance())
    assert Counter(chosen.kinds.tolist()) == {RAREST: 6, RANDOM: 6, CRAFTED: 6}
    assert len(np.unique(chosen.codes, axis=0)) == 18
    rejoined = chosen.others.joined(chosen.codes[chosen.kinds != CRAFTED])
    assert (rejoined.rows.codes == crowd.rows.codes).all()
    assert (rejoined.rows.weights == crowd.rows.weights).all()


def test_nobody_has_a_record_that_was_made_up() -> None:
    crowd = Crowd.of(table(150))
    held = {row.tobytes() for row in np.ascontiguousarray(crowd.rows.codes)}
    made = targets(crowd, 10, chance(2))
    codes = np.ascontiguousarray(made.codes[made.kinds == CRAFTED])
    assert len(codes) == 10
    assert not held & {row.tobytes() for row in codes}


def test_the_rarest_are_those_whose_combinations_few_share() -> None:
    """Against counting by hand, combination by combination."""
    crowd = Crowd.of(table(60))
    people = np.repeat(crowd.rows.codes, crowd.rows.weights, axis=0)
    for place, row in enumerate(crowd.rows.codes):
        total = sum(
            1 / (people[:, columns] == row[list(columns)]).all(axis=1).sum()
            for length in (1, 2, 3)
            for columns in map(list, combinations(range(4), length))
        )
        assert rarity(crowd)[place] == pytest.approx(total)


def test_a_crowd_is_parted_and_joined_without_losing_anybody() -> None:
    crowd, generator = Crowd.of(table()), chance(1)
    stay, out = crowd.parted(0.1, generator)
    both = stay.joined(np.repeat(out.rows.codes, out.rows.weights, axis=0))
    assert (both.rows.weights == crowd.rows.weights).all()
    assert 15 <= out.rows.records <= 70
    everybody = reduce_rows(crowd.some(10_000, generator), DOMAIN.sizes)
    assert (everybody.codes == crowd.rows.codes).all()
    assert (everybody.weights == crowd.rows.weights).all()


def test_nothing_of_a_crowd_or_of_targets_is_printed() -> None:
    crowd = Crowd.of(table())
    assert repr(crowd) == "<crowd: withheld>"
    assert repr(targets(crowd, 6, chance())) == "<targets: withheld>"


# Membership


def test_without_noise_the_estimate_tells_every_coin() -> None:
    chosen, control = targets(Crowd.of(table()), 6, chance(3)), makers()[1]
    coins = chance(4).random((10, 18)) < 0.5
    estimator = Estimator(chosen)
    for coin in coins:
        bare = control(chosen.others.joined(chosen.codes[coin]).table(), chance(), fitted=False)
        assert ((estimator.estimate(bare) > 0) == coin).all()


def test_with_noise_the_estimate_comes_near_the_limit_and_not_above() -> None:
    """A single target in 2 x 150 shadows: right as often as the noise allows, within five sd."""
    shadows, _, most = makers(Fraction(4))
    chosen = targets(Crowd.of(table()), 1, chance(5))
    one = replace(
        chosen, codes=chosen.codes[:1], kinds=chosen.kinds[:1], others=chosen.others.joined(chosen.codes[1:2])
    )
    estimator, generator = Estimator(one), chance(6)
    right = sum(
        (estimator.estimate(shadows(people.table(), generator, fitted=False))[0] > 0) == there
        for there, people in ((False, one.others), (True, one.others.joined(one.codes)))
        for _ in range(150)
    )
    assert right / 300 == pytest.approx(most.guess, abs=5 * (0.25 / 300) ** 0.5)
    assert most.guess > 0.65


def test_the_records_tell_what_they_hold_and_no_more() -> None:
    """Sightings of targets that move their own counts by one, and of targets that move nothing."""
    generator = chance(7)
    coins = generator.random((24, 30)) < 0.5
    noise = generator.normal(0, 1, (24, 30, 14))
    orders = np.array([1] * 4 + [2] * 6 + [3] * 4)
    flat = generator.poisson(2.0, (24, 30))
    blind = Sightings(orders, (100 + 3 * noise).round().astype(np.int64), flat, flat)
    seeing = Sightings(orders, (100 + noise / 3).round().astype(np.int64) + coins[..., None], flat + coins, flat)
    assert ((likelihood_scores(seeing, coins) > 0) == coins).mean() > 0.95
    assert ((likelihood_scores(blind, coins) > 0) == coins).mean() == pytest.approx(0.5, abs=0.1)
    assert ((near_scores(seeing, coins) > 0) == coins).mean() == pytest.approx(0.5, abs=0.1)


def test_a_shadow_is_judged_by_the_others_alone() -> None:
    """Few shadows and queries without meaning: whoever learnt from the judged ones too would be right about them."""
    right = []
    for seed in range(40):
        generator = chance(seed)
        coins = generator.random((8, 6)) < 0.5
        seen = Sightings(np.array([1, 2, 3]), *(generator.poisson(5.0, shape) for shape in ((8, 6, 3), (8, 6), (8, 6))))
        right.append(((likelihood_scores(seen, coins) > 0) == coins).mean())
    assert np.mean(right) == pytest.approx(0.5, abs=5 * (0.25 / (40 * 48)) ** 0.5)


def test_sure_guesses_find_what_a_normal_score_allows() -> None:
    """Scores of sd one, moved by mu for those who are in: ``Phi(mu - 2.33)`` of them stand above one percent.

    In 15 rows the interval may miss that in 3 at most (the chance of more is below 0.01 where 5% miss).
    """
    most, missed = Limit(1.0, 4, 1e-6), 0
    for seed in range(15):
        generator = chance(seed)
        coins = generator.random((60, 50)) < 0.5
        scores = Scores(coins, generator.normal(0, 1, (60, 50)) + coins)
        bare = Scores(coins, coins * 2.0 + generator.normal(0, 0.1, (60, 50)))
        (row,) = _sure_row(RANDOM, np.ones(50, dtype=np.bool_), scores, bare, most)
        assert row.bound == pytest.approx(stats.norm.cdf(1 - stats.norm.isf(0.01)), abs=1e-6)
        assert row.control == 1
        missed += not row.low <= (row.bound or 0) <= row.high
    assert missed <= 3


def test_sightings_are_what_the_records_hold() -> None:
    """Against counting by hand."""
    chosen, records = targets(Crowd.of(table()), 3, chance(8)), random_codes(weather(), 200, 9)
    seen = sightings(chosen, [records])
    sets = [each for length in (1, 2, 3) for each in combinations(range(4), length)]
    for place, target in enumerate(chosen.codes):
        agree = records == target
        assert seen.counts[0, place].tolist() == [agree[:, list(each)].all(axis=1).sum() for each in sets]
        assert seen.exact[0, place] == agree.all(axis=1).sum()
        assert seen.near[0, place] == (agree.sum(axis=1) >= 3).sum()


# Attributes, links, singling out


def test_a_value_is_guessed_as_by_hand() -> None:
    records, people = random_codes(weather(), 80, 1), random_codes(weather(), 30, 2)
    rows, columns = reduce_rows(records, DOMAIN.sizes), np.array([0, 2])
    guesses = outsiders.attribute_guesses(DOMAIN, rows, people, columns)
    for person, guessed in zip(people, guesses, strict=True):
        for column, guess in zip(columns, guessed, strict=True):
            others = [place for place in range(4) if place != column]
            agree = (records[:, others] == person[others]).sum(axis=1)
            votes = Counter(records[agree == agree.max(), column].tolist())
            assert votes[int(guess)] == max(votes.values())


def test_two_halves_are_linked_as_by_hand() -> None:
    records, people = np.unique(random_codes(weather(), 40, 3), axis=0), random_codes(weather(), 60, 4)
    half = np.array([True, False, True, False])
    linked = outsiders.links(reduce_rows(records, DOMAIN.sizes), people, half)
    for person, found in zip(people, linked, strict=True):
        near = [(records[:, part] == person[part]).sum(axis=1) for part in (half, ~half)]
        assert found == (((near[0] == near[0].max()) & (near[1] == near[1].max())).sum() == 1)
    assert 0 < linked.mean() < 1


def test_who_is_among_the_records_alone_is_linked_and_guessed() -> None:
    """The attacks succeed where there is everything to find: each of twenty different people has their own record."""
    people = np.stack([np.arange(20) % size for size in (4, 2, 5, 4)], axis=1).astype(np.uint16)
    rows = reduce_rows(people, DOMAIN.sizes)
    assert (outsiders.attribute_guesses(DOMAIN, rows, people, np.array([2]))[:, 0] == people[:, 2]).mean() >= 0.2
    assert outsiders.links(rows, people[:1], np.array([True, True, True, False])).all()


def test_insiders_are_in_the_data_and_outsiders_are_not() -> None:
    """Of different people each is linked by their own record where it is there, and no outsider's is."""
    different = CodedTable.of(DOMAIN, np.unique(random_codes(weather(), 60, 7), axis=0))
    crowd, control, held = Crowd.of(Sensitive(different, "coded table")), makers()[1], []

    def bare(people: Crowd, *, fitted: bool) -> Shadow:
        held.append({row.tobytes() for row in np.ascontiguousarray(people.rows.codes)})
        return control(people.table(), chance(), fitted=fitted)

    inside, outside = held_out(crowd, bare, np.arange(4), replace(SMALL, tenths=6), chance(1))
    assert inside.linked.all()
    assert len(outside.linked) + sum(map(len, held)) == 6 * len(crowd.rows)
    assert not outside.linked.all()


def test_no_records_tell_nothing() -> None:
    nobody = np.zeros((0, 4), dtype=np.uint16)
    rows, people = reduce_rows(nobody, DOMAIN.sizes), random_codes(weather(), 5, 4)
    assert not outsiders.attribute_guesses(DOMAIN, rows, people, np.array([1])).any()
    assert not outsiders.links(rows, people, np.array([True, True, False, False])).any()
    assert outsiders.combination_predicates(DOMAIN, nobody, 5, chance()) == []
    assert outsiders.value_predicates(DOMAIN, nobody) == []


def test_a_predicate_fits_exactly_one_record() -> None:
    records = random_codes(weather(), 60, 5)
    found = outsiders.combination_predicates(DOMAIN, records, 20, chance(1))
    found += outsiders.value_predicates(DOMAIN, np.vstack([records[:0], records[:6]]))
    assert len(found) > 15
    for columns, values in found:
        held = records[:6] if len(columns) == 1 else records
        assert (held[:, columns] == values).all(axis=1).sum() == 1


def test_a_predicate_isolates_whoever_is_the_only_one() -> None:
    crowd = Crowd.of(table(60))
    people = np.repeat(crowd.rows.codes, crowd.rows.weights, axis=0)
    predicates = outsiders.combination_predicates(DOMAIN, random_codes(weather(), 60, 6), 20, chance(1))
    by_hand = [(people[:, columns] == values).all(axis=1).sum() == 1 for columns, values in predicates]
    assert outsiders.isolated(crowd, predicates).tolist() == by_hand
