"""The Python door: the kind of table that came in comes out, and every fit is paid for."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import frostglass
from frostglass.errors import BudgetError, BundleError, InputError, UsageError
from frostglass.terms.codebook import Codebook
from tests.survey import SMALL, survey


def ephemeral(epsilon: int = 4) -> frostglass.Ledger:
    return frostglass.Ledger.ephemeral(epsilon=Fraction(epsilon), delta=Fraction("1e-6"))


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow", "file"])
def test_what_comes_out_is_of_the_kind_that_went_in(kind: str, small: Codebook, survey_csv: Path) -> None:
    frame = survey(600)
    table: object = {"polars": frame, "pandas": frame.to_pandas(), "arrow": frame.to_arrow(), "file": survey_csv}[kind]
    expected = {"polars": pl.DataFrame, "pandas": pd.DataFrame, "arrow": pa.Table, "file": pl.DataFrame}[kind]
    synthesizer = frostglass.Synthesizer(small, epsilon=2, ledger=ephemeral(), random_state=3)
    assert synthesizer.fit(table) is synthesizer
    for sample in (synthesizer.sample(), synthesizer.sample(25)):
        assert isinstance(sample, expected)
    assert synthesizer.release_ is not None
    assert isinstance(synthesizer.release_.records, expected)


def test_flags_stay_text_and_missing_stays_missing(small: Codebook) -> None:
    """1-or-blank columns that became 1.0 and NaN on the way are still "1" and missing."""
    frame = survey(600).to_pandas()
    frame["works"] = frame["works"].map({"1": 1.0})
    sample = frostglass.Synthesizer(small, epsilon=4, ledger=ephemeral()).fit(frame).sample()
    assert isinstance(sample, pd.DataFrame)
    assert set(sample["works"].dropna()) == {"1"}
    assert sample["works"].isna().any()


def test_sampling_is_free_and_another_number_keeps_the_shares(small: Codebook) -> None:
    ledger = ephemeral()
    synthesizer = frostglass.Synthesizer(small, epsilon=4, ledger=ledger, random_state=1).fit(survey(600))
    spent = ledger.scope("ephemeral").spent
    sample = synthesizer.sample(3_000)
    assert isinstance(sample, pl.DataFrame)
    assert sample.height == 3_000
    assert sample["sex"].eq_missing("F").mean() == pytest.approx(0.5, abs=0.08)
    assert ledger.scope("ephemeral").spent == spent


def test_every_fit_is_paid_for(small: Codebook) -> None:
    synthesizer = frostglass.Synthesizer(small, epsilon=4, ledger=ephemeral()).fit(survey(50))
    with pytest.raises(BudgetError):
        synthesizer.fit(survey(50))


def test_a_release_in_memory_answers_like_its_bundle(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL)
    ledger = frostglass.Ledger.create(str(tmp_path / "b.db"))
    ledger.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ann")
    release = frostglass.release(
        survey(600), tmp_path / "small.toml", epsilon=4, scope="s", ledger=str(tmp_path / "b.db"), by="ann"
    )
    bundle = release.seal(tmp_path / "out")
    opened = frostglass.open_bundle(str(tmp_path / "out"))
    assert release.counts.equals(opened.counts)
    assert isinstance(release.records, pl.DataFrame)
    assert release.records.equals(opened.records)
    assert release.count(sex="F") == opened.count({"sex": "F"})
    assert release.share(works="1", sex="F") == opened.share(works="1", sex="F") == bundle.share(works="1", sex="F")
    assert release.table("sex", "langs", share=True) == opened.table("sex", "langs", share=True)
    assert release.statement in opened.statement
    assert frostglass.verify(str(bundle.path)).ok


def test_a_release_that_was_cut_short_before_its_seal_is_finished_by_the_same_call(
    tmp_path: Path, small: Codebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle was there already, and only the ledger did not know."""
    ledger = frostglass.Ledger.create(tmp_path / "b.db")
    ledger.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ann")

    def again() -> object:
        return frostglass.release(
            survey(90), small, epsilon=1, scope="s", ledger=ledger, fit="fast", out=tmp_path / "out"
        )

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("frostglass.ways.release.enter", killed)
        with pytest.raises(Killed):
            again()
    spent = ledger.scope("s").spent
    with pytest.raises(BundleError, match="FG-BN-068"):
        again()
    assert ledger.scope("s").spent == spent
    assert ledger.state(frostglass.open_bundle(tmp_path / "out").manifest.release_id) == "sealed"
    with pytest.raises(BundleError, match="FG-BN-001"):
        again()


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda book: frostglass.Synthesizer(book, epsilon=2, ledger=ephemeral()).sample(), "FG-OP-101"),
        (lambda book: frostglass.Synthesizer(book, epsilon=2, ledger=ephemeral()).save("x"), "FG-OP-101"),
        (lambda book: frostglass.Synthesizer(book, epsilon=2, ledger=ephemeral(), delta=1e-7), "FG-OP-044"),
        (
            lambda book: frostglass.Synthesizer(book, epsilon=2, ledger=ephemeral()).fit(survey(9)).sample(-1),
            "FG-OP-102",
        ),
    ],
)
def test_wrong_use_is_told(call: Callable[[Codebook], object], code: str, small: Codebook) -> None:
    with pytest.raises(UsageError, match=code):
        call(small)


def test_the_public_names_are_lazy_and_complete() -> None:
    assert set(frostglass.__all__) <= set(dir(frostglass))
    for name in frostglass.__all__:
        assert getattr(frostglass, name) is not None
    with pytest.raises(AttributeError):
        frostglass.__getattr__("nothing")


def test_a_release_says_who_is_left_out_before_anything_is_spent(tmp_path: Path) -> None:
    """Raised as an error, the warning keeps the release from being paid."""
    (tmp_path / "small.toml").write_text(SMALL)
    table = survey(40).with_columns(person=pl.Series([f"P{number % 39}" for number in range(40)]))
    ledger = ephemeral()

    def release(frame: pl.DataFrame, **options: str) -> frostglass.Release:
        return frostglass.release(
            frame,
            tmp_path / "small.toml",
            epsilon=1,
            scope="ephemeral",
            ledger=ledger,
            length=1,
            fit="fast",
            **{"person_key": "person", **options},  # type: ignore[arg-type]
        )

    said = "FG-IN-044 person: 1 × people with more than 1 record; .*; left out: 1 record"
    with pytest.raises(UserWarning, match=said):
        release(table)
    placeholder = table.with_columns(person=pl.col("person").replace("P0", "n/a"))
    with pytest.raises(InputError, match="FG-IN-083"):
        release(placeholder)
    with pytest.raises(UsageError, match="FG-OP-056"):
        release(placeholder, placeholder_keys="yes")
    with pytest.raises(UsageError, match="FG-OP-057"):
        release(table, person_key="sex")
    assert ledger.scope("ephemeral").spent == 0
    with pytest.warns(UserWarning, match="person: ") as told:
        release(placeholder, placeholder_keys="allow")
    assert [str(one.message)[:9] for one in told] == ["FG-IN-083", "FG-IN-044"]
    assert ledger.scope("ephemeral").spent > 0
