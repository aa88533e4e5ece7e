"""The benchmark's harness keeps answers apart, reads what peers write, and reports what it was given."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks import environments, jobs, report, scaling, short, withholding
from benchmarks.jobs import Job, Outcome, kept_outcome
from benchmarks.judging import (
    cost_figures,
    count_figures,
    read_counts,
    read_positions,
    record_figures,
    stated,
    yardsticks,
)
from benchmarks.measures import Tables, lost, mean_width, tables
from benchmarks.meter import metered
from benchmarks.methods import FROSTGLASS, METHODS, PAC_SYNTH, PAC_SYNTH_BALANCED
from benchmarks.peers.task import Task, read_task, write_rows
from benchmarks.tables import Table, all_tables
from frostglass import codebooks
from frostglass.terms.domain import Attribute, Domain

DOMAIN = Domain((Attribute("b", ("x", "y")), Attribute("a", ("0", "1", "2"))))


def small_table(folder: Path, rows: str = "a,b\n1,2\n2,\n1,1\n") -> Table:
    (folder / "small.toml").write_text(scaling.codebook_text("small", {"a": 3, "b": 4}))
    (folder / "small.csv").write_text(rows)
    return Table("small", "A small table", folder / "small.csv", str(folder / "small.toml"), structural=False)


def small_job(folder: Path) -> Job:
    return Job(small_table(folder), PAC_SYNTH, "1", 0, folder, time_limit=60)


def keep(job: Job, ended: str = "finished") -> None:
    job.folder.mkdir(parents=True)
    held = {"key": job.key, "time_limit": job.time_limit, "ended": ended, "costs": {}}
    (job.folder / "outcome.json").write_text(json.dumps(held))


# ------------------------------------------------------------------------------------------------ jobs and their keys


def test_a_job_that_was_done_is_known_again(tmp_path: Path) -> None:
    keep(small_job(tmp_path))
    assert kept_outcome(small_job(tmp_path)) == Outcome("finished", {})


def test_a_job_that_was_not_done_is_not_known(tmp_path: Path) -> None:
    assert kept_outcome(small_job(tmp_path)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"method": PAC_SYNTH.with_options(length=2)},
        {"method": PAC_SYNTH_BALANCED},
        {"epsilon": "4"},
        {"seed": 1},
    ],
)
def test_the_answer_to_another_question_is_not_taken(tmp_path: Path, change: dict[str, object]) -> None:
    job = small_job(tmp_path)
    keep(job)
    other = replace(job, **change)  # type: ignore[arg-type]  # each value has the type of its field
    assert other.key != job.key
    assert kept_outcome(other) is None


def test_the_answer_about_other_rows_is_not_taken(tmp_path: Path) -> None:
    keep(small_job(tmp_path))
    changed = replace(small_job(tmp_path), table=small_table(tmp_path, "a,b\n1,2\n2,\n1,3\n"))
    assert kept_outcome(changed) is None


def test_other_code_makes_another_release_unless_any_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = replace(small_job(tmp_path), method=FROSTGLASS)
    keep(job)
    monkeypatch.setattr(jobs, "code_digest", lambda: "other code")
    assert kept_outcome(job) is None
    assert kept_outcome(job, of_any_code=True) is not None


def test_the_code_of_frostglass_is_no_part_of_a_peers_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = small_job(tmp_path).key
    monkeypatch.setattr(jobs, "code_digest", lambda: "other code")
    assert small_job(tmp_path).key == before


def test_a_run_that_was_given_up_is_run_again_only_with_more_time(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    keep(job, ended="did not finish in 60 s")
    assert kept_outcome(job) == Outcome("did not finish in 60 s", {})
    assert kept_outcome(replace(job, time_limit=61)) is None


def test_methods_and_their_environments_have_names_of_their_own() -> None:
    assert len({method.name for method in METHODS}) == len(METHODS)
    assert {method.environment for method in METHODS} - {None} <= set(environments.PINS)


@pytest.mark.parametrize(
    ("status", "errors", "said"),
    [
        (-9, "", "was ended by SIGKILL"),
        (1, "Traceback\n  File 'x'\npolars.exceptions.ColumnError: no\n• a hint\n", "failed: ColumnError"),
        (1, "frostglass.errors.InputError: FG-IN-041: too many rows\n", "failed: InputError FG-IN-041"),
        (3, "", "failed: status 3"),
    ],
)
def test_a_failure_is_said_in_a_few_words(status: int, errors: str, said: str) -> None:
    assert jobs._failure(status, errors) == said


def run_module(folder: Path, code: str, monkeypatch: pytest.MonkeyPatch, time_limit: int = 60) -> Outcome:
    """The outcome of a job whose runner is the module text ``code``."""
    (folder / "benchmark_runner.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    method = replace(FROSTGLASS, name="own", module="benchmark_runner")
    return jobs.outcome(Job(small_table(folder), method, "1", 0, folder, time_limit))


RUNNER = """
from benchmarks.meter import metered
from benchmarks.peers.task import answer
answer(lambda task: {"fit": metered(lambda: task.sizes["a"] + 3)[1]})
"""


def test_a_runner_answers_from_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    came = run_module(tmp_path, RUNNER, monkeypatch)
    assert came.finished
    assert came.costs["fit"].keys() == {"seconds", "processor", "megabytes"}


def test_a_runner_that_takes_too_long_is_recorded_and_not_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = run_module(tmp_path, "import time; time.sleep(600)", monkeypatch, time_limit=1)
    assert came == Outcome("did not finish in 1 s", {})


def test_a_runner_that_fails_is_recorded_and_not_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_module(tmp_path, "raise MemoryError", monkeypatch) == Outcome("failed: MemoryError", {})


# -------------------------------------------------------------------------------- what goes to peers and comes back


def test_a_task_survives_its_file(tmp_path: Path) -> None:
    task = Task(tmp_path / "data.csv", {"a": 2}, "0.5", 5.8e-6, 3, {"length": 3, "flag": False}, tmp_path)
    task.write(tmp_path / "task.json")
    assert read_task(tmp_path / "task.json") == task


def test_peers_get_positions_with_missing_empty_and_records_come_back_alike(tmp_path: Path) -> None:
    table = small_table(tmp_path)
    table.write_positions(tmp_path / "positions.csv")
    assert (tmp_path / "positions.csv").read_text() == "a,b\n1,2\n2,\n1,1\n"
    records = read_positions(tmp_path / "positions.csv", table.codebook.domain)
    assert records.tolist() == table.truth.tolist() == [[1, 2], [2, 0], [1, 1]]


def test_a_record_of_missing_values_alone_is_read(tmp_path: Path) -> None:
    write_rows(tmp_path / "records.csv", ["b", "a"], [["", ""], ["2", ""]])
    assert read_positions(tmp_path / "records.csv", DOMAIN).tolist() == [[0, 0], [2, 0]]


def test_a_peers_counts_become_tables_whatever_the_order_of_their_names(tmp_path: Path) -> None:
    rows = [("a", "3", 5), ("b", "1", 6), ("a|b", "3|1", 4), ("b|a", "2|1", 2)]
    write_rows(tmp_path / "counts.csv", ["variables", "values", "count"], rows)
    shown = read_counts(tmp_path / "counts.csv", DOMAIN, (1, 2))
    assert shown[1][0,].tolist() == [0, 6, 0]
    assert shown[1][1,].tolist() == [0, 0, 0, 5]
    assert shown[2][0, 1].tolist() == [[0, 0, 0, 0], [0, 0, 0, 4], [0, 2, 0, 0]]


def test_costs_are_summed_over_the_parts_and_memory_is_the_most() -> None:
    parts = {
        "fit": {"seconds": 2.0, "processor": 3.0, "megabytes": 70.0},
        "sample": {"seconds": 1.0, "processor": 0.5, "megabytes": 60.0},
    }
    figures = cost_figures(Outcome("finished", parts))
    assert (figures["seconds"], figures["processor"], figures["megabytes"]) == (3.0, 3.5, 70.0)
    assert figures["seconds.sample"] == 1.0


def test_the_meter_returns_what_was_done() -> None:
    result, cost = metered(lambda: sum(range(1000)))
    assert result == 499_500
    assert cost.seconds >= 0
    assert cost.megabytes > 1


# ------------------------------------------------------------------------------------------------------------- figures


def test_the_truth_is_judged_to_be_without_error() -> None:
    codes = np.array([[1, 2], [0, 1], [2, 3]], dtype=np.uint16)
    exact = {order: tables(codes, (3, 4), order) for order in (1, 2)}
    figures = record_figures(exact, codes, (3, 4))
    assert figures["records"] == 3
    assert [figures[f"{name}.2"] for name in ("tvd", "worst_tvd", "relative", "fabricated")] == [0, 0, 0, 0]
    assert count_figures(exact, exact)["counts_relative.2"] == 0
    assert "lost.2" not in stated(figures)  # nothing occurs ten times, so there is no such share


def test_both_yardsticks_are_there_and_columns_are_exact_alone(tmp_path: Path) -> None:
    table = small_table(tmp_path)
    found = yardsticks(table, {order: tables(table.truth, table.sizes, order) for order in (1, 2)})
    assert found["independent"]["tvd.1"] == pytest.approx(0)
    assert found["independent"]["tvd.2"] > 0
    assert found["resampled"]["records"] == 3


def test_the_width_of_intervals() -> None:
    assert mean_width(np.array([0, 2]), np.array([4, 4])) == 3
    assert np.isnan(mean_width(np.empty(0), np.empty(0)))


@pytest.mark.parametrize("tau", [1, 2, 5, 20])
def test_cutting_at_tau_agrees_with_brute_force(tau: int) -> None:
    generator = np.random.default_rng(tau)
    drawn = [generator.poisson(3, (6, 9)) * generator.integers(0, 9, (6, 9)) for _ in range(2)]
    tables_of: list[Tables] = [{(0, 1): each.astype(np.int64)} for each in drawn]
    pairs = list(zip(*(each.ravel().tolist() for each in drawn), strict=True))
    shown = [true for true, mine in pairs if mine >= tau]
    frequent = [mine for true, mine in pairs if true >= 10]
    fabricated, gone = withholding.cut_shares(tables_of[0], tables_of[1], tau)
    assert fabricated == pytest.approx(sum(true == 0 for true in shown) / len(shown))
    assert gone == pytest.approx(sum(mine < tau for mine in frequent) / len(frequent))


def test_nothing_is_lost_at_tau_one_that_the_records_have() -> None:
    truth: Tables = {(0,): np.array([0, 12, 30], dtype=np.int64)}
    fitted: Tables = {(0,): np.array([0, 1, 0], dtype=np.int64)}
    assert withholding.cut_shares(truth, fitted, 1)[1] == lost(truth, fitted) == 0.5


# ------------------------------------------------------------------------------------------------------- grown tables


def test_a_grown_table_is_the_one_that_its_codebook_and_positions_describe(tmp_path: Path) -> None:
    base = small_table(tmp_path)
    table = scaling.grown(base, 40, 5, tmp_path)
    assert table.codebook.domain.names == ("a", "b", "a_2", "b_2", "a_3")
    assert table.sizes == (3, 4, 3, 4, 3)
    frame = pl.read_parquet(table.data)
    assert frame.shape == (40, 5)
    assert frame.fill_null("0").cast(pl.UInt16).to_numpy().tolist() == table.truth.tolist()


def test_grown_rows_stay_near_the_base_and_within_the_codebook() -> None:
    truth = np.array([[1, 3]] * 5, dtype=np.uint16)
    rows = scaling.grown_rows(truth, (3, 4, 3, 4), 4_000, np.random.default_rng(1))
    assert rows.max(axis=0).tolist() == [2, 3, 2, 3]
    assert (rows == [1, 3, 1, 3]).mean() == pytest.approx(1 - scaling.REPLACED * 17 / 24, abs=0.006)


# ----------------------------------------------------------------------------------------------------------- reports


def row(title: str, epsilon: str, ended: list[str], **figures: float) -> report.Row:
    named = {name.replace("_at_", "."): figure for name, figure in figures.items()}
    return report.Row(table="small", method=title, title=title, epsilon=epsilon, ended=ended, figures=named)


def document(*rows: report.Row) -> report.Document:
    about: dict[str, object] = {"title": "A small table", "records": 3_000, "columns": 2}
    return report.Document(setting={}, tables={"small": about}, accuracy=list(rows), scaling=[])


def test_means_are_over_the_runs_that_have_the_figure() -> None:
    assert report.mean([{"x": 1.0, "y": 4.0}, {"x": 3.0}]) == {"x": 2.0, "y": 4.0}
    assert report.mean([]) == {}


def test_a_figure_stands_under_its_heading() -> None:
    lines = report.markdown(document(row("own", "1", ["finished"], tvd_at_3=0.0123, seconds=2.5))).splitlines()
    heading, _, line = ([cell.strip() for cell in text.split("|")] for text in lines[lines.index("Records:") + 2 :][:3])
    assert line[heading.index("TVD 3")] == "0.0123"
    assert line[heading.index("wall s")] == "2.5"
    assert line[heading.index("method")] == "own"


def test_a_method_that_did_not_finish_is_in_the_table_and_says_so() -> None:
    text = report.markdown(document(row("slow", "4", ["did not finish in 900 s"])))
    assert "| 4 | slow | did not finish in 900 s |" in text


def test_figures_go_between_the_markers_and_nothing_else_changes() -> None:
    page = f"before\n{report.BEGIN}\nold \\1\n{report.END}\nafter\n"
    once = report.between_markers(page, "new \\1 | x")
    assert once == f"before\n{report.BEGIN}\nnew \\1 | x\n{report.END}\nafter\n"
    assert report.between_markers(once, "new \\1 | x") == once
    with pytest.raises(ValueError, match="markers"):
        report.between_markers("no markers", "new")


def test_the_page_of_the_benchmark_has_its_markers() -> None:
    page = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text()
    assert report.between_markers(page, "") != page


def test_without_the_published_table_there_is_a_simulated_one(tmp_path: Path) -> None:
    assert [table.name for table in all_tables(None, tmp_path)] == ["simulated"]
    assert len(all_tables(None, tmp_path)[0].truth) == 17_500


# -------------------------------------------------------------------------------------------------------------- bars


def test_every_figure_of_the_short_form_has_a_bar() -> None:
    assert set(short.BARS) == set(short.EPSILONS)
    for bars in short.BARS.values():
        assert set(bars) == {*short.AT_MOST, *short.AT_LEAST}


def test_a_figure_is_worse_on_its_own_side_of_the_bar() -> None:
    assert short.Verdict("1", "tvd.3", 0.02, 0.03).kept
    assert not short.Verdict("1", "tvd.3", 0.04, 0.03).kept
    assert short.Verdict("1", "coverage.3", 0.95, 0.9).kept
    assert not short.Verdict("1", "coverage.3", 0.85, 0.9).kept


def test_a_bar_leaves_room_for_noise_and_none_for_twice_the_error() -> None:
    figures = np.random.default_rng(2).normal(0.02, 0.0003, 30).tolist()
    assert max(figures) + 6 * 0.0003 < short.bar("tvd.3", figures) < 0.03
    assert short.bar("coverage.3", figures) < min(figures)


def test_a_short_form_without_a_figure_does_not_pass() -> None:
    with pytest.raises(KeyError):
        short.judged("1", {"tvd.1": 0.0})
    assert not all(each.kept for each in short.judged("1", dict.fromkeys(short.BARS["1"], float("nan"))))


def test_the_generated_codebook_is_one() -> None:
    codebook = codebooks.loads(scaling.codebook_text("two", {"a": 2, "income>50K": 3}), source="test")
    assert codebook.domain.sizes == (2, 3)
