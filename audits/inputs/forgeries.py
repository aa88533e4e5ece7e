"""Forged bundles: what somebody without the key does to a bundle is refused, by itself or against key and ledger.

Three kinds of forger: one who changes files; one who makes all hashes fit again and signs with a key of their own; and
one who makes a whole release of their own, with noise that they wrote themselves, and says that the ledger paid for it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl

from audits.figures import Figure, Size
from frostglass import codebooks
from frostglass.boundary.accountant import DISCRETE_GAUSSIAN, accountant
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.signing_key import SigningKey
from frostglass.bundle.contents import Contents
from frostglass.bundle.format.manifest import MANIFEST, SEALED
from frostglass.bundle.format.signature import SIGNATURE
from frostglass.bundle.read import Bundle
from frostglass.bundle.seal import seal
from frostglass.released.answers import Answers
from frostglass.released.distances import Distances
from frostglass.released.measurement import Measurement
from frostglass.synthesis.strategy import strategy
from frostglass.terms.budget import NANO
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.terms.workload import Workload
from frostglass.verification.examination import noise_sd
from frostglass.verification.report import VerifyReport
from frostglass.ways import release as pipeline
from frostglass.ways import verify as bundles
from frostglass.ways.build import build
from frostglass.ways.order import Order
from frostglass.ways.pricing import guarantee
from tests.bundle.support import forge as make_fit
from tests.survey import FEW_CELLS, SMALL, survey

SCOPE = "people"
FILES = (*SEALED, MANIFEST, SIGNATURE)


@dataclass(frozen=True)
class Genuine:
    """A released bundle, the contents that it was made of, and the ledger that paid for it."""

    bundle: Path
    contents: Contents
    ledger: Ledger
    codebook: Codebook

    def copy(self) -> Path:
        """A copy to be forged, in the place of the last one."""
        copy = self.bundle.with_name("forged")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.bundle, copy)
        return copy

    def verified_against(self, bundle: Path) -> tuple[VerifyReport, VerifyReport]:
        """The reports on a bundle against the true key and against the true ledger."""
        return bundles.verify(bundle, key=self.ledger.public_key), bundles.verify(bundle, ledger=self.ledger)


@contextmanager
def genuine(**changes: Any) -> Iterator[Genuine]:
    """A small release of invented people, in a folder of its own; ``changes`` are those of its plan."""
    with tempfile.TemporaryDirectory() as folder:
        codebook = codebooks.loads(SMALL, source="small.toml")
        ledger = new_ledger(Path(folder) / "budget.db")
        contents = released(codebook, ledger, **changes)
        bundle = pipeline.seal(contents, Path(folder) / "bundle", ledger=ledger)
        yield Genuine(bundle.path, contents, ledger, codebook)


def new_ledger(path: Path) -> Ledger:
    """A ledger with one open scope."""
    ledger = Ledger.create(path)
    ledger.open_scope(SCOPE, epsilon=Fraction(4), delta=Fraction(1, 10**6))
    return ledger


def released(codebook: Codebook, ledger: Ledger, **changes: Any) -> Contents:
    """A release of 80 rows, paid for by ``ledger``: of a person each, or of three each where the plan has a key."""
    plan = replace(Plan(codebook.id, codebook.sha256, Fraction(1), PrivacyUnit(codebook.unit), fit="fast"), **changes)
    people = survey(80).with_columns((pl.int_range(80) // 3).cast(pl.String).alias("key"))
    table = people if plan.unit.person_key else people.drop("key")
    return pipeline.release(table, codebook, plan, Order(SCOPE), ledger=ledger)


def audit(size: Size) -> list[Figure]:
    """See the module."""
    with genuine() as true:
        return [
            _genuine_passes(true),
            _bytes_changed(true, size),
            _files_changed(true),
            *_signed_anew(true),
            _made_with_scripted_noise(true),
            _signed_with_the_stolen_key(true),
            _not_worth_the_promise(),
        ]


def _genuine_passes(true: Genuine) -> Figure:
    """The control: a check that refuses everything would be of no use."""
    reports = (bundles.verify(true.bundle), *true.verified_against(true.bundle))
    passed = sum(each.ok for each in reports)
    return Figure(
        "a genuine bundle passes alone, against its key and against its ledger", "3 of 3", f"{passed} of 3", passed == 3
    )


def _bytes_changed(true: Genuine, size: Size) -> Figure:
    """One bit of one byte anywhere in the bundle, the signature included."""
    chance = np.random.default_rng(size.seed)
    tries, refused = size.of(40, 5_000), 0
    copy = true.copy()
    contents = {name: (copy / name).read_bytes() for name in FILES}
    for _ in range(tries):
        name = FILES[chance.integers(len(FILES))]
        changed = bytearray(contents[name])
        changed[chance.integers(len(changed))] ^= 1 << int(chance.integers(8))
        (copy / name).write_bytes(changed)
        refused += not bundles.verify(copy).ok
        (copy / name).write_bytes(contents[name])
    return Figure(
        "a bit flipped in any file", f"{tries:,} of {tries:,} refused", f"{refused:,} refused", refused == tries
    )


def _files_changed(true: Genuine) -> Figure:
    """Files dropped, emptied, cut, doubled, exchanged, replaced by a link or a folder, and one added."""
    tried = refused = 0
    for name in FILES:
        for change in _CHANGES:
            copy = true.copy()
            change(copy / name)
            tried += 1
            refused += not bundles.verify(copy).ok
    for one, other in pairwise(FILES):
        copy = true.copy()
        (copy / one).rename(copy / "aside")
        (copy / other).rename(copy / one)
        (copy / "aside").rename(copy / other)
        tried += 1
        refused += not bundles.verify(copy).ok
    copy = true.copy()
    (copy / "notes.txt").write_text("more")
    tried, refused = tried + 1, refused + (not bundles.verify(copy).ok)
    what = "a file dropped, emptied, cut, doubled, exchanged, linked or added"
    return Figure(what, f"{tried} of {tried} refused", f"{refused} refused", refused == tried)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _double(path: Path) -> None:
    path.write_bytes(path.read_bytes() * 2)


def _link(path: Path) -> None:
    elsewhere = path.parent.with_name("elsewhere")
    elsewhere.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(elsewhere)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


_CHANGES = (Path.unlink, lambda path: path.write_bytes(b""), _cut, _double, _link, _folder)


def _signed_anew(true: Genuine) -> list[Figure]:
    """Every field of the manifest changed, the texts and hashes made to fit, and signed with the forger's own key."""
    thief = SigningKey.new()
    tried, alone, keyed, held = 0, 0, 0, 0
    for change in _changes_of(json.loads((true.bundle / MANIFEST).read_bytes())):
        copy = true.copy()
        resign(copy, change, thief)
        by_key, by_ledger = true.verified_against(copy)
        tried += 1
        alone += not bundles.verify(copy).ok
        keyed += not by_key.ok
        held += not by_ledger.ok
    what = "a field of the manifest changed, all hashes made to fit, signed with another key"
    return [
        Figure(f"{what}: against the true key", f"{tried} of {tried} refused", f"{keyed} refused", keyed == tried),
        Figure(f"{what}: against the ledger", f"{tried} of {tried} refused", f"{held} refused", held == tried),
        Figure(f"{what}: alone", "no bar: it agrees with itself", f"{alone} of {tried} refused", ok=True),
    ]


def _changes_of(words: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """Each field of the manifest that a forger might want other, changed to something of its kind."""
    guarantee, ledger, scope = words["guarantee"], words["ledger"], words["scope"]
    assert isinstance(guarantee, dict)
    assert isinstance(ledger, dict)
    assert isinstance(scope, dict)
    yield {}
    yield {"date": "2020-01-01"}
    yield {"release_id": "another"}
    yield {"sampling_seed": 1}
    yield {"total": 1}
    yield {"tau": 1}
    yield {"engine": "other/1"}
    yield {"structural": False}
    yield {"software": {"name": "frostglass", "version": "99"}}
    yield {"environment": {"python": "0"}}
    for name, value in (("epsilon", "0.1"), ("delta", "1e-9"), ("nano_rho", 1), ("accountant", "zcdp")):
        yield {"guarantee": {**guarantee, name: value}}
    for name, value in (("id", "0" * 32), ("scope", "others"), ("reserve_seq", 9), ("seq", 9), ("head", "0" * 64)):
        yield {"ledger": {**ledger, name: value}}
    for name, value in (
        ("releases", 9),
        ("spent", 1),
        ("plain_epsilon", "9"),
        ("reason", "because"),
        ("epsilon", "20"),
    ):
        yield {"scope": {**scope, name: value}}


def resign(folder: Path, changes: Mapping[str, object], key: SigningKey) -> None:
    """Change the manifest as a forger would, with texts and hashes made to fit, and sign it with a key of their own."""
    make_fit(Bundle.open(folder), {}, {**changes, "public_key": key.public})
    (folder / SIGNATURE).write_bytes(key.sign((folder / MANIFEST).read_bytes()))


def forge(true: Genuine) -> Path:
    """A bundle from noise that the forger wrote, which says that the true reservation paid for it."""
    folder = true.bundle.with_name("scripted")
    theirs = new_ledger(true.bundle.with_name("theirs.db"))
    chance = np.random.default_rng(5)
    with patch("frostglass.boundary.noise.rounded_gaussian.os.urandom", lambda size: chance.bytes(size)):
        made = released(true.codebook, theirs)
    paid = true.contents.answers.measurements[0].receipt
    measured = tuple(
        replace(
            each,
            receipt=replace(
                each.receipt, ledger_id=paid.ledger_id, release_id=paid.release_id, seq=paid.seq, head=paid.head
            ),
        )
        for each in made.answers.measurements
    )
    claimed = made_of(true.contents, Answers(measured, None), public_key=theirs.public_key)
    seal(claimed, folder, sign=theirs.sign)
    return folder


def made_of(contents: Contents, answers: Answers, **changes: object) -> Contents:
    """The contents with other answers and whatever else is changed; records and counts are made of these answers."""
    records, counts = build(
        strategy(contents.plan.strategy),
        contents.codebook,
        contents.codebook.clauses,
        answers.measurements,
        plan=contents.plan,
        seed=contents.sampling_seed,
    )
    return replace(contents, answers=answers, records=records, counts=counts, **changes)  # type: ignore[arg-type]


def _made_with_scripted_noise(true: Genuine) -> Figure:
    """Alone it passes, and says that only key and ledger can tell; against both it is refused."""
    by_key, by_ledger = true.verified_against(forge(true))
    refused = (not by_key.ok) + (not by_ledger.ok)
    what = "a whole release with scripted noise, consistent and signed with another key: against key and ledger"
    return Figure(what, "2 of 2 refused", f"{refused} of 2 refused", refused == 2)


def _signed_with_the_stolen_key(true: Genuine) -> Figure:
    """The limit: who has the key signs what they like. The ledger still tells, as long as it was not forged as well."""
    copy = true.copy()
    resign(copy, {"scope": {**json.loads((copy / MANIFEST).read_bytes())["scope"], "releases": 9}}, _stolen(true))
    by_key, by_ledger = true.verified_against(copy)
    return Figure(
        "a bundle forged with the stolen key: against the ledger",
        "refused (the key alone cannot tell)",
        ("refused" if not by_ledger.ok else "passed") + (", and passes the key" if by_key.ok else ", also by the key"),
        not by_ledger.ok and by_key.ok,
    )


def too_little_noise_for_the_distances(contents: Contents) -> Contents:
    """Three fifths of it, stated as what it is, at 2.8 times the cost, which the whole release is said to have."""
    distances, less = contents.answers.distances, Fraction(3, 5)
    assert distances is not None
    receipt = replace(distances.receipt, sigma=distances.receipt.sigma * less, rho=distances.receipt.rho / less**2)
    louder = replace(distances, receipt=receipt, sd=noise_sd(receipt.mechanism, float(receipt.sigma)))
    changed = replace(contents, answers=replace(contents.answers, distances=louder))
    nano_rho = ceil(NANO * sum(each.rho for each in changed.answers.receipts))
    scope = replace(contents.scope, spent=nano_rho, allowance=2 * nano_rho)
    return _promising(replace(changed, scope=scope), nano_rho=nano_rho)


def too_small_an_epsilon(contents: Contents) -> Contents:
    """Four fifths of what the same noise gives, at the cost that it has."""
    epsilon = contents.plan.epsilon * Fraction(4, 5)
    return _promising(replace(contents, plan=replace(contents.plan, epsilon=epsilon)))


def a_mechanism_that_the_accountant_cannot_value(contents: Contents) -> Contents:
    """Gaussian noise on the whole numbers themselves, valued by the theorem for rounded noise, at the same sigma."""
    distances = contents.answers.distances
    assert distances is not None
    answers = Answers(
        tuple(replace(each, **_discrete(each)) for each in contents.answers.measurements),
        replace(distances, **_discrete(distances)),
    )
    return _promising(made_of(contents, answers), mechanism=DISCRETE_GAUSSIAN)


def an_exchange_as_if_nothing_was_chosen(contents: Contents) -> Contents:
    """The figure for exchanging one person for another that a release of the same cost has which asks no distances."""
    fixed = Workload(_wanted(contents).fixed)
    return _promising(contents, fixed)


def _discrete(answer: Measurement | Distances) -> dict[str, Any]:
    """The discrete Gaussian of the same sigma, with its sd."""
    receipt = replace(answer.receipt, mechanism=DISCRETE_GAUSSIAN)
    return {"receipt": receipt, "sd": noise_sd(receipt.mechanism, float(receipt.sigma))}


def _promising(contents: Contents, wanted: Workload | None = None, **changes: Any) -> Contents:
    """With the figures that a guarantee of this mechanism and cost has, where ``wanted`` is measured."""
    asked = replace(contents.guarantee, **changes)
    figures = guarantee(
        contents.plan,
        wanted or _wanted(contents),
        asked.delta,
        accountant(asked.accountant),
        asked.mechanism,
        asked.nano_rho,
    )
    return replace(contents, guarantee=figures)


def _wanted(contents: Contents) -> Workload:
    return contents.plan.workload(contents.plan.applied_to(contents.codebook).domain)


NOT_WORTH_THE_PROMISE: Mapping[str, Callable[[Contents], Contents]] = {
    each.__name__: each
    for each in (
        too_little_noise_for_the_distances,
        too_small_an_epsilon,
        a_mechanism_that_the_accountant_cannot_value,
        an_exchange_as_if_nothing_was_chosen,
    )
}
"""Releases that agree with themselves, and whose noise does not give the figures that they promise."""


def refused_of(true: Genuine, change: Callable[[Contents], Contents]) -> list[str]:
    """Names of the checks that fail, alone, of a changed release that is signed with the stolen key."""
    folder = true.bundle.with_name(change.__name__)
    seal(change(true.contents), folder, sign=true.ledger.sign)
    return [each.name for each in bundles.verify(folder).checks if not each.ok]


def _not_worth_the_promise() -> Figure:
    """Whoever has the key could sign these; the accountant alone tells."""
    with genuine(cells=FEW_CELLS) as true:
        found = [refused_of(true, each) for each in NOT_WORTH_THE_PROMISE.values()]
    refused = found.count(["guarantee"])
    what = "noise that is not worth the promised epsilon, all made to fit, signed with the stolen key: by the guarantee"
    return Figure(what, f"{len(found)} of {len(found)} refused", f"{refused} refused", refused == len(found))


def _stolen(true: Genuine) -> SigningKey:
    assert true.ledger.path is not None
    return SigningKey.read(true.ledger.path.with_name(f"{true.ledger.path.name}.key"))
