"""What must hold of one recorded release, and what of two over neighbouring tables that were given the same answers.

Every function returns faults in words; none means that all is well.
"""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np

from audits.epsilon.reference_accounting import NANO, least_sigma, most_nano_rho
from audits.replay.recorder import NOON
from audits.replay.recording import Asked, Case, Recording
from frostglass.errors import GlassError
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.question import Question

BEGINNING, END = ("genesis", "open"), ("reserve", "draw", "commit", "seal")
_MIDNIGHT = int(datetime(NOON.year, NOON.month, NOON.day, tzinfo=UTC).timestamp()) * 10**9
_MODES = {0o40700, 0o100600}


def faults_alone(case: Case, found: Recording) -> list[str]:
    """What is wrong with one release by itself."""
    if found.error is not None:
        return [f"the release failed: {type(found.error).__name__} {getattr(found.error, 'code', '')}".strip()]
    faults = _order_faults(found) + _money_faults(case, found)
    for number, asked in enumerate(found.asked, start=1):
        faults += [f"question {number}: {fault}" for fault in _question_faults(case, found, asked)]
    return faults + _bundle_faults(found) + _used_up_faults(found)


def faults_between(one: Recording, other: Recording, case: Case) -> list[str]:
    """What the table behind the answers has changed, where nothing but the answers may decide."""
    faults = _distance_faults(case, one, other)
    for first, second in zip(one.since_reserve(), other.since_reserve(), strict=False):
        if first != second:
            return [*faults, f"what happened differs: {_shown(first)} and {_shown(second)}"]
    if len(one.since_reserve()) != len(other.since_reserve()):
        faults.append("one of the two did more than the other")
    if not _same_answers(one, other):
        faults.append("the answers differ, although the noise was chosen to make them the same")
    for what, same in (
        ("entries of the ledger", one.entries == other.entries),
        ("lines of the witness", one.witness == other.witness),
        ("files left, or their modes", one.left == other.left),
        ("names of the bundle's files", list(one.bundle) == list(other.bundle)),
    ):
        if not same:
            faults.append(f"the {what} differ")
    return faults + [f"{name} differs" for name, data in one.bundle.items() if other.bundle.get(name, data) != data]


def moved(one: Recording, other: Recording) -> Fraction:
    """What the two tables differ by over all questions: the sum of ``|x - x'|**2 / (2 sigma**2)``, in rho."""
    total = Fraction(0)
    for first, second in zip(one.asked, other.asked, strict=False):
        total += Fraction(_squared(first, second)) / (2 * first.sigmas[0] ** 2) if first.sigmas else 0
    return total


def reserved(found: Recording) -> list[int]:
    """The nano-rho of every reservation in the ledger."""
    return [int(json.loads(str(row[5]))["nano_rho"]) for row in found.entries if row[1] == "reserve"]


def _opened(found: Recording) -> int:
    """The allowance in nano-rho with which the scope was opened."""
    return max(int(json.loads(str(row[5]))["allowance"]) for row in found.entries if row[1] == "open")


def allowed(case: Case) -> int:
    """Most nano-rho that the plan's epsilon allows, by the audit's own accounting."""
    return most_nano_rho(case.accountant, case.plan.epsilon, case.delta)


def _order_faults(found: Recording) -> list[str]:
    faults = []
    if found.durable[-2:] != ("reserve", "draw"):
        faults.append("a question was asked before reservation and draw were on disk")
    if tuple(found.kinds())[-4:] != END:
        faults.append(f"the ledger ends with {', '.join(found.kinds()[-4:])}")
    looks = [at for at, each in enumerate(found.events) if each[0] in ("asks", "counts", "draws", "random bytes")]
    committed = [at for at, each in enumerate(found.events) if each == ("enters", "commit")]
    if not looks or not committed or looks[-1] > committed[0]:
        faults.append("the table was asked after the commit")
    return faults


def _money_faults(case: Case, found: Recording) -> list[str]:
    faults, paid = [], reserved(found)
    if not paid or paid[-1] > allowed(case):
        faults.append("more was reserved than the plan's epsilon and delta allow")
    if sum(paid) > most_nano_rho(case.accountant, case.epsilon, case.delta):
        faults.append("more was reserved than the scope's epsilon and delta allow")
    if _opened(found) > most_nano_rho(case.accountant, case.epsilon, case.delta):
        faults.append("the scope's allowance is more than its epsilon and delta allow")
    if sum((each.share for each in found.asked), Fraction(0)) > 1:
        faults.append("the shares of the questions are more than the whole")
    receipts = [each.receipt for each in found.asked if each.receipt is not None]
    if sum((each.rho for each in receipts), Fraction(0)) > Fraction(paid[-1] if paid else 0, NANO):
        faults.append("the receipts add up to more than was reserved")
    if [each.number for each in receipts] != list(range(1, len(found.asked) + 1)):
        faults.append("the receipts are not numbered one by one")
    asked = sum(int(str(each[2])) for each in found.events if each[0] == "draws")
    given = sum(int(str(each[1])) for each in found.events if each[0] == "random bytes")
    if case.accountant == "gdp" and given != 16 * asked:
        faults.append("other than 16 bytes of the system's randomness were taken for each draw")
    return faults


def _question_faults(case: Case, found: Recording, asked: Asked) -> list[str]:
    if asked.kind == "none" or asked.answer is None or asked.exact is None or asked.receipt is None:
        return ["noise was drawn for no question, or the table was not counted"]
    squared = case.plan.unit.max_records**2 * asked.tables
    least = least_sigma(asked.share, allowed(case), squared)
    if asked.counted != 1 or len(asked.sigmas) != 1:
        return [f"counted {asked.counted} times and drawn {len(asked.sigmas)} times"]
    faults, sigma, receipt = [], asked.sigmas[0], asked.receipt
    if sigma < least:
        faults.append("less noise than the share of the budget buys")
    if asked.offered is None or not np.array_equal(asked.answer, asked.exact + asked.offered):
        faults.append("the answer is not the exact count plus the noise that the bits make at this sigma")
    if asked.answer.dtype != np.int64:
        faults.append("the answer is not in whole numbers")
    if (receipt.sigma, receipt.sensitivity) != (sigma, case.plan.unit.max_records):
        faults.append("the receipt states another noise or sensitivity")
    if receipt.rho * 2 * sigma**2 < squared:
        faults.append("the receipt states less than the answer cost")
    return faults


def _bundle_faults(found: Recording) -> list[str]:
    faults = ["there is no bundle"] if len(found.bundle) < 2 else []
    faults += [
        f"{name} carries another time than midnight" for name, each in found.bundle.items() if each[2] != _MIDNIGHT
    ]
    return faults + [f"{name} has other permissions" for name, each in found.bundle.items() if each[1] not in _MODES]


def _used_up_faults(found: Recording) -> list[str]:
    """A curator that has given everything out gives no more, and there is no second one."""
    curator = found.curator
    if curator is None:
        return ["no curator was built"]
    faults = []
    question = Question(AttributeSet.of([curator._domain.names[0]]), Fraction(1, 10**12))
    if refusal(lambda: curator.measure(question)) != "FG-GL-008":
        faults.append("a curator that is used up answered")
    for way in (copy.copy, copy.deepcopy, pickle.dumps):
        try:
            way(curator)
        except TypeError:
            continue
        faults.append("a curator could be copied or pickled")
    return faults


def refusal(act: Callable[[], object]) -> str:
    """The code with which it is refused; empty when it is not."""
    try:
        act()
    except GlassError as error:
        return error.code
    return ""


def _distance_faults(case: Case, one: Recording, other: Recording) -> list[str]:
    faults, most = [], case.plan.unit.max_records**2
    for number, (first, second) in enumerate(zip(one.asked, other.asked, strict=False), start=1):
        if _squared(first, second) > most * first.tables:
            faults.append(f"question {number}: the neighbour moves the exact answer by more than is declared")
    paid = reserved(one)[-1:] or [0]
    if moved(one, other) > Fraction(paid[0], NANO):
        faults.append("the neighbour changes more than was paid for")
    return faults


def _squared(first: Asked, second: Asked) -> int:
    if first.exact is None or second.exact is None or first.exact.shape != second.exact.shape:
        return 0
    return int(((first.exact - second.exact) ** 2).sum())


def _same_answers(one: Recording, other: Recording) -> bool:
    return len(one.answers) == len(other.answers) and all(map(np.array_equal, one.answers, other.answers))


def _shown(event: tuple[object, ...]) -> str:
    """An event in a few words."""
    return " ".join(str(each) for each in event)[:80]
