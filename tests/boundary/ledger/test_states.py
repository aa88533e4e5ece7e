"""A release goes through the ledger in one order only, is drawn at most once, and is never paid back after that."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import pytest

from frostglass.boundary.ledger.ledger import Ledger, Reservation
from frostglass.errors import FrostglassError, LedgerError, UsageError
from frostglass.terms.budget import decimal_text
from frostglass.terms.unit import PrivacyUnit
from tests.boundary.support import (
    DELTA,
    EPSILON,
    MANIFEST,
    OTHER_PLAN,
    PLAN,
    SCOPE,
    STAGED,
    approved,
    charge,
    cost,
    draw,
    in_memory,
    reserve,
    sealed,
    spent,
)


def test_a_release_passes_through_all_its_states() -> None:
    ledger = in_memory()
    reservation = reserve(ledger, "R1")
    states = [ledger.state("R1")]
    ledger.begin_draw(reservation)
    states.append(ledger.state("R1"))
    ledger.commit(reservation, staged_sha256=STAGED)
    states.append(ledger.state("R1"))
    ledger.seal("R1", manifest_sha256=MANIFEST)
    states.append(ledger.state("R1"))
    approved(ledger, "R1")
    states.append(ledger.state("R1"))
    ledger.publish("R1", manifest_sha256=MANIFEST, to="the website", by="ada")
    ledger.publish("R1", manifest_sha256=MANIFEST, to="the archive", by="ada")
    states.append(ledger.state("R1"))
    ledger.withdraw("R1", by="cyd", reason="a wrong year")
    states.append(ledger.state("R1"))
    assert states == ["reserved", "drawn", "committed", "sealed", "approved", "published", "withdrawn"]
    assert ledger.verify().ok


def test_the_reservation_says_what_was_reserved() -> None:
    ledger = in_memory()
    reservation = reserve(ledger, "R1")
    (entry,) = (each for each in ledger.entries() if each.kind == "reserve")
    assert reservation == Reservation(
        ledger_id=ledger.ledger_id,
        scope=SCOPE,
        release_id="R1",
        seq=entry.seq,
        head=entry.hash,
        nano_rho=cost(),
        sampler_units=1000,
        mechanism="rounded-gaussian",
        plan_sha256=PLAN,
        accountant="gdp",
        epsilon=Fraction(1, 2),
        delta=DELTA,
        sealable=False,
    )


Step = Callable[[Ledger, Reservation], object]
STEPS: dict[str, Step] = {
    "draw": lambda ledger, reservation: ledger.begin_draw(reservation),
    "void": lambda ledger, reservation: ledger.void("R1", by="bea", reason="the machine stopped"),
    "commit": lambda ledger, reservation: ledger.commit(reservation, staged_sha256=STAGED),
    "seal": lambda ledger, reservation: ledger.seal("R1", manifest_sha256=MANIFEST),
    "approve": lambda ledger, reservation: ledger.approve(
        "R1", manifest_sha256=MANIFEST, by=f"reader {len(ledger.approvals('R1'))}", note="looked at all of it"
    ),
    "publish": lambda ledger, reservation: ledger.publish("R1", manifest_sha256=MANIFEST, to="the web", by="ada"),
    "withdraw": lambda ledger, reservation: ledger.withdraw("R1", by="bea", reason="a wrong year"),
}
WAYS = {
    "reserved": [],
    "voided": ["void"],
    "drawn": ["draw"],
    "committed": ["draw", "commit"],
    "sealed": ["draw", "commit", "seal"],
    "approved": ["draw", "commit", "seal", "approve", "approve"],
    "published": ["draw", "commit", "seal", "approve", "approve", "publish"],
    "withdrawn": ["draw", "commit", "seal", "withdraw"],
}
ADMITTED = {
    "reserved": {"draw", "void"},
    "voided": set(),
    "drawn": {"commit"},
    "committed": {"seal"},
    "sealed": {"approve", "withdraw"},
    "approved": {"approve", "publish", "withdraw"},
    "published": {"approve", "publish", "withdraw"},
    "withdrawn": set(),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", WAYS)
def test_each_state_admits_its_own_steps_and_no_others(state: str, step: str) -> None:
    ledger = in_memory()
    reservation = reserve(ledger, "R1")
    for way in WAYS[state]:
        STEPS[way](ledger, reservation)
    before = list(ledger.entries())
    if step in ADMITTED[state]:
        STEPS[step](ledger, reservation)
        assert [each.kind for each in ledger.entries()][len(before) :] == [step]
    else:
        with pytest.raises(
            LedgerError, match="approved by nobody yet" if step == "publish" and state == "sealed" else f"is {state}"
        ):
            STEPS[step](ledger, reservation)
        assert list(ledger.entries()) == before


def test_a_reservation_that_was_drawn_can_never_be_voided() -> None:
    ledger = in_memory()
    draw(ledger, "R1")
    with pytest.raises(LedgerError, match="'R1' is drawn; only one that is reserved can get a void entry"):
        ledger.void("R1", by="bea", reason="it failed")
    assert spent(ledger) == cost()


def test_voiding_gives_back_exactly_what_was_reserved() -> None:
    ledger = in_memory()
    draw(ledger, "R1")
    reserve(ledger, "R2")
    ledger.void("R2", by="bea", reason="the machine stopped before anything was drawn")
    summary = ledger.scope(SCOPE)
    assert (summary.spent, summary.releases, summary.plain_epsilon) == (cost(), 1, Fraction(1, 2))


@pytest.mark.parametrize(("first", "second"), [("ada", "ada"), ("ada", " Ada "), ("", "bea"), ("ADA", "ada")], ids=repr)
def test_only_a_second_person_on_record_can_void(first: str, second: str) -> None:
    ledger = in_memory()
    reserve(ledger, "R1", by=first)
    with pytest.raises(LedgerError, match="second person"):
        ledger.void("R1", by=second, reason="mine")
    assert spent(ledger) == cost()


def test_voiding_needs_a_name_and_a_reason() -> None:
    ledger = in_memory()
    reserve(ledger, "R1")
    for by, reason in (("", "why"), ("bea", "  ")):
        with pytest.raises(UsageError, match="must be given"):
            ledger.void("R1", by=by, reason=reason)


def test_a_release_id_is_used_once_and_the_refusal_names_its_state_and_plan() -> None:
    """Catalogue case 68."""
    ledger = in_memory()
    sealed(ledger, "R7")
    with pytest.raises(LedgerError, match="'R7' is taken: it is sealed, with the plan aaaaaaaaaaaa…") as refused:
        reserve(ledger, "R7", plan=OTHER_PLAN)
    assert refused.value.code == "FG-LG-019"
    assert spent(ledger) == cost()


def test_the_id_of_a_voided_release_is_not_used_again() -> None:
    ledger = in_memory()
    reserve(ledger, "R1")
    ledger.void("R1", by="bea", reason="stopped")
    with pytest.raises(LedgerError, match="it is voided"):
        reserve(ledger, "R1")


def test_a_reservation_of_another_ledger_is_not_honoured() -> None:
    ours, theirs = in_memory(), in_memory()
    reservation = reserve(theirs, "R1")
    reserve(ours, "R1")
    for foreign in (reservation, replace(reservation, ledger_id=ours.ledger_id)):
        with pytest.raises(LedgerError, match="does not hold the reservation"):
            ours.begin_draw(foreign)
    assert ours.state("R1") == "reserved"


def test_only_the_sealed_manifest_can_be_published() -> None:
    ledger = in_memory()
    sealed(ledger, "R1")
    approved(ledger, "R1")
    with pytest.raises(LedgerError, match="the manifest is another one"):
        ledger.publish("R1", manifest_sha256=STAGED, to="the website", by="ada")


def test_unfinished_finds_all_releases_that_were_drawn_and_not_sealed_newest_first() -> None:
    ledger = in_memory()
    assert ledger.unfinished(SCOPE, PLAN) == ()
    reserve(ledger, "R0")
    assert ledger.unfinished(SCOPE, PLAN) == ()
    first = draw(ledger, "R1")
    second = draw(ledger, "R2")
    assert ledger.unfinished(SCOPE, PLAN) == (second, first)
    ledger.commit(second, staged_sha256=STAGED)
    assert ledger.unfinished(SCOPE, PLAN) == (second, first)
    ledger.seal("R2", manifest_sha256=MANIFEST)
    assert ledger.unfinished(SCOPE, PLAN) == (first,)
    assert ledger.unfinished(SCOPE, OTHER_PLAN) == ()
    assert ledger.unfinished("others", PLAN) == ()


def test_find_returns_the_latest_entry_of_a_kind() -> None:
    ledger = in_memory()
    known = sealed(ledger, "R1")
    commit = ledger.find("R1", "commit")
    assert commit is not None
    assert (commit.seq, commit.hash, commit.body["staged_sha256"]) == (known.seq, known.head, STAGED)
    assert ledger.find("R1", "publish") is None
    assert ledger.find("R2", "commit") is None


def test_steps_of_an_unknown_release_are_refused() -> None:
    ledger = in_memory()
    for act in (lambda: ledger.state("R9"), lambda: ledger.seal("R9", manifest_sha256=MANIFEST)):
        with pytest.raises(LedgerError, match="knows no release 'R9'"):
            act()


def test_what_left_without_a_guarantee_is_named_and_the_sum_goes_on() -> None:
    ledger = in_memory()
    sealed(ledger, "R1")
    ledger.non_private(SCOPE, what="a table with k = 10", by="ada")
    sealed(ledger, "R2")
    summary = ledger.scope(SCOPE)
    assert summary.non_private == ("a table with k = 10",)
    assert summary.spent == 2 * cost()
    with pytest.raises(LedgerError, match="'others' is not open"):
        ledger.non_private("others", what="a table", by="ada")


# The privacy unit


OTHER_UNITS = [PrivacyUnit("household"), PrivacyUnit("person", 1, "key")]


@pytest.mark.parametrize("other", OTHER_UNITS, ids=str)
def test_the_first_release_fixes_the_unit_of_its_scope(other: PrivacyUnit) -> None:
    ledger = in_memory()
    reserve(ledger, "R1")
    before = list(ledger.entries())
    with pytest.raises(LedgerError, match=r"protects the unit 'person'.*different units mean nothing") as refused:
        reserve(ledger, "R2", unit=other)
    assert refused.value.code == "FG-LG-021"
    with pytest.raises(LedgerError, match="protects the unit 'person'"):
        ledger.afford(SCOPE, charge(unit=other))
    assert list(ledger.entries()) == before
    ledger.afford(SCOPE, charge())


def test_each_release_of_a_scope_may_bound_the_records_of_a_person_anew() -> None:
    ledger = in_memory()
    for most in (1, 3, 2):
        reserve(ledger, f"R{most}", unit=PrivacyUnit("person", most, "key"))
    reserved = [each.body for each in ledger.entries() if each.kind == "reserve"]
    assert [(each["unit"], each["keyed"], each["max_records"]) for each in reserved] == [
        ("person", True, 1),
        ("person", True, 3),
        ("person", True, 2),
    ]
    assert ledger.verify().ok


def test_another_scope_may_protect_another_unit() -> None:
    ledger = in_memory()
    reserve(ledger, "R1")
    ledger.open_scope("others", epsilon=EPSILON, delta=DELTA)
    ledger.afford("others", charge(unit=PrivacyUnit("household")))


# Scopes


def test_a_release_never_opens_a_scope() -> None:
    ledger = in_memory()
    with pytest.raises(LedgerError, match=r"'others' is not open in this ledger \(open: people\).*ledger open others"):
        ledger.reserve("others", "R1", PLAN, charge())


@pytest.mark.parametrize("delta", [DELTA, DELTA / 10])
def test_a_scope_is_opened_once_and_the_refusal_gives_the_stored_figures(delta: Fraction) -> None:
    ledger = in_memory()
    with pytest.raises(LedgerError, match=r"epsilon 2, delta 1e-6 and the accountant 'gdp'; these never change"):
        ledger.open_scope(SCOPE, epsilon=EPSILON, delta=delta)


@pytest.mark.parametrize(
    ("epsilon", "delta", "population"),
    [("5.01", "1e-6", None), ("1", "1.1e-5", None), ("1", "1.1e-6", 100_000)],
    ids=["epsilon above 5", "delta above 1e-5", "delta above 1 / (10 x population)"],
)
def test_weak_promises_need_a_reason_which_is_kept(epsilon: str, delta: str, population: int | None) -> None:
    ledger = in_memory()
    weak, loose = Fraction(epsilon), Fraction(delta)
    with pytest.raises(UsageError, match="needs a reason") as refused:
        ledger.open_scope("others", epsilon=weak, delta=loose, population=population)
    assert refused.value.code == "FG-OP-061"
    assert ledger.scopes() == (SCOPE,)
    ledger.open_scope("others", epsilon=weak, delta=loose, population=population, reason="a reference release")
    assert ledger.scope("others").reason == "a reference release"
    assert ledger.scope("others").population == population


@pytest.mark.parametrize(
    ("epsilon", "delta", "population"), [("5", "1e-5", None), ("1", "1e-6", 100_000)], ids=["no population", "1e5"]
)
def test_promises_at_the_bounds_need_no_reason(epsilon: str, delta: str, population: int | None) -> None:
    ledger = in_memory()
    ledger.open_scope("others", epsilon=Fraction(epsilon), delta=Fraction(delta), population=population)
    assert ledger.scopes() == ("others", SCOPE)


@pytest.mark.parametrize("name", ["", "People", "-a", "a b", "a" * 65, "personnes-âgées", "a\n"])
def test_scopes_have_plain_names(name: str) -> None:
    with pytest.raises(UsageError, match="a scope is named with"):
        in_memory().open_scope(name, epsilon=EPSILON, delta=DELTA)


@pytest.mark.parametrize("name", ["", "../R1", "R 1", "R" * 65])
def test_releases_have_plain_names(name: str) -> None:
    with pytest.raises(UsageError, match="a release id has"):
        reserve(in_memory(), name)


@pytest.mark.parametrize("reason", ["two\nlines", "\x1b[31mred", "\udcff", "x" * 1001])
def test_texts_on_record_are_one_printable_line(reason: str) -> None:
    with pytest.raises(UsageError, match=r"one line|a text of at most"):
        in_memory().open_scope("others", epsilon=EPSILON, delta=DELTA, reason=reason)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"epsilon": Fraction(21)}, "FG-OP-001"),
        ({"epsilon": Fraction(1, 3)}, "FG-OP-001"),
        ({"delta": Fraction(1, 3 * 10**6)}, "FG-OP-002"),
        ({"delta": Fraction(1, 100)}, "FG-OP-002"),
        ({"population": 0}, "FG-OP-063"),
        ({"accountant": "rdp"}, "FG-OP-020"),
        ({"epsilon": Fraction(20), "delta": Fraction(1, 10**9), "reason": "a test"}, "FG-OP-066"),
    ],
    ids=lambda value: str(value),
)
def test_figures_out_of_range_do_not_open_a_scope(arguments: dict[str, object], code: str) -> None:
    ledger = in_memory()
    with pytest.raises(UsageError) as refused:
        ledger.open_scope("others", **{"epsilon": EPSILON, "delta": DELTA, **arguments})  # type: ignore[arg-type]
    assert refused.value.code == code
    assert ledger.scopes() == (SCOPE,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"plan_sha256": "A" * 64},
        {"nano_rho": 0},
        {"nano_rho": -5},
        {"sampler_units": -1},
        {"unit": PrivacyUnit(" ")},
        {"unit": PrivacyUnit("two\nlines")},
        {"epsilon": Fraction(1, 2) + Fraction(1, 10**10)},
        {"epsilon": Fraction(1, 3)},
    ],
    ids=str,
)
def test_malformed_reservations_are_never_written(wrong: dict[str, object]) -> None:
    ledger = in_memory()
    plan = str(wrong.pop("plan_sha256", PLAN))
    with pytest.raises(FrostglassError):
        ledger.reserve(SCOPE, "R1", plan, replace(charge(Fraction(1), nano_rho=5), **wrong))  # type: ignore[arg-type]
    assert spent(ledger) == 0
    assert ledger.verify().ok


@pytest.mark.parametrize(
    ("epsilon", "delta", "least"), [("20", "1e-12", "1.8e-9"), ("20", "1.7e-9", "1.8e-9"), ("13", "1e-12", "1.6e-12")]
)
def test_a_scope_in_which_no_release_would_fit_names_the_least_delta_which_works(
    epsilon: str, delta: str, least: str
) -> None:
    ledger = in_memory()
    with pytest.raises(UsageError, match=rf"too small for an epsilon of {epsilon}.*at least {least},") as refused:
        ledger.open_scope("others", epsilon=Fraction(epsilon), delta=Fraction(delta), reason="a test")
    assert refused.value.code == "FG-OP-066"
    ledger.open_scope("others", epsilon=Fraction(epsilon), delta=Fraction(least), reason="a test")
    ledger.afford("others", charge(nano_rho=1, sampler_units=2**40))


@pytest.mark.parametrize("parts", [(1, 10**9), (333_333_333, 10**9), (7, 3 * 10**8)], ids=str)
def test_the_plain_sum_can_always_be_written_out(parts: tuple[int, int]) -> None:
    """Epsilons of up to nine decimals; the last one has more, and never enters the sum."""
    ledger = Ledger.ephemeral(epsilon=Fraction(20), delta=DELTA, scope=SCOPE)
    epsilon = Fraction(1, 100) + Fraction(*parts)
    for number in range(8):
        with suppress(UsageError):
            reserve(ledger, f"R{number}", epsilon + Fraction(number), nano_rho=1)
    total = ledger.scope(SCOPE).plain_epsilon
    assert Fraction(decimal_text(total)) == total


# Ephemeral


def test_what_an_ephemeral_ledger_pays_for_cannot_be_sealed() -> None:
    ledger = in_memory()
    assert (ledger.sealable, ledger.path) == (False, None)
    assert not draw(ledger, "R1").sealable


def test_an_ephemeral_ledger_counts_like_any_other() -> None:
    ledger = Ledger.ephemeral(epsilon=Fraction(1, 2), delta=DELTA, scope=SCOPE)
    draw(ledger, "R1")
    with pytest.raises(FrostglassError, match="does not cover"):
        reserve(ledger, "R2", Fraction(1, 100))
