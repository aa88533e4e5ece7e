"""The short form of the attacks, and what they must and must not say."""

from __future__ import annotations

from audits.attacks import attacks as module
from audits.attacks.attacks import private, succeeds
from audits.figures import SHORT
from frostglass.review.attacks.report import Row, compared, even
from frostglass.review.attacks.share import Share, share


def test_every_figure_of_the_attacks_is_good() -> None:
    """All chance is seeded."""
    assert [each.line() for each in module.audit(SHORT) if not each.ok] == []


def test_guesses_above_the_bound_are_a_missed_figure() -> None:
    """By five sd: 700 of 1,000 are above 60%, and 640 may be chance."""
    assert not private("1", [_guesses(700), _guesses(600)], "a table").ok
    assert private("1", [_guesses(640), _guesses(600)], "a table").ok


def test_more_about_those_in_the_data_than_the_bound_allows_is_a_missed_figure() -> None:
    assert not private("1", [_beside_others(0.9, 0.5, bound=0.6)], "a table").ok
    assert private("1", [_beside_others(0.6, 0.5, bound=0.6)], "a table").ok
    assert private("1", [_beside_others(0.9, 0.5, bound=None)], "a table").ok


def test_an_attack_that_fails_on_the_control_is_a_missed_figure() -> None:
    """An attack that never succeeds would prove nothing."""
    assert succeeds([_guesses(520, control=900)], "a table").ok
    assert not succeeds([_guesses(520, control=700)], "a table").ok
    assert succeeds([_beside_others(0.5, 0.5, control=0.9)], "a table").ok
    assert not succeeds([_beside_others(0.5, 0.5, control=0.52)], "a table").ok


def _guesses(right: int, control: int = 1_000) -> Row:
    mine, theirs = (share([each], [1_000]) for each in (right, control))
    return even("membership, by all counts", "random", mine, theirs, 0.6, "")


def _beside_others(inside: float, outside: float, *, bound: float | None = None, control: float = 1.0) -> Row:
    of: list[Share] = [share([1_000 * each], [1_000]) for each in (inside, outside, control, 0.5)]
    return compared("linkability", "random", (of[0], of[1]), (of[2], of[3]), (bound, bound) if bound else None, "")
