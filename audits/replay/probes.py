"""What one replay cannot show: releases one after another, refused, interrupted, resumed, and in a child process.

Every probe returns faults in words; none means that all is well.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial

import numpy as np

from audits.epsilon.reference_accounting import most_nano_rho
from audits.replay.checks import allowed, faults_alone, refusal, reserved
from audits.replay.recorder import Recorder
from audits.replay.recording import SCOPE, Case, Given
from audits.replay.scenarios import SCENARIOS, SURVEY, case_of, frame, planned, tiny_rows
from frostglass.boundary.ledger.ledger import Ledger, Reservation
from frostglass.boundary.ledger.requests import reservation_of, whole
from frostglass.boundary.noise.rounded_gaussian import RoundedGaussian
from frostglass.errors import FrostglassError
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.charge import Charge
from frostglass.terms.question import Question
from frostglass.terms.unit import PrivacyUnit

_NAMES = ("sex", "works")
_UNITS = 2**40


def case() -> Case:
    """The tiny survey with epsilon 1, in a scope of epsilon 1."""
    usual = SCENARIOS["tiny"]().case
    return replace(usual, plan=replace(usual.plan, epsilon=Fraction(1)), epsilon=Fraction(1))


def money(recorder: Recorder) -> list[str]:
    """The scope grants what epsilon and delta allow to the last billionth, and nothing beyond it."""
    in_memory = Ledger.ephemeral(epsilon=case().epsilon, delta=case().delta, scope=SCOPE)
    faults = _money_faults(recorder.clear(case())) + _claim_faults(recorder)
    return faults + [f"ledger in memory: {fault}" for fault in _money_faults(in_memory)]


def _money_faults(ledger: Ledger) -> list[str]:
    most = min(allowed(case()), ledger.scope(SCOPE).allowance)
    for name, nano_rho, units, granted, fault in (
        ("r1", allowed(case()) + 1, _UNITS, False, "a reservation one billionth above the allowance was granted"),
        (
            "r2",
            5,
            _most_units() + 1,
            False,
            "more of the samplers' error was granted than their share of delta pays for",
        ),
        ("r3", most - 5, _UNITS, True, "a reservation within the allowance was refused"),
        ("r4", 6, _UNITS, False, "two reservations together exceed the allowance"),
        ("r5", 5, _UNITS, True, "the last billionths of the allowance were refused"),
        ("r6", 1, _UNITS, False, "something was granted although the allowance is used up"),
    ):
        if _refused(partial(_reserve, ledger, name, nano_rho, sampler_units=units)) == granted:
            return [fault]
    held = next(each for each in ledger.entries() if each.release_id == "r5")
    return _once_faults(ledger, reservation_of(whole(ledger._store.read()), held, sealable=ledger.sealable), most)


def _claim_faults(recorder: Recorder) -> list[str]:
    """A release may not claim less than it costs, nor draw noise that the scope's theorem does not value."""
    ledger, faults = recorder.clear(replace(case(), epsilon=Fraction(2))), []
    if not _refused(lambda: _reserve(ledger, "r1", allowed(case()) + 1)):
        faults.append("a release of more than epsilon 1 was granted as one of epsilon 1")
    if not _refused(lambda: _reserve(ledger, "r2", 5, mechanism="discrete-gaussian")):
        faults.append("noise was granted that the accountant cannot value")
    return faults


def _once_faults(ledger: Ledger, held: Reservation, most: int) -> list[str]:
    """A reservation is drawn for once, as it is, and never given back."""
    faults = []
    if not _refused(lambda: ledger.begin_draw(replace(held, nano_rho=50))):
        return ["a reservation was drawn for that is not the ledger's"]
    ledger.begin_draw(held)
    if not _refused(lambda: ledger.begin_draw(held)):
        faults.append("a reservation was drawn for twice")
    if not _refused(lambda: ledger.void("r5", by="bea", reason="it looks bad")):
        faults.append("a reservation was given back after the draw")
    if ledger.scope(SCOPE).spent != most or not _refused(lambda: _reserve(ledger, "r7", 1)):
        faults.append("what was drawn for does not stay spent")
    return faults


def _reserve(
    ledger: Ledger, name: str, nano_rho: int, *, sampler_units: int = _UNITS, mechanism: str = "rounded-gaussian"
) -> Reservation:
    charge = Charge(nano_rho, Fraction(1), mechanism, sampler_units, PrivacyUnit("person"))
    return ledger.reserve(SCOPE, name, "0" * 64, charge, by="ann")


def _most_units() -> int:
    """Most units of 2**-128 of total variation that the samplers' share of delta pays for at epsilon 1."""
    return math.ceil(float(case().delta) * 2.0**98 / (1 + math.e))


def _refused(act: Callable[[], object]) -> bool:
    """Whether the product refuses it in its own words."""
    try:
        act()
    except FrostglassError:
        return True
    return False


def twice(recorder: Recorder) -> list[str]:
    """Two releases of one plan cost twice and have noise of their own; a third that is not covered sees nothing."""
    usual = case()
    rho = 2 * allowed(usual)
    wide = replace(usual, epsilon=_epsilon_of(rho))
    table = frame(tiny_rows(12), _NAMES)
    first = recorder.release(wide, table, Given(1))
    ledger = recorder.ledger()
    second = recorder.release(wide, table, Given(2), ledger=ledger, out="second")
    faults = [f"second release: {fault}" for fault in faults_alone(wide, second)]
    if first.error is None and reserved(second) != 2 * reserved(first):
        faults.append("two releases of one plan did not cost twice as much as one")
    third = recorder.release(wide, table, Given(3), ledger=ledger, out="third")
    if getattr(third.error, "code", "") != "FG-BU-001":
        faults.append("a release was not refused that the scope does not cover")
    if any(each[0] != "raises" for each in third.events):
        faults.append("a release that is not covered did something")
    return faults


def _epsilon_of(nano_rho: int) -> Fraction:
    """The least epsilon in hundredths whose allowance is at least so much."""
    cents = 100
    while most_nano_rho("gdp", Fraction(cents, 100), case().delta) < nano_rho:
        cents += 1
    return Fraction(cents, 100)


def refused(recorder: Recorder) -> list[str]:
    """A table that departs from its codebook is refused before anything is reserved, and leaves no trace."""
    usual = case()
    adult = {"sex": "F", "age": "18-59"}
    child_who_works = {"sex": "F", "age": "0-17", "works": "1"}
    ruled = case_of(SURVEY, planned(SURVEY, length=1))
    names = ("sex", "works", "age", "langs")
    faults = []
    for what, one, table in (
        ("unknown code", usual, frame([{"sex": "F"}, {"sex": "X"}], _NAMES)),
        ("table without records", usual, frame([], _NAMES)),
        ("record that breaks a rule", ruled, frame([adult, child_who_works], names)),
    ):
        found = recorder.release(one, table)
        if not isinstance(found.error, FrostglassError):
            faults.append(f"{what}: not refused")
        if found.kinds() != ["genesis", "open"] or [name for name, *_ in found.left if "budget.db" not in name]:
            faults.append(f"{what}: refused after the reservation, or with something left behind")
    return faults


def interrupted(recorder: Recorder) -> list[str]:
    """What was drawn before an interruption stays spent; its curator answers no other process."""
    usual = case()
    table = frame(tiny_rows(12), _NAMES)
    first = recorder.release(usual, table, Given(1), stop_at="measuring tables of 2")
    again = recorder.release(usual, table, Given(2), ledger=recorder.ledger())
    faults = []
    if getattr(again.error, "code", "") != "FG-BU-001":
        faults.append("a release that was interrupted while it measured was not paid for again")
    if any(each[0] == "asks" for each in again.events):
        faults.append("it was asked for again without payment")
    curator = first.curator
    if curator is None:
        return [*faults, "no curator was built"]
    question = Question(AttributeSet.of(["sex"]), Fraction(1, 100))
    if _in_child(lambda: refusal(lambda: curator.measure(question)).encode()) != b"FG-GL-014":
        faults.append("a curator answered in the child of its process")
    return faults


def staged(recorder: Recorder) -> list[str]:
    """Staged answers are for the table that they were drawn from, and cost nothing more."""
    usual = case()
    table, other = frame(tiny_rows(12), _NAMES), frame([*tiny_rows(12), tiny_rows(1)[0]], _NAMES)
    whole = recorder.release(usual, table, Given(1))
    recorder.release(usual, table, Given(1), before_commit=True)
    elsewhere = recorder.release(usual, other, Given(2), ledger=recorder.ledger())
    faults = []
    if getattr(elsewhere.error, "code", "") != "FG-LG-051" or elsewhere.kinds()[-1] != "draw":
        faults.append("staged answers were not refused for another table")
    resumed = recorder.release(usual, table, Given(3), ledger=recorder.ledger())
    if resumed.error is not None or any(each[0] in ("asks", "draws") for each in resumed.events):
        return [*faults, "staged answers were not resumed, or drawn again"]
    if reserved(resumed) != reserved(whole):
        faults.append("to resume cost something")
    if {name: data[0] for name, data in resumed.bundle.items() if "manifest" not in name} != {
        name: data[0] for name, data in whole.bundle.items() if "manifest" not in name
    }:
        faults.append("what was resumed is not what was drawn")
    return faults


def forks(_: Recorder) -> list[str]:
    """Two children of one process draw other noise, and other noise than their parent."""
    sigma = Fraction(1000)
    RoundedGaussian().draw(sigma, 1)
    drawn = [_in_child(lambda: RoundedGaussian().draw(sigma, 8).tobytes()) for _ in range(2)]
    drawn.append(RoundedGaussian().draw(sigma, 8).tobytes())
    alike = len(set(drawn)) < len(drawn) or not all(len(np.frombuffer(each, np.int64)) == 8 for each in drawn)
    return ["the noise of two processes is the same"] if alike else []


def _in_child(act: Callable[[], bytes]) -> bytes:
    """What ``act`` returns in a forked child; empty when it fails there."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads: the child only computes
        child = os.fork()
    if child == 0:
        try:
            os.write(writing, act())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


PROBES: Mapping[str, Callable[[Recorder], list[str]]] = {
    each.__name__: each for each in (money, forks, refused, interrupted, twice, staged)
}
"""All probes by name, the quick ones first."""
