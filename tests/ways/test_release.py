"""One release from end to end: what it holds, what it refuses, and what a crash leaves behind."""

from __future__ import annotations

import gc
import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from dp_accounting.pld.privacy_loss_mechanism import GaussianPrivacyLoss

from audits.epsilon.reference_accounting import delta_of, price_of_error, within
from audits.inputs.forgeries import resign
from frostglass import codebooks
from frostglass.boundary import staging
from frostglass.boundary.accountant import accountant
from frostglass.boundary.curator import Curator
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.signing_key import SigningKey
from frostglass.boundary.noise.rounded_gaussian import RoundedGaussian
from frostglass.boundary.noise.scripted import ScriptedNoise
from frostglass.bundle.contents import Contents
from frostglass.bundle.format import measurement_file
from frostglass.bundle.format.formats import records_frame
from frostglass.bundle.seal import seal as seal_forged
from frostglass.counting.tally import tally
from frostglass.counting.weighted_rows import WeightedRows
from frostglass.errors import (
    BudgetError,
    BundleError,
    CodebookError,
    FrostglassError,
    InputError,
    LedgerError,
    UsageError,
)
from frostglass.released.answers import Answers, Glass
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.sensitive.coding.draft import draft
from frostglass.sensitive.coding.intake import read
from frostglass.synthesis import strategy as strategies
from frostglass.synthesis.measure_and_fit import MeasureAndFit
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Sensitive
from frostglass.terms.domain import Domain
from frostglass.terms.plan import Plan
from frostglass.terms.question import Question
from frostglass.terms.unit import PrivacyUnit
from frostglass.terms.workload import Workload
from frostglass.ways import finishing, pricing
from frostglass.ways import plan as foresight
from frostglass.ways import release as pipeline
from frostglass.ways import verify as bundles
from frostglass.ways.build import build
from frostglass.ways.finishing import finish, refuse_output
from frostglass.ways.neighbours import shown
from frostglass.ways.order import Order
from frostglass.ways.pricing import guarantee, planned_noise
from frostglass.ways.resuming import is_staged
from tests.boundary.support import at_home
from tests.bundle.support import reseal
from tests.survey import FEW_CELLS, survey

NOTHING = ScriptedNoise(lambda _sigma, size: np.zeros(size, dtype=np.int64))


def plan_for(book: Codebook, epsilon: str = "2", **changes: object) -> Plan:
    plan = Plan(book.id, book.sha256, Fraction(epsilon), PrivacyUnit(book.unit))
    return replace(plan, **changes)  # type: ignore[arg-type]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger.create(tmp_path / "budget.db")
    made.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ann")
    return made


def released(source: object, book: Codebook, ledger: Ledger, **changes: object) -> Contents:
    return pipeline.release(source, book, plan_for(book, **changes), Order("s", by="ann"), ledger=ledger)  # type: ignore[arg-type]


def test_a_release_is_counts_and_records_that_agree(small: Codebook, ledger: Ledger, survey_csv: Path) -> None:
    """Counts are tallies of the records, no child is above its parents, length-1 counts add up to N."""
    contents = released(survey_csv, small, ledger)
    records, counts = contents.records, contents.counts
    domain = small.domain
    tables = {}
    for block in counts.blocks:
        table = tally(records.codes, domain.axes(block.attributes), domain.shape(block.attributes))
        tables[block.attributes] = table
        assert (table[tuple(block.positions.T.astype(np.int64))] == block.count).all()
        assert table.sum() == block.count.sum() == len(records) == counts.total
        assert (block.low <= block.high).all()
        assert (block.low >= 0).all()
        assert (block.released == (block.count >= counts.tau)).all() or len(block.attributes) == 1
    for attributes, table in tables.items():
        for name in attributes if len(attributes) > 1 else ():
            parent = AttributeSet.of(set(attributes) - {name})
            axis = domain.axes(attributes).index(domain.place(name))
            assert (table <= np.expand_dims(tables[parent], axis)).all()


def test_the_records_keep_the_structural_rules(small: Codebook, ledger: Ledger, survey_csv: Path) -> None:
    records = records_frame(released(survey_csv, small, ledger, epsilon="0.3").records)
    assert records["age"].null_count() == 0
    assert set(records.filter(works="1")["age"]) <= {"18-59", "60+"}


def test_without_noise_the_number_of_records_is_the_number_of_people(small: Codebook) -> None:
    ledger = Ledger.ephemeral(epsilon=Fraction(4), delta=Fraction("1e-6"))
    contents = pipeline.release(survey(600), small, plan_for(small), Order("ephemeral"), ledger=ledger, noise=NOTHING)
    assert len(contents.records) == 600


def test_a_sealed_bundle_verifies_and_the_ledger_knows_it(
    small: Codebook, ledger: Ledger, survey_csv: Path, tmp_path: Path
) -> None:
    contents = released(survey_csv, small, ledger)
    bundle = pipeline.seal(contents, tmp_path / "out", ledger=ledger)
    report = bundles.verify(bundle.path)
    assert report.ok, report.text()
    assert ledger.state(contents.release_id) == "sealed"
    assert not (tmp_path / "budget.db.staged").exists()


@pytest.mark.parametrize(
    "changes",
    [{"replace_one": 2.0}, {"groups": ((2, 1.0), (3, 1.0), (5, 1.0), (10, 1.0))}],
)
def test_a_bundle_that_promises_more_than_its_noise_gives_does_not_verify(
    changes: dict[str, object], small: Codebook, ledger: Ledger, survey_csv: Path, tmp_path: Path
) -> None:
    """The accountant has the last word on the figures of the guarantee, whoever wrote the manifest."""
    contents = released(survey_csv, small, ledger)
    forged = replace(contents, guarantee=replace(contents.guarantee, **changes))  # type: ignore[arg-type]
    seal_forged(forged, tmp_path / "out", sign=ledger.sign)
    report = bundles.verify(tmp_path / "out")
    assert [check.name for check in report.checks if not check.ok] == ["guarantee"]


def test_no_exact_number_enters_what_is_published(small: Codebook) -> None:
    """The same answers for two different tables give the same bundle, byte for byte but for the ledger's own marks.

    The noise of the second is what makes its answers equal to the first's.
    """
    outputs = []
    for rows in (600, 7):
        ledger = Ledger.ephemeral(epsilon=Fraction(4), delta=Fraction("1e-6"))
        target = iter(_answers(small, 600))
        truth = iter(_answers(small, rows))
        noise = ScriptedNoise(lambda _s, _n, target=target, truth=truth: next(target) - next(truth))  # type: ignore[misc]
        contents = pipeline.release(
            survey(rows),
            small,
            plan_for(small),
            Order("ephemeral", random_state=5),
            ledger=ledger,
            noise=noise,
        )
        outputs.append(contents)
    assert (outputs[0].records.codes == outputs[1].records.codes).all()
    for one, other in zip(outputs[0].counts.blocks, outputs[1].counts.blocks, strict=True):
        assert (one.count == other.count).all()
        assert (one.low == other.low).all()
        assert (one.high == other.high).all()


def _answers(book: Codebook, rows: int) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Exact tables in the order in which the strategy asks for them."""
    domain = book.domain
    frame = survey(rows)
    codes = np.stack(
        [[one.positions[value or "(missing)"] for value in frame[one.name]] for one in domain.attributes], axis=1
    ).astype(np.uint16)
    sets = [each for order in (1, 2, 3) for each in domain.sets_of_length(order)]
    return [tally(codes, domain.axes(each), domain.shape(each)).ravel() for each in sets]


def test_nothing_of_the_clear_side_is_left_in_memory_when_the_fit_begins(
    small: Codebook, ledger: Ledger, survey_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes after the noise could not look at the data if it wanted to: neither the table nor a curator lives."""

    def held() -> int:
        gc.collect()
        return sum(is_private(each) for each in gc.get_objects())

    def is_private(each: object) -> bool:
        """The bundle is rehearsed with rows of nobody, which are not."""
        if isinstance(each, WeightedRows):
            return bool(each.records)
        return isinstance(each, CodedTable | Sensitive | Curator)

    left = []

    def looked_at(*arguments: object, **options: object) -> object:
        left.append(held())
        return build(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "build", looked_at)
    before = held()
    released(survey_csv, small, ledger)
    assert left == [before]


def test_the_messages_after_the_reservation_are_the_same_for_every_table(small: Codebook) -> None:
    said: list[list[str]] = []
    for rows in (0, 1, 600):
        ledger = Ledger.ephemeral(epsilon=Fraction(4), delta=Fraction("1e-6"))
        lines: list[str] = []
        order = Order("ephemeral", random_state=5, allow_empty=True)
        pipeline.release(survey(rows), small, plan_for(small), order, ledger=ledger, progress=lines.append)
        said.append([line for line in lines if not line.startswith(("fitting", "preparing"))])
    assert said[0] == said[1] == said[2]


def test_a_release_beyond_the_allowance_is_refused_and_spends_nothing(
    small: Codebook, ledger: Ledger, survey_csv: Path
) -> None:
    released(survey_csv, small, ledger, epsilon="3")
    before = ledger.scope("s").spent
    with pytest.raises(BudgetError, match="FG-BU-001"):
        released(survey_csv, small, ledger, epsilon="2.9")
    assert ledger.scope("s").spent == before


def test_a_refused_table_spends_nothing(small: Codebook, ledger: Ledger, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("sex,age,works,langs\nF,18-59,1,xx\n")
    with pytest.raises(InputError):
        released(bad, small, ledger)
    assert ledger.scope("s").spent == 0
    assert [entry.kind for entry in ledger.entries()] == ["genesis", "open"]


def test_an_unconfirmed_draft_is_refused_before_anything_is_read(ledger: Ledger, tmp_path: Path) -> None:

    book = codebooks.loads(draft(read(survey(600)), id="drafted"), source="drafted.toml")
    with pytest.raises(CodebookError):
        released(tmp_path / "there-is-no-such-file.csv", book, ledger)


class Crash(BaseException):
    """Stands in for the machine going away."""


def crash(*_args: object, **_named: object) -> None:
    raise Crash


@pytest.mark.parametrize(
    ("where", "resumes"), [("measure", False), ("stage", False), ("commit", True), ("build", True), ("seal", True)]
)
def test_a_crash_at_any_step_is_never_under_counted_and_never_drawn_twice(
    where: str,
    resumes: bool,
    small: Codebook,
    ledger: Ledger,
    survey_csv: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before the stage the reservation is lost; from the stage on the same command goes on at no cost."""
    targets: dict[str, tuple[object, str]] = {
        "measure": (MeasureAndFit, "measure"),
        "stage": (staging, "stage"),
        "commit": (Ledger, "commit"),
        "build": (pipeline, "build"),
        "seal": (pipeline, "seal_bundle"),
    }

    def whole() -> Contents:
        contents = released(survey_csv, small, ledger, epsilon="1.5")
        pipeline.seal(contents, tmp_path / "out", ledger=ledger)
        return contents

    with monkeypatch.context() as patch:
        patch.setattr(*targets[where], crash)
        with pytest.raises(Crash):
            whole()
    spent = ledger.scope("s").spent
    assert spent > 0
    assert not (tmp_path / "out").exists()
    staged = sorted((tmp_path / "budget.db.staged").glob("*/measurements.parquet"))
    before = staged[0].read_bytes() if staged else b""
    contents = whole()
    assert ledger.scope("s").spent == (spent if resumes else 2 * spent)
    if resumes:
        assert (tmp_path / "out" / "measurements.parquet").read_bytes() == before
    assert not bundles.verify(tmp_path / "out").failed
    assert ledger.state(contents.release_id) == "sealed"
    assert not (tmp_path / "budget.db.staged").exists() or where == "stage"


def test_a_staged_release_is_not_given_to_other_data(
    small: Codebook, ledger: Ledger, survey_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "commit", crash)
        with pytest.raises(Crash):
            released(survey_csv, small, ledger, epsilon="1")
    with pytest.raises(LedgerError, match="FG-LG-051"):
        released(survey(599), small, ledger, epsilon="1")
    fresh = pipeline.release(survey(599), small, plan_for(small, "1"), Order("s", fresh=True), ledger=ledger)
    assert ledger.scope("s").releases == 2
    assert fresh.records is not None


def test_a_finished_release_is_not_resumed_but_paid_for_again(
    small: Codebook, ledger: Ledger, survey_csv: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        pipeline.seal(released(survey_csv, small, ledger, epsilon="1"), tmp_path / name, ledger=ledger)
    assert ledger.scope("s").releases == 2


def test_two_years_of_one_scope_verify_and_add_up(small: Codebook, ledger: Ledger, tmp_path: Path) -> None:
    for year, rows in ((1, 500), (2, 700)):
        contents = released(survey(rows), small, ledger, epsilon="2")
        pipeline.seal(contents, tmp_path / f"year-{year}", ledger=ledger)
    assert all(bundles.verify(tmp_path / f"year-{year}").ok for year in (1, 2))
    summary = ledger.scope("s")
    assert summary.plain_epsilon == 4
    assert 2 < summary.tight_epsilon < 4


def test_a_ledger_older_than_a_neighbouring_bundle_is_refused(
    small: Codebook, ledger: Ledger, survey_csv: Path, tmp_path: Path
) -> None:
    """A restored backup would otherwise forget what was spent, even when its witness is lost too."""
    ledger.backup(tmp_path / "monday.db")
    pipeline.seal(released(survey_csv, small, ledger, epsilon="1"), tmp_path / "out", ledger=ledger)
    for old in (tmp_path / "budget.db", tmp_path / "budget.db.witness"):
        old.unlink()
    restored = Ledger.open(at_home((tmp_path / "monday.db").rename(tmp_path / "budget.db")))
    with pytest.raises(LedgerError, match="reconcile"):
        refuse_output(tmp_path / "next", small, plan_for(small), restored)
    restored.reconcile(shown([tmp_path / "out"], restored).known, by="bea", reason="the disk died")
    refuse_output(tmp_path / "next", small, plan_for(small), restored)
    assert restored.scope("s").spent > 0


def test_what_an_ephemeral_ledger_or_scripted_noise_paid_for_is_never_sealed(
    small: Codebook, ledger: Ledger, tmp_path: Path
) -> None:
    ephemeral = Ledger.ephemeral(epsilon=Fraction(4), delta=Fraction("1e-6"))
    cases: list[tuple[Ledger, str, ScriptedNoise | None]] = [(ephemeral, "ephemeral", None), (ledger, "s", NOTHING)]
    for paying, scope, noise in cases:
        contents = pipeline.release(survey(50), small, plan_for(small), Order(scope), ledger=paying, noise=noise)
        with pytest.raises(BundleError, match="FG-BN-003"):
            pipeline.seal(contents, tmp_path / "out", ledger=paying)
        assert not (tmp_path / "out").exists()


def test_the_zcdp_scope_is_drawn_with_the_discrete_gaussian(small: Codebook, tmp_path: Path) -> None:
    ledger = Ledger.create(tmp_path / "z.db")
    ledger.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), accountant="zcdp")
    contents = released(survey(300), small, ledger, epsilon="4")
    assert contents.guarantee.mechanism == "discrete-gaussian"
    pipeline.seal(contents, tmp_path / "out", ledger=ledger)
    assert not bundles.verify(tmp_path / "out").failed


class PairsFirst(MeasureAndFit):
    """A strategy of another kind: looks at the pairs, then asks for the one triple that they make look busiest."""

    name = "pairs-first"

    def measure(
        self,
        domain: Domain,
        workload: Workload,
        glass: Glass,
        progress: Callable[[str], None],
    ) -> Answers:
        ask = glass.measure
        singles = [ask(Question(each, Fraction(1, 40))) for each in domain.sets_of_length(1)]
        pairs = [ask(Question(each, Fraction(1, 12))) for each in domain.sets_of_length(2)]
        busiest = max(pairs, key=lambda pair: int(pair.answer.max())).attributes
        third = next(name for name in domain.names if name not in busiest)
        triple = ask(Question(AttributeSet.of([*busiest, third]), Fraction(1, 4)))
        return Answers((*singles, *pairs, triple), None)


def test_another_strategy_needs_no_change_on_the_clear_side_or_in_the_glass(
    small: Codebook, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is adaptive, and the counts beyond its tables get bounds from their parents."""
    monkeypatch.setitem(strategies.STRATEGIES, "pairs-first", PairsFirst())
    contents = released(survey(600), small, ledger, strategy="pairs-first")
    assert len(contents.answers.measurements) == 4 + 6 + 1
    assert sum(each.receipt.rho for each in contents.answers.measurements) < Fraction(
        contents.guarantee.nano_rho, 10**9
    )
    assert sum(1 for block in contents.counts.blocks if np.isnan(block.sd).any()) == 3


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_every_reporting_length_works(length: int, small: Codebook, ledger: Ledger, tmp_path: Path) -> None:
    contents = released(survey(400), small, ledger, length=length, epsilon="1")
    assert max(len(block.attributes) for block in contents.counts.blocks) == length
    assert sum(each.receipt.rho for each in contents.answers.measurements) == Fraction(
        contents.guarantee.nano_rho, 10**9
    )
    pipeline.seal(contents, tmp_path / "out", ledger=ledger)
    assert not bundles.verify(tmp_path / "out").failed


def test_an_estimated_number_below_one_gives_an_empty_valid_bundle(
    small: Codebook, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noise that takes everything away is as likely as any other."""
    monkeypatch.setattr(
        "frostglass.boundary.noise.rounded_gaussian.RoundedGaussian.draw",
        lambda _self, _sigma, size: np.full(size, -50, np.int64),
    )
    contents = released(survey(20), small, ledger)
    bundle = pipeline.seal(contents, tmp_path / "out", ledger=ledger)
    assert bundle.manifest.total == 0
    assert "empty" in bundle.statement
    assert {each.name for each in bundles.verify(tmp_path / "out").failed} <= {"noise"}, "no noise is that even"


def test_a_person_with_many_rows_counts_for_at_most_m(small: Codebook, ledger: Ledger) -> None:
    frame = survey(600).with_columns(person=pl.Series([f"p{i // 3}" for i in range(600)]))
    for most, expected in ((1, 200), (2, 400)):
        ephemeral = Ledger.ephemeral(epsilon=Fraction(4), delta=Fraction("1e-6"))
        unit = PrivacyUnit("person", most, "person")
        contents = pipeline.release(
            frame,
            small,
            plan_for(small, unit=unit),
            Order("ephemeral"),
            ledger=ephemeral,
            noise=NOTHING,
        )
        assert len(contents.records) == expected
        assert {each.receipt.sensitivity for each in contents.answers.measurements} == {most}


def test_foresight_is_what_the_release_then_has(small: Codebook, ledger: Ledger) -> None:
    """The errors that `plan` states are those of the release, and nothing is opened or spent for them."""
    plan = plan_for(small)
    foreseen = foresight.foresight(small, plan, accountant("gdp"), Fraction("1e-6"))
    assert ledger.scope("s").spent == 0
    contents = released(survey(600), small, ledger)
    assert contents.counts.tau == foreseen.tau
    assert contents.guarantee.nano_rho == foreseen.nano_rho
    for row in foreseen.rows:
        found = sorted(float(b.sd[0]) for b in contents.counts.blocks if len(b.attributes) == row.length and len(b.sd))
        assert (row.sd[0], row.sd[-1]) == pytest.approx((found[0], found[-1]), rel=1e-9)


def test_a_plan_for_another_codebook_is_refused(small: Codebook, ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="FG-OP-031"):
        released(survey(5), small, ledger, codebook_sha256="0" * 64)


def test_each_of_two_unfinished_releases_goes_back_to_its_own_table(
    small: Codebook, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both were drawn under one plan and cut short; neither is paid for again, whichever is finished first."""
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "commit", crash)
        order = Order("s", fresh=True)
        for rows in (400, 500):
            with pytest.raises(Crash):
                pipeline.release(survey(rows), small, plan_for(small, "1"), order, ledger=ledger)
    spent = ledger.scope("s").spent
    ids = set()
    for rows in (400, 500):
        contents = released(survey(rows), small, ledger, epsilon="1")
        pipeline.seal(contents, tmp_path / str(rows), ledger=ledger)
        ids.add(contents.release_id)
    assert len(ids) == 2
    assert ledger.scope("s").spent == spent


def test_a_bundle_that_was_complete_before_the_crash_is_entered_not_made_again(
    small: Codebook, ledger: Ledger, survey_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = released(survey_csv, small, ledger)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "enter", crash)
        with pytest.raises(Crash):
            pipeline.seal(contents, tmp_path / "out", ledger=ledger)
    before = (tmp_path / "out" / "manifest.json").read_bytes()
    assert finish(tmp_path / "out", plan_for(small), Order("s"), ledger) is not None
    assert (tmp_path / "out" / "manifest.json").read_bytes() == before
    assert ledger.state(contents.release_id) == "sealed"
    assert finish(tmp_path / "out", plan_for(small), Order("s"), ledger) is None
    assert not (tmp_path / "budget.db.staged").exists()


def flip(out: Path) -> None:
    """One bit of what was measured."""
    path = out / "measurements.parquet"
    data = path.read_bytes()
    path.write_bytes(data[:200] + bytes([data[200] ^ 1]) + data[201:])


def fit(out: Path) -> None:
    """Another limitation in the statement, with the hash in the manifest made to fit: its signature does not."""
    path = out / "statement.md"
    path.write_bytes(path.read_bytes() + b"Exact counts.\n")
    reseal(out, {"statement.md": path.read_bytes()})


def name_another_entry(out: Path) -> None:
    """As the one that committed it; all texts and hashes fit, and the key is the true one."""
    words = json.loads((out / "manifest.json").read_bytes())["ledger"]
    resign(out, {"ledger": {**words, "seq": words["seq"] + 1}}, SigningKey.read(out.with_name("budget.db.key")))
    assert not bundles.verify(out).failed


@pytest.mark.parametrize(
    "change",
    [
        flip,
        fit,
        name_another_entry,
        lambda out: (out / "counts.csv").unlink(),
        lambda out: (out / "counts.csv").write_bytes(b""),
        lambda out: (out / "more.txt").write_text("exact"),
    ],
    ids=["a bit", "a text that fits", "another entry", "a file less", "an empty file", "a file more"],
)
def test_a_bundle_that_was_changed_since_the_crash_is_never_entered_as_sealed(
    change: Callable[[Path], object],
    small: Codebook,
    ledger: Ledger,
    survey_csv: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The ledger would vouch for it for ever; as it is, the same release is made again from what is staged."""
    contents = released(survey_csv, small, ledger, epsilon="1", length=2)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "enter", crash)
        with pytest.raises(Crash):
            pipeline.seal(contents, tmp_path / "out", ledger=ledger)
    change(tmp_path / "out")
    assert finish(tmp_path / "out", plan_for(small, "1", length=2), Order("s"), ledger) is None
    assert ledger.state(contents.release_id) == "committed"
    assert is_staged(ledger, contents.release_id)
    again = released(survey_csv, small, ledger, epsilon="1", length=2)
    assert again.release_id == contents.release_id
    assert bundles.verify(pipeline.seal(again, tmp_path / "next", ledger=ledger).path, ledger=ledger).ok


def test_only_the_bundle_that_was_sealed_lets_its_staged_answers_go(
    small: Codebook, ledger: Ledger, survey_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else says of itself that it is this release."""
    contents = released(survey_csv, small, ledger, epsilon="1", length=2)
    with monkeypatch.context() as patch:
        patch.setattr(finishing, "tidy", crash)
        with pytest.raises(Crash):
            pipeline.seal(contents, tmp_path / "out", ledger=ledger)
    sealed = (tmp_path / "out" / "manifest.json").read_bytes()
    reseal(tmp_path / "out", {}, {"sampling_seed": 1})
    assert finish(tmp_path / "out", plan_for(small, "1", length=2), Order("s"), ledger) is None
    assert is_staged(ledger, contents.release_id)
    (tmp_path / "out" / "manifest.json").write_bytes(sealed)
    assert finish(tmp_path / "out", plan_for(small, "1", length=2), Order("s"), ledger) is not None
    assert not is_staged(ledger, contents.release_id)


def test_other_answers_than_were_committed_are_not_taken_up_again(
    small: Codebook, ledger: Ledger, survey_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else somebody could draw until they like the noise."""
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "build", crash)
        with pytest.raises(Crash):
            released(survey_csv, small, ledger, epsilon="1")
    (folder,) = (tmp_path / "budget.db.staged").iterdir()
    path, note = folder / "measurements.parquet", json.loads((folder / "stage.json").read_text())
    answers = measurement_file.decode(path.read_bytes(), small.domain)
    liked = tuple(replace(each, answer=each.answer + 1) for each in answers.measurements)
    path.write_bytes(measurement_file.encode(replace(answers, measurements=liked), small.domain))
    note["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "stage.json").write_text(json.dumps(note))
    with pytest.raises(LedgerError, match="FG-LG-050"):
        released(survey_csv, small, ledger, epsilon="1")


def test_sealing_twice_leaves_no_second_bundle(
    small: Codebook, ledger: Ledger, survey_csv: Path, tmp_path: Path
) -> None:
    contents = released(survey_csv, small, ledger)
    pipeline.seal(contents, tmp_path / "out", ledger=ledger)
    with pytest.raises(LedgerError):
        pipeline.seal(contents, tmp_path / "stray", ledger=ledger)
    assert not (tmp_path / "stray").exists()


@pytest.mark.parametrize("where", ["stage", "seal"])
def test_a_full_disk_says_what_was_spent_and_what_to_do(
    where: str, small: Codebook, ledger: Ledger, survey_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*((staging, "stage") if where == "stage" else (pipeline, "seal_bundle")), full)
        with pytest.raises(FrostglassError, match="counts as spent"):
            pipeline.seal(released(survey_csv, small, ledger), tmp_path / "out", ledger=ledger)
    assert not (tmp_path / "out").exists()


def test_no_room_for_a_bundle_is_told_before_anything_is_spent(
    small: Codebook, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 1_000_000}))
    with pytest.raises(BundleError, match="FG-BN-065"):
        refuse_output(tmp_path / "out", small, plan_for(small), ledger)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, "7", True])
def test_a_seed_that_could_not_be_sealed_is_refused_at_once(seed: object) -> None:
    with pytest.raises(UsageError, match="FG-OP-035"):
        Order("s", random_state=seed)  # type: ignore[arg-type]


@pytest.mark.parametrize("threshold", [float("nan"), float("inf")])
def test_a_threshold_that_could_not_be_sealed_is_refused_at_once(threshold: float, small: Codebook) -> None:
    with pytest.raises(UsageError, match="FG-OP-007"):
        plan_for(small, accept={"records_off": threshold})


def test_noise_that_cannot_be_drawn_is_refused_before_anything_is_spent(small: Codebook, ledger: Ledger) -> None:
    unit = PrivacyUnit("person", 1000, "key")
    with pytest.raises(UsageError, match="FG-OP-033"):
        released(survey(50), small, ledger, epsilon="0.01", unit=unit)
    assert [entry.kind for entry in ledger.entries()] == ["genesis", "open"]


def used_of_the_reserve(contents: Contents) -> int:
    """Table error of all draws of a release, in units of 2**-128."""
    domain, noise, distances = contents.codebook.domain, RoundedGaussian(), contents.answers.distances
    used = sum(
        noise.table_error(each.receipt.sigma) * domain.cells(each.attributes) for each in contents.answers.measurements
    )
    return used + (noise.table_error(distances.receipt.sigma) * len(distances.candidates) if distances else 0)


def six_flags() -> Codebook:
    """Of their 20 triples, which have eight cells each, a plan of 228 cells chooses 17."""
    flags = [f'[[variable]]\nname = "f{i}"\ntype = "flag"\nrole = "quasi"' for i in range(6)]
    head = '[codebook]\nid = "flags"\nversion = "1"\ntitle = "Flags"\nunit = "person"'
    return codebooks.loads("\n\n".join([head, *flags]), source="flags.toml")


@pytest.mark.parametrize(
    ("book", "changes"),
    [(None, {}), (None, {"length": 1}), (six_flags(), {"cells": 228})],
    ids=["tables", "values", "a choice"],
)
def test_a_plan_that_could_use_more_than_the_samplers_share_is_refused_before_anything_is_spent(
    book: Codebook | None,
    changes: dict[str, object],
    small: Codebook,
    ledger: Ledger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a share that is smaller by one unit than what the same release really used; with a tenth more it passes."""
    book = book or small
    table = survey(60) if book is small else pl.DataFrame({name: ["1", ""] * 30 for name in book.domain.names})
    contents = released(table, book, ledger, epsilon="1", **changes)
    assert (contents.answers.distances is not None) == ("cells" in changes)
    used, before = used_of_the_reserve(contents), list(ledger.entries())
    monkeypatch.setattr(pricing, "SAMPLER_UNITS", used - 1)
    with pytest.raises(UsageError, match="FG-OP-034"):
        released(tmp_path / "there-is-no-such-file.csv", book, ledger, epsilon="1", **changes)
    assert list(ledger.entries()) == before
    monkeypatch.setattr(pricing, "SAMPLER_UNITS", used + used // 10)
    planned_noise(book, contents.plan, contents.guarantee.nano_rho, RoundedGaussian())


def test_a_release_keeps_its_delta_with_the_table_error_of_all_its_draws(small: Codebook, ledger: Ledger) -> None:
    """delta(mu, epsilon) + (1 + e**epsilon) t <= delta, with what was measured and not what was reserved."""
    contents = released(survey(60), small, ledger, epsilon="4", cells=FEW_CELLS)
    promised = contents.guarantee
    spent = delta_of("gdp", promised.nano_rho, promised.epsilon)
    assert within(spent + price_of_error(used_of_the_reserve(contents), promised.epsilon), promised.delta)
    (reserved,) = (each.body["sampler_units"] for each in ledger.entries() if each.kind == "reserve")
    assert isinstance(reserved, int)
    assert used_of_the_reserve(contents) <= reserved
    assert within(spent + price_of_error(reserved, promised.epsilon), promised.delta)


def test_the_figures_for_groups_are_those_of_an_independent_library(small: Codebook) -> None:
    """k people together move every table by k at most: one Gaussian of sensitivity k."""
    account, delta, nano_rho = accountant("gdp"), Fraction("1e-6"), 40_000_000
    plan = plan_for(small, "1.3")
    wanted = plan.workload(small.domain)
    figures = guarantee(plan, wanted, delta, account, "rounded-gaussian", nano_rho)
    assert [size for size, _ in figures.groups] == [2, 3, 5, 10]
    for size, stated in figures.groups:
        exact = GaussianPrivacyLoss(math.sqrt(10**9 / (2 * nano_rho)), sensitivity=size)
        assert exact.get_delta_for_epsilon(stated) <= float(delta)
        assert exact.get_delta_for_epsilon(stated - 1e-6) > float(delta) * (1 - 1e-7)


def test_groups_beyond_what_is_proved_get_no_figure(small: Codebook) -> None:
    """(1 + e**epsilon) times the table error must fit the share of delta that is set aside, at the group's epsilon."""
    account = accountant("gdp")
    plan = plan_for(small, "4")
    wanted = plan.workload(small.domain)
    figures = guarantee(plan, wanted, Fraction("1e-6"), account, "rounded-gaussian", 351_004_000)
    bounded = [size for size, epsilon in figures.groups if np.isfinite(epsilon)]
    assert bounded == [2, 3]
    assert np.isfinite(figures.replace_one)


def test_a_scope_keeps_one_unit(small: Codebook, ledger: Ledger) -> None:
    """Rows and persons are not the same people, so their losses are not added up."""
    released(survey(100), small, ledger, epsilon="1")
    table = survey(100).with_columns(pl.Series("key", [str(number) for number in range(100)]))
    with pytest.raises(LedgerError):
        released(table, small, ledger, epsilon="1", unit=PrivacyUnit("person", 2, "key"))


def test_a_bundle_that_another_ledger_paid_for_is_mentioned(
    small: Codebook, ledger: Ledger, survey_csv: Path, tmp_path: Path
) -> None:
    pipeline.seal(released(survey_csv, small, ledger), tmp_path / "out", ledger=ledger)
    other = Ledger.create(tmp_path / "other.db")
    other.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ann")
    assert len(refuse_output(tmp_path / "next", small, plan_for(small), other)) == 1


@pytest.mark.parametrize("epsilon", ["0.5", "4"])
def test_a_choice_among_tables_of_very_different_sizes_can_be_paid_for(epsilon: str) -> None:
    """The bound on the sampler's error goes by the sizes that there are, not by the lightest for all."""
    flags = [f'[[variable]]\nname = "f{i}"\ntype = "flag"\nrole = "quasi"' for i in range(10)]
    codes = ", ".join(f'"{code}"' for code in range(1, 10))
    wide = [f'[[variable]]\nname = "w{i}"\ntype = "nominal"\nrole = "quasi"\ncategories = [{codes}]' for i in range(52)]
    head = '[codebook]\nid = "wide"\nversion = "1"\ntitle = "Wide"\nunit = "person"'
    book = codebooks.loads("\n\n".join([head, *flags, *wide]), source="wide.toml")
    foreseen = foresight.foresight(book, plan_for(book, epsilon), accountant("gdp"), Fraction("1e-6"))
    assert foreseen.candidates > 30_000


def test_codes_that_look_like_marks_of_the_files_do_no_harm(tmp_path: Path, ledger: Ledger) -> None:
    """Once a code like that of the distances made a bundle that could not be read, after it had been paid for."""
    text = """
[codebook]
id = "odd"
version = "1"
title = "Odd"
unit = "person"

[[variable]]
name = "a"
type = "nominal"
role = "quasi"
categories = ["[distance]", "b"]

[[variable]]
name = "b"
type = "flag"
role = "quasi"
"""
    book = codebooks.loads(text, source="odd.toml")
    table = pl.DataFrame({"a": ["[distance]", "b", None] * 40, "b": ["1", None, "1"] * 40})
    bundle = pipeline.seal(released(table, book, ledger), tmp_path / "out", ledger=ledger)
    assert not bundles.verify(bundle.path).failed
