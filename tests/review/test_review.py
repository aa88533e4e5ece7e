"""A review is private, tells a steward what to know, and gives nothing away on the way."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import polars as pl
import pytest

import frostglass
from frostglass.errors import FrostglassError
from frostglass.review.attacks.report import AttackReport, even
from frostglass.review.attacks.share import Share
from frostglass.review.pages.page import review_html
from frostglass.ways import review as reviewing
from tests.conftest import Command
from tests.survey import SMALL, survey

Review = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table, a ledger, and two releases of it that are one scope's."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "small.toml").write_text(SMALL)
    survey(600).write_csv(folder / "table.csv")
    ledger = frostglass.Ledger.create(folder / "b.db")
    ledger.open_scope("s", epsilon=Fraction(16), delta=Fraction("1e-6"), population=1000, reason="to try it out")
    release = partial(
        frostglass.release,
        folder / "table.csv",
        folder / "small.toml",
        epsilon=4,
        scope="s",
        ledger=ledger,
        random_state=1,
        accept={"records_off": 0.5, "coverage_length_1": 1.0, "lost_length_4": 0.1},
    )
    release(out=folder / "first", release_id="first")
    release(out=folder / "second", release_id="second")
    return folder


@pytest.fixture
def review(world: Path, tmp_path: Path, frostglass_command: Command, monkeypatch: pytest.MonkeyPatch) -> Review:
    """Runs ``frostglass review`` of the second release, without attacks unless they are asked for."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, data: str | Path = "table.csv", bundle: str = "second") -> tuple[int, str, str]:
        attacks = () if "--attacks" in arguments else ("--attacks", "none")
        return frostglass_command("review", world / data, world / bundle, *attacks, *arguments)

    return run


def found(tmp_path: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((tmp_path / "review.json").read_text())
    return content


def test_the_page_and_the_file_are_for_their_owner_alone(review: Review, tmp_path: Path) -> None:
    assert review()[0] == 0
    for name in ("review.html", "review.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    page = (tmp_path / "review.html").read_text()
    assert "PRIVATE" in page
    assert found(tmp_path)["private"] is True


def test_the_page_has_no_script_and_asks_no_network(review: Review, tmp_path: Path) -> None:
    review()
    page = (tmp_path / "review.html").read_text()
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)
    assert page.count("<svg") >= 6


def test_nothing_of_the_truth_is_said_on_the_terminal(review: Review, world: Path, tmp_path: Path) -> None:
    """The same words for a table with other counts, but for the verdicts that were asked for."""
    _, out, err = review("--force")
    table = survey(600).with_columns(sex=pl.lit("F"))
    table.write_csv(tmp_path / "other.csv")
    _, other_out, other_err = review("--force", data=tmp_path / "other.csv")
    plain = [line for line in out.splitlines() if not line.startswith("  ")]
    assert plain == [line for line in other_out.splitlines() if not line.startswith("  ")]
    assert err == other_err
    assert not re.search(r"\d{3}", out.replace("second", ""))


def test_thresholds_come_out_as_passed_or_failed(review: Review, tmp_path: Path) -> None:
    code, out, _ = review()
    assert code == 0, "a review advises; it does not fail"
    assert "passed  records_off" in out
    assert "FAILED  lost_length_4" in out
    answers = {each["name"]: each for each in found(tmp_path)["accept"]}  # type: ignore[attr-defined]
    assert answers["records_off"]["passed"] is True
    assert answers["lost_length_4"] == {
        "name": "lost_length_4", "bound": "most", "threshold": 0.1, "found": None, "passed": False,
    }  # fmt: skip


def test_the_figures_are_finite_or_null(review: Review, tmp_path: Path) -> None:
    review()
    json.loads((tmp_path / "review.json").read_text(), parse_constant=pytest.fail)


def test_the_release_before_is_found_beside(review: Review, tmp_path: Path) -> None:
    review()
    earlier = found(tmp_path)["earlier_release"]
    assert earlier["release_id"] == "first"  # type: ignore[index]
    assert earlier["same_codebook"] is True  # type: ignore[index]
    review("--force", bundle="first")
    assert found(tmp_path)["earlier_release"] is None


def test_another_table_than_the_released_one_is_noticed(review: Review, tmp_path: Path) -> None:
    survey(300).write_csv(tmp_path / "half.csv")
    _, out, _ = review(data=tmp_path / "half.csv")
    assert "is it the right one?" in out
    assert found(tmp_path)["strange"] is True
    assert "Is it the right table?" in (tmp_path / "review.html").read_text()


def test_a_table_that_departs_from_the_codebook_is_refused(review: Review, tmp_path: Path) -> None:
    survey(60).with_columns(sex=pl.lit("Jane Example")).write_csv(tmp_path / "wrong.csv")
    code, out, err = review(data=tmp_path / "wrong.csv")
    assert code == 1
    assert err.splitlines()[-1].strip().startswith("FG-IN-") or "FG-IN-" in err
    assert "Jane" not in out + err
    assert not list(tmp_path.glob("review.*"))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("-o", "review.txt"), "FG-OP-013"),
        (("-o", "nowhere/review.html"), "FG-OP-072"),
        (("--group", "colour"), "FG-CB-006"),
        (("--flow", "flow.json"), "FG-OP-040"),
        (("--exported-to", "an auditor"), "FG-OP-017"),
        (("--earlier", "nothing"), "FG-BN-02"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    review: Review, tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    status, _, err = review(*arguments)
    assert status in (1, 2)
    assert code in err
    assert not list(tmp_path.iterdir())


def test_a_report_never_lies_in_the_bundle(review: Review, world: Path) -> None:
    before = sorted((world / "second").iterdir())
    code, _, err = review("-o", world / "second" / "review.html")
    assert code == 2
    assert "FG-OP-014" in err
    assert sorted((world / "second").iterdir()) == before


def test_a_release_is_not_compared_with_itself(review: Review, world: Path, tmp_path: Path) -> None:
    code, _, err = review("--earlier", world / "second")
    assert (code, "FG-OP-019" in err) == (2, True)
    assert not list(tmp_path.iterdir())


def test_a_report_that_exists_is_kept_unless_told(review: Review, tmp_path: Path) -> None:
    (tmp_path / "review.json").write_text("mine")
    assert "FG-OP-050" in review()[2]
    assert (tmp_path / "review.json").read_text() == "mine"
    assert review("--force")[0] == 0


@pytest.mark.parametrize("text", ["{", "[]", '{"stages": [], "recoding": [{"cases": "many"}]}', '{"stages": [1]}'])
def test_a_flow_report_that_is_none_is_refused(review: Review, tmp_path: Path, text: str) -> None:
    (tmp_path / "flow.json").write_text(text)
    assert "FG-OP-015" in review("--flow", "flow.json")[2]


def test_a_flow_report_is_shown(review: Review, tmp_path: Path) -> None:
    stages = [{"stage": "registered", "cases": 700}, {"stage": "released", "cases": 600}]
    losses = [{"variable": "age", "kind": "straddles two bands", "cases": 12}]
    (tmp_path / "flow.json").write_text(json.dumps({"private": True, "stages": stages, "recoding": losses}))
    assert review("--flow", "flow.json")[0] == 0
    page = (tmp_path / "review.html").read_text()
    assert "straddles two bands" in page
    assert found(tmp_path)["flow"]["stages"] == stages  # type: ignore[index]


def test_handing_it_on_is_kept_in_the_ledger(review: Review, world: Path) -> None:
    before = sum(1 for _ in frostglass.Ledger.open(world / "b.db").entries())
    assert review("--ledger", world / "b.db")[0] == 0
    ledger = frostglass.Ledger.open(world / "b.db")
    assert sum(1 for _ in ledger.entries()) == before, "a review alone leaves no trace"
    assert review("--force", "--ledger", world / "b.db", "--exported-to", "an auditor")[0] == 0
    entry = list(ledger.entries())[-1]
    assert entry.kind == "non_private"
    assert "an auditor" in str(entry.body)


def test_python_gives_the_same(world: Path, tmp_path: Path) -> None:
    reviewed = frostglass.review_release(
        survey(600), world / "second", groups=["SEX"], attacks="none", ledger=world / "b.db"
    )
    assert not reviewed.passed
    assert {each["variable"] for each in reviewed.as_json()["groups"]} == {"sex"}  # type: ignore[attr-defined]
    assert "withheld" in repr(reviewed)
    reviewed.write(tmp_path / "r.html")
    with pytest.raises(FrostglassError, match="FG-OP-050"):
        reviewed.write(tmp_path / "r.html")
    assert json.loads((tmp_path / "r.json").read_text())["scope"]["scope"] == "s"


def test_attacks_are_on_the_page_with_bound_and_control(world: Path) -> None:
    made = reviewing.review(world / "table.csv", world / "second", reviewing.Order(attacks="none"))
    right = Share(0.55, 0.5, 0.6, 400)
    row = even("the best guess", "rare people", right, Share(0.97, 0.9, 1.0, 40), 0.67, "Whoever guesses so <well>.")
    page = review_html(replace(made, attacks=AttackReport((row,), 40, 8, 150)))
    for words in ("the best guess", "rare people", "55.0% (50.0% to 60.0%)", "67.0%", "97.0%", "so &lt;well&gt;"):
        assert words in page
    assert "The best of 1 attack was right in 55.0% of cases (95% interval 50.0% to 60.0%)" in page
    assert "what is allowed" not in page
    above = review_html(replace(made, attacks=AttackReport((replace(row, bound=0.52, bound_high=0.52),), 40, 8, 150)))
    assert "above what is allowed by no more than chance: its interval reaches below" in above
    beyond = replace(row, bound=0.4, bound_high=0.4)
    assert "more than its interval explains" in review_html(replace(made, attacks=AttackReport((beyond,), 40, 8, 150)))
    assert "What attacks achieved" not in review_html(made)


def test_a_table_of_few_different_records_is_not_attacked_and_the_page_says_so(review: Review, tmp_path: Path) -> None:
    assert review("--attacks", "quick", "--random-state", "1")[0] == 0
    assert found(tmp_path)["attacks"]["rows"] == []  # type: ignore[index]
    assert "No attack could be tried on so few records." in (tmp_path / "review.html").read_text()
