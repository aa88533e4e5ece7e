"""The process in which one target is fuzzed, under limits. What it found goes to its output as JSON.

Without more, it changes sound files at random, from a seed. With ``--coverage`` it is driven by atheris, which chooses
by the lines that an input reaches, and ends by itself; atheris is in an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

MOST_BYTES = 1_000_000
"""Most bytes of an input."""

BUILT = 0.2
"""Share of the files that are built to harm, where a target has such."""

MOST_SECONDS = 20
"""Most seconds of computing for one input."""

MOST_ADDRESSES = 4 * 1024**3
"""Most bytes of address space beyond what the process begins with; most of it is never used."""


class HangError(BaseException):
    """An input took too long; no reader catches this."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("targets", nargs="+")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=MOST_SECONDS, help="most seconds of computing for an input")
    parser.add_argument("--coverage", type=int, help="seconds for the one target", default=0)
    options = parser.parse_args()
    if options.coverage:
        _by_coverage(options.targets[0], options.coverage, options.seed)
    for name in options.targets:
        print(json.dumps(fuzz(name, options.runs, options.seed, options.patience)), flush=True)


def fuzz(name: str, runs: int, seed: int, patience: float) -> dict[str, object]:
    """Read so many changed files; ``crashes`` says where, ``peak`` is in MB beyond sound files, ``slowest`` in s."""
    from audits.inputs.fuzz_targets import BROKEN, TARGETS, run

    target, chance = {**TARGETS, **BROKEN}[name], random.Random(f"{name} {seed}")
    seeds = list(target.seeds())
    crashes: dict[str, str] = {}
    slowest = 0.0
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        for each in seeds:
            run(target, each, Path(folder))
        _limit()
        before = _peak(anew=True)
        for _ in range(runs):
            build = target.built if chance.random() < BUILT else None
            data = build(chance) if build else changed(chance.choice(seeds), target.words, chance)
            begun = time.process_time()
            try:
                signal.setitimer(signal.ITIMER_VIRTUAL, patience)
                run(target, data, Path(folder))
            except BaseException as error:  # noqa: BLE001 - whatever it is, it should have been a FrostglassError
                crashes.setdefault(_place(error), data[:300].hex())
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            slowest = max(slowest, time.process_time() - begun)
        peak = _peak() - before
    return {"target": name, "runs": runs, "crashes": crashes, "peak": round(peak / 1e6), "slowest": round(slowest, 2)}


def changed(sound: bytes, words: Sequence[bytes], chance: random.Random) -> bytes:
    """A sound file with a few changes: bytes, stretches, words of its language, sometimes thousands of them."""
    data = bytearray(sound)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        place, length = chance.randrange(len(data) + 1), chance.choice((1, 1, 2, 8, 64))
        match chance.randrange(7):
            case 0:
                data[place : place + length] = b""
            case 1:
                data[place:place] = data[place : place + length] * chance.choice((1, 2, 50))
            case 2:
                data[place : place + length] = chance.randbytes(length)
            case 3 if words:
                data[place:place] = chance.choice(words) * chance.choice((1, 1, 2, 3_000))
            case 4:
                data = data[:place]
            case 5 if data:
                data[place % len(data)] ^= 1 << chance.randrange(8)
            case _:
                other = chance.randrange(len(data) + 1)
                data[place : place + length] = data[other : other + length]
    return bytes(data[:MOST_BYTES])


def _place(error: BaseException) -> str:
    """Kind and place of an error: what tells one fault from another."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "frostglass" in each.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "outside"
    return f"{type(error).__name__} at {where}"


def _limit() -> None:
    def hang(_number: int, _frame: object) -> None:
        raise HangError

    signal.signal(signal.SIGVTALRM, hang)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MOST_ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _peak(*, anew: bool = False) -> int:
    """Most bytes that were in memory since it was begun anew."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    found = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(found.split()[1]) * 1024


def _memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _by_coverage(name: str, seconds: int, seed: int) -> None:
    """Never returns: libFuzzer ends the process, and says on stderr what it did."""
    import atheris  # type: ignore[import-untyped]  # in an environment of its own

    with atheris.instrument_imports(include=["frostglass", "tomllib", "json"]):
        from audits.inputs.fuzz_targets import TARGETS, run
    target, folder = TARGETS[name], Path(tempfile.mkdtemp(dir=_memory()))
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, each in enumerate(target.seeds()):
        (corpus / f"{number}").write_bytes(each)
    words = folder / "words"
    words.write_text("".join(f'"{_escaped(each)}"\n' for each in target.words))
    limits = [f"-max_total_time={seconds}", f"-timeout={MOST_SECONDS}", f"-max_len={MOST_BYTES}", "-rss_limit_mb=2048"]
    more = [f"-seed={seed}", "-print_final_stats=1", f"-artifact_prefix={folder}/", str(corpus)]
    if target.words:
        more.insert(0, f"-dict={words}")
    place = folder / "files"
    place.mkdir()
    atheris.Setup([sys.argv[0], *limits, *more], lambda data: run(target, data, place))
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{each:02x}" for each in word)


if __name__ == "__main__":
    main()
