"""One method on one table, once: run in a process of its own, kept in a folder, and not run again.

What comes out is kept as it came; the measures are taken later, so that a change of them costs no run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import frostglass
from benchmarks import environments, one_release
from benchmarks.methods import Method
from benchmarks.peers.task import Options, Task
from benchmarks.tables import Table

_ROOT = Path(__file__).parent.parent
_OUTCOME, _TASK, _ERRORS = "outcome.json", "task.json", "errors.txt"

Json = dict[str, object]


@dataclass(frozen=True)
class Job:
    """``epsilon`` as it is written, since it becomes part of a name. A run is given up after ``time_limit`` seconds."""

    table: Table
    method: Method
    epsilon: str
    seed: int
    work: Path
    time_limit: int = 900

    @property
    def folder(self) -> Path:
        """Where the answer is kept."""
        return self.work / "runs" / self.table.name / self.method.name / f"epsilon-{self.epsilon}-seed-{self.seed}"

    @property
    def key(self) -> Json:
        """All that the answer depends on; the answer to another key is not this one's."""
        pins = environments.PINS[self.method.environment] if self.method.environment else (code_digest(),)
        return {
            "table": self.table.digest,
            "method": self.method.name,
            "options": dict(self.method.options),
            "made_with": list(pins),
            "epsilon": self.epsilon,
            "delta": str(one_release.DELTA),
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Outcome:
    """``ended`` is "finished", or in words what happened instead; ``costs`` by part, in seconds and MB."""

    ended: str
    costs: dict[str, dict[str, float]]

    @property
    def finished(self) -> bool:
        return self.ended == "finished"


def outcome(job: Job, *, fresh: bool = False) -> Outcome:
    """What became of the job: from its folder if it was done before, and by doing it now otherwise.

    A run that was given up counts as done unless more time is allowed now.
    """
    kept = None if fresh else kept_outcome(job)
    if kept is not None:
        return kept
    shutil.rmtree(job.folder, ignore_errors=True)
    job.folder.mkdir(parents=True)
    ended = _run(job)
    costs = job.folder / "costs.json"
    held = {
        "key": job.key,
        "time_limit": job.time_limit,
        "ended": ended,
        "costs": json.loads(costs.read_text()) if ended == "finished" else {},
    }
    _replace(job.folder / _OUTCOME, held)
    return _outcome(held)


def kept_outcome(job: Job, *, of_any_code: bool = False) -> Outcome | None:
    """What became of the job when it was done before; ``of_any_code`` also takes the answer of other code or pins."""
    path = job.folder / _OUTCOME
    if not path.exists():
        return None
    held = json.loads(path.read_text())
    key, kept = job.key, held["key"]
    if of_any_code:
        key, kept = ({**each, "made_with": None} for each in (key, kept))
    finished = held["ended"] == "finished"
    return _outcome(held) if kept == key and (finished or held["time_limit"] >= job.time_limit) else None


def _outcome(held: Json) -> Outcome:
    ended, costs = held["ended"], held["costs"]
    assert isinstance(ended, str)
    assert isinstance(costs, dict)
    return Outcome(ended, costs)


def _run(job: Job) -> str:
    """Let the runner do its task; returns how it ended."""
    task = _task(job)
    task.write(job.folder / _TASK)
    interpreter = _interpreter(job)
    with (job.folder / _ERRORS).open("w") as errors:
        process = subprocess.Popen(
            [str(interpreter), "-m", job.method.module, str((job.folder / _TASK).absolute())],
            cwd=_ROOT,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )
        try:
            status = process.wait(timeout=job.time_limit)
        except BaseException as stopped:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(stopped, subprocess.TimeoutExpired):
                return f"did not finish in {job.time_limit} s"
            raise
    return "finished" if status == 0 else _failure(status, (job.folder / _ERRORS).read_text())


def _failure(status: int, errors: str) -> str:
    """How a run failed, in a few words: a signal, or the kind of the last exception, and a code of frostglass."""
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    kinds = re.findall(r"^(?:\w+\.)*(\w+(?:Error|Exception|Interrupt))\b", errors, flags=re.MULTILINE)
    codes = re.findall(r"\bFG-[A-Z]+-\d+\b", errors)
    return "failed: " + " ".join([*kinds[-1:], *codes[-1:]] or [f"status {status}"])


def _interpreter(job: Job) -> Path:
    if job.method.environment is None:
        return Path(sys.executable)
    return environments.python(job.method.environment, job.work / "environments")


def _task(job: Job) -> Task:
    table, ours = job.table, job.method.environment is None
    positions = job.work / "tables" / f"{table.name}.csv"
    if not ours:
        positions.parent.mkdir(parents=True, exist_ok=True)
        table.write_positions(positions)
    about: Options = {"codebook": table.source, "structural": table.structural} if ours else {}
    return Task(
        data=(table.data if ours else positions).absolute(),
        sizes={each.name: len(each.codes) for each in table.codebook.domain.attributes},
        epsilon=job.epsilon,
        delta=float(one_release.DELTA),
        seed=job.seed,
        options={**job.method.options, **about},
        folder=job.folder.absolute(),
    )


@cache
def code_digest() -> str:
    """Of the Python files of frostglass: a release of other code is another release."""
    assert frostglass.__file__ is not None
    package = Path(frostglass.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _replace(path: Path, held: Json) -> None:
    """Write whole or not at all."""
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(held, indent=1) + "\n")
    beside.replace(path)
