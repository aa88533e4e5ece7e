"""Compare frostglass with other methods on the same tables: how near each comes to the truth, and at what cost.

Runs that were done before are not run again, so an interrupted benchmark goes on where it stopped.
docs/benchmarks.md explains the method and the measures.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import environments, judging, one_release, report, scaling, short
from benchmarks.jobs import Job, Outcome, kept_outcome, outcome
from benchmarks.meter import processors
from benchmarks.methods import METHODS, Method
from benchmarks.tables import Table, all_tables
from frostglass.version import __version__

_ROOT = Path(__file__).parent.parent
_PAGE = _ROOT / "docs" / "benchmarks.md"
_IMAGES = _ROOT / "docs" / "images"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options().parse_args(arguments)
    if options.short:
        raise SystemExit(short.main())
    options.out.mkdir(parents=True, exist_ok=True)
    tables = _tables(options)
    document = report.Document(setting=_setting(options), tables={}, accuracy=[], scaling=[])
    if "accuracy" in options.parts:
        for table in tables:
            document["tables"][table.name] = _about(table)
            document["accuracy"] += _accuracy(table, options)
            report.write(document, options.out)
    if "scaling" in options.parts:
        document["scaling"] = list(_scaling(tables[0], options))
    document["setting"]["versions"] = _versions(options.out)
    report.write(document, options.out)
    _plot(options.out)
    print(report.markdown(document))
    if options.update_docs:
        _update_docs(document, options.out)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--short", action="store_true", help="two minutes on a simulated table; fails on accuracy only")
    folder = os.environ.get("FROSTGLASS_DATA")
    parser.add_argument("--data-folder", type=Path, default=folder, help="holds vp_published.csv and adult.csv")
    parser.add_argument("--data", type=Path, help="a coded table of your own, CSV, instead")
    parser.add_argument("--codebook", default="ctdc-vp-1", help="its codebook, by id or file")
    parser.add_argument("--without-constraints", action="store_true", help="leave its structural rules unenforced")
    parser.add_argument("--parts", type=_listed, default=("accuracy", "scaling"), help="accuracy, scaling")
    parser.add_argument("--tables", type=_listed, help="of those that are there: vp, adult, simulated (default: all)")
    parser.add_argument("--methods", type=_listed, default=tuple(each.name for each in METHODS))
    parser.add_argument("--epsilon", type=_listed, default=("0.5", "1", "4", "12"), help="epsilons, between commas")
    parser.add_argument("--seeds", type=int, default=3, help="runs for each epsilon")
    parser.add_argument("--most-records", type=int, default=max(scaling.RECORDS), help="largest table of the scaling")
    parser.add_argument("--time-limit", type=int, default=900, help="seconds after which a run is given up")
    parser.add_argument(
        "--out", type=Path, default=Path("build/benchmark"), help="takes runs, environments and results"
    )
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--fresh", action="store_true", help="run again what was run before")
    again.add_argument("--report-only", action="store_true", help="run nothing; report what is there, of any version")
    parser.add_argument("--update-docs", action="store_true", help="put tables and plots into docs/benchmarks.md")
    return parser


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _tables(options: argparse.Namespace) -> list[Table]:
    if options.data is None:
        there = all_tables(options.data_folder, options.out)
        return [table for table in there if options.tables is None or table.name in options.tables]
    return [Table("own", "Own table", options.data, options.codebook, not options.without_constraints)]


def _accuracy(table: Table, options: argparse.Namespace) -> list[report.Row]:
    """Run what is not there yet, the first seed of everything first; then the figures of all."""
    methods = [method for method in METHODS if method.name in options.methods]
    jobs = [
        Job(table, method, epsilon, seed, options.out, options.time_limit)
        for seed in range(options.seeds)
        for epsilon in options.epsilon
        for method in methods
        if method.most_seeds is None or seed < method.most_seeds
    ]
    done = list(_done(jobs, options))
    exact = judging.exact_tables(table)
    yardsticks = judging.yardsticks(table, exact)
    rows = [_row(table, name, judging.YARDSTICKS[name], "", ["finished"], [each]) for name, each in yardsticks.items()]
    taken = [(job, came, judging.figures(job, came, exact)) for job, came in done]
    for epsilon in options.epsilon:
        for method in methods:
            runs = [(came, each) for job, came, each in taken if (job.method, job.epsilon) == (method, epsilon)]
            if runs:
                ended, found = [came.ended for came, _ in runs], [each for _, each in runs if each]
                rows.append(_row(table, method.name, method.title, epsilon, ended, found))
    return rows


def _row(
    table: Table, name: str, title: str, epsilon: str, ended: list[str], found: list[judging.Figures]
) -> report.Row:
    figures = report.mean(found)
    return report.Row(table=table.name, method=name, title=title, epsilon=epsilon, ended=ended, figures=figures)


def _done(jobs: Sequence[Job], options: argparse.Namespace) -> Iterator[tuple[Job, Outcome]]:
    """The jobs with what became of them; when nothing is run, those that were run before."""
    for number, job in enumerate(jobs, 1):
        came = _came(job, options)
        if came is not None:
            print(f"{number} of {len(jobs)}: {_name(job)}: {came.ended}", file=sys.stderr, flush=True)
            yield job, came


def _came(job: Job, options: argparse.Namespace) -> Outcome | None:
    return kept_outcome(job, of_any_code=True) if options.report_only else outcome(job, fresh=options.fresh)


def _name(job: Job) -> str:
    return f"{job.table.name}, {job.method.name}, epsilon {job.epsilon}, seed {job.seed}"


def _scaling(base: Table, options: argparse.Namespace) -> Iterator[report.Grown]:
    asked = {
        "with_peer": scaling.PEER.name in options.methods,
        "most_records": options.most_records,
        "time_limit": options.time_limit,
    }
    for case in scaling.cases(base, options.out, **asked):
        for job, came in _done([case.job], options):
            exact = judging.exact_tables(job.table, (3,)) if came.finished else {}
            yield report.Grown(
                grows=case.grows,
                records=case.records,
                columns=case.columns,
                length=case.length,
                title=_short_title(job.method),
                ended=came.ended,
                figures=judging.figures(job, came, exact),
            )


def _short_title(method: Method) -> str:
    """Without the length, which has a column of its own."""
    return method.title.split(",")[0]


def _about(table: Table) -> dict[str, object]:
    """What the figures depend on beside the code; no names of files."""
    return {
        "title": table.title,
        "records": len(table.truth),
        "columns": len(table.sizes),
        "codebook": {"id": table.codebook.id, "sha256": table.codebook.sha256},
    }


def _setting(options: argparse.Namespace) -> dict[str, object]:
    return {
        "delta": float(one_release.DELTA),
        "seeds": options.seeds,
        "time_limit": options.time_limit,
        "frostglass": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": processors(),
    }


def _versions(out: Path) -> dict[str, dict[str, str]]:
    """What is installed in the environments that were made."""
    folder = out / "environments"
    return {name: environments.versions(name, folder) for name in environments.PINS if (folder / name).is_dir()}


def _plot(out: Path) -> None:
    """Draw the plots in their environment; a benchmark without them is still one."""
    try:
        python = environments.python("plots", out / "environments")
        command = [str(python), "-m", "benchmarks.plots", str((out / "results.json").absolute()), str(out.absolute())]
        subprocess.run(command, check=True, cwd=_ROOT)
    except subprocess.CalledProcessError:
        print("no plots: their environment could not be made or did not draw them, see above", file=sys.stderr)


def _update_docs(document: report.Document, out: Path) -> None:
    """The plots that were drawn, the tables between the markers of the page, and all figures as JSON beside it."""
    _IMAGES.mkdir(exist_ok=True)
    plots = [(name, text) for name, text in report.PLOTS.items() if (out / name).exists()]
    for name, _ in plots:
        (_IMAGES / name).write_bytes((out / name).read_bytes())
    _PAGE.with_suffix(".json").write_bytes((out / report.RESULTS).read_bytes())
    shown = [f"![{text}](images/{name})" for name, text in plots]
    _PAGE.write_text(report.between_markers(_PAGE.read_text(), "\n\n".join([*shown, report.markdown(document)])))


if __name__ == "__main__":
    main()
