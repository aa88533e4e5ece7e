"""The built-in matcher and Splink side by side: which finds the cases of one person better, and at what cost.

``python -m benchmarks.duplicates --cases 17500 --seed 7``. Each runs in a process of its own, Splink in a virtual
environment that is made for it. Both weigh with the fixed bits of ``linkage.weights``; neither is trained.

Splink gets the normal forms of the built-in matcher, and making them is part of the built-in matcher's cost alone. Its
candidates share the sound of a part of the name and a day of birth, perhaps swapped with the month or one digit off, or
the month or year where one tells no more; or a document number; or a telephone. So do the built-in matcher's, which
parts large blocks. Splink's levels are simpler in that each part of a name goes with its best like, even one that is
taken, and needs one as like where it sounds the same; numbers of documents of which one lacks type or country agree;
and a shared document is reported only where the bits suffice. Simulated cases of one person differ mildly, so that
recall near 1 says little about real ones; and the weights were made for the built-in matcher.
"""

from __future__ import annotations

import argparse
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.stage_one import Cost
from frostglass.preparation import case_files
from frostglass.sensitive.answers import stacked
from frostglass.sensitive.linkage import weights
from frostglass.sensitive.linkage.births import DIGITS, swappable, without_digit
from frostglass.sensitive.linkage.comparing_names import CLOSE, LIKE, SIMILAR
from frostglass.sensitive.linkage.identities import Identities
from frostglass.sensitive.linkage.people import People, people
from frostglass.simulate.casefiles import TRUTH, write_case_files

SPLINK = "splink==5.0.0"

Json = dict[str, object]
PairSet = set[tuple[int, int]]

_BUILT_IN = """
import pickle, sys
import numpy as np
from frostglass.sensitive.linkage.matching import find_pairs
pairs, _ = find_pairs(pickle.load(open(sys.argv[1], "rb")))
np.save(sys.argv[2], np.stack([pairs.first, pairs.second], axis=1))
"""

_SPLINK = """
import sys
from splink import DuckDBAPI, Linker
database = DuckDBAPI()
people = database.register(database.duckdb_con.read_parquet(sys.argv[1]), dataset_display_name="people")
inference = Linker(people, sys.argv[3], log_level="WARNING").inference
pairs = inference.predict(threshold_match_weight=float(sys.argv[4]), warning_mode="never")
database.duckdb_con.sql(f"SELECT case_l, case_r FROM {pairs.physical_name}").write_parquet(sys.argv[2])
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.duplicates", description=__doc__)
    parser.add_argument("--cases", type=int, default=17500)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_case_files(folder / "case-files", options.cases, options.seed)
        identities = _identities(folder / "case-files")
        true = _true_pairs(folder / "case-files" / TRUTH, identities)
        print(f"{identities.number:,} accepted cases, {len(true):,} true pairs\n")
        print("| matcher | pairs reported | true pairs found | recall | precision | wall s | processor s | peak MB |")
        print("|---" * 8 + "|")
        for which, matcher in (("built-in", _built_in), (SPLINK, _splink)):
            found, cost = matcher(folder, identities)
            right = len(found & true)
            shares = f"{right / max(len(true), 1):.4f} | {right / max(len(found), 1):.4f}"
            costs = f"{cost.seconds:.1f} | {cost.processor:.1f} | {cost.megabytes:,.0f}"
            print(f"| {which} | {len(found):,} | {right:,} | {shares} | {costs} |", flush=True)


def _identities(folder: Path) -> Identities:
    """What all accepted cases are compared by."""
    files = case_files([folder])
    lots = [delivery.read(files.snapshot) for delivery in files.deliveries]
    numbers = [lot.cases.number for lot in lots]
    names = dict.fromkeys(name for lot in lots for name in lot.identities.fields)
    fields = {name: stacked([(lot.identities.answers(name), lot.cases.number) for lot in lots]) for name in names}
    for name in ("gender", "citizenships"):
        fields[name] = stacked([(lot.cases.records.answers(name), lot.cases.number) for lot in lots])
    source = np.repeat(np.arange(len(lots), dtype=np.int32), numbers)
    return Identities(sum(numbers), fields, source, tuple(ref for lot in lots for ref in lot.refs))


def _true_pairs(path: Path, identities: Identities) -> PairSet:
    """Every pair of accepted cases that are one person's, the lower number first."""
    truth = pl.read_csv(path, infer_schema=False).select("person", ref=pl.format("{}:{}", "source", "case"))
    cases = pl.DataFrame({"ref": identities.refs}).with_row_index("number").join(truth, on="ref", how="left")
    assert cases["person"].null_count() == 0  # the truth is about every case
    of_person = cases.sort("number").group_by("person").agg("number")["number"].to_list()
    return {pair for numbers in of_person for pair in combinations(numbers, 2)}


def _built_in(folder: Path, identities: Identities) -> tuple[PairSet, Cost]:
    given, out = folder / "identities.pickle", folder / "built-in.npy"
    given.write_bytes(pickle.dumps(identities))
    cost = _measured(sys.executable, "-c", _BUILT_IN, str(given), str(out))
    return {(min(pair), max(pair)) for pair in np.load(out).tolist()}, cost


def _splink(folder: Path, identities: Identities) -> tuple[PairSet, Cost]:
    given, out, settings = folder / "people.parquet", folder / "splink.parquet", folder / "settings.json"
    _table(people(identities)).write_parquet(given)
    settings.write_text(json.dumps(_SETTINGS))
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", SPLINK], check=True, stdout=sys.stderr)
    cost = _measured(python, "-c", _SPLINK, str(given), str(out), str(settings), str(weights.THRESHOLD))
    return {(min(pair), max(pair)) for pair in pl.read_parquet(out).rows()}, cost


def _measured(*command: str) -> Cost:
    """Run the command in a process that only it and its children share."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *command], stdout=subprocess.PIPE, text=True, check=True)
    processor, kilobytes = done.stdout.split()
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return Cost(time.perf_counter() - began, float(processor), float(kilobytes) / unit)


def _table(folk: People) -> pl.DataFrame:
    """One row a case, in the normal forms of the built-in matcher; codes stand for all but parts of names and dates."""
    tokens, documents, born = _lists(folk.tokens), folk.documents, folk.born
    told = (documents.kind > 0) & (documents.country > 0)
    kinds = np.where(told, documents.kind.astype(np.int64) << 32 | documents.country, -1)
    days = np.stack([swappable(born), *(without_digit(born, digit) for digit in DIGITS)], axis=1)
    days = days * days.shape[1] + np.arange(days.shape[1])
    held = {"numbers": documents.number, "vague_numbers": np.where(told, -1, documents.number), "kinds": kinds}
    return pl.DataFrame(
        {
            "case": range(folk.number),
            "tokens": [sorted(folk.texts[row].tolist()) for row in tokens],
            "sounds": [sorted(set(folk.sounds[row].tolist())) for row in tokens],
            "born": [f"{one:08}" if one else None for one in born.tolist()],
            **{"year": born // 10_000, "month": born // 100 % 100, "day": born % 100},
            "days": _lists(np.where((born % 100 > 0)[:, None], days, -1)),
            "documents": _lists(documents.held),
            **{name: _lists(np.append(column, -1)[documents.held]) for name, column in held.items()},
            **{name: _lists(getattr(folk, name)) for name in ("phones", "genders", "citizenships")},
        }
    )


def _lists(table: npt.NDArray[np.signedinteger]) -> list[list[int]]:
    return [[one for one in row if one >= 0] for row in table.tolist()]


def _comparisons() -> list[Json]:
    """The rules of the built-in matcher as levels. Levels of names and birth dates are tried from the best down."""
    short, long = (
        f"CASE WHEN len(tokens_l) {sign} len(tokens_r) THEN tokens_l ELSE tokens_r END" for sign in ("<=", ">")
    )
    best = f"lambda a: list_max(list_transform({long}, lambda b: jaro_winkler_similarity(a, b)))"
    likes = f"list_transform({short}, {best})"
    names = (
        "tokens_l = tokens_r",
        _either_way("list_has_all(tokens_{}, tokens_{})"),
        *(f"list_min({likes}) >= {LIKE / 1000} AND list_avg({likes}) >= {mean / 1000}" for mean in (CLOSE, SIMILAR)),
        _either_way("list_has_all(sounds_{}, sounds_{})"),
        "ELSE",
    )
    same_year, months, days = "year_l = year_r", "least(month_l, month_r) > 0", "least(day_l, day_r) > 0"
    births = (
        f"{days} AND born_l = born_r",
        f"{months} AND NOT {days} AND {same_year} AND month_l = month_r",
        f"NOT {months} AND {same_year}",
        f"{days} AND (({same_year} AND month_l = day_r AND day_l = month_r)"
        " OR (born_l[1:2] = born_r[1:2] AND hamming(born_l, born_r) = 1))",
        same_year,
        "ELSE",
    )
    documents = (
        f"{_shared('documents')} OR {_either_way('list_has_any(vague_numbers_{}, numbers_{})')}",
        *(_shared("numbers"), _shared("kinds"), "ELSE"),
    )
    of_documents = (weights.DOCUMENT_SHARED, weights.DOCUMENT_NUMBER_SHARED, weights.DOCUMENTS_DIFFER, 0.0)
    of_citizenships = (weights.CITIZENSHIP_SHARED, weights.CITIZENSHIPS_DIFFER)
    parts = "least(len(tokens_l), len(tokens_r))"
    return [
        _comparison("names", f"{parts} < 2", names, weights.NAMES[:0:-1].tolist()),
        _comparison("single", f"{parts} <> 1", names, weights.SINGLE_NAMES[:0:-1].tolist()),
        _comparison("birth", "born_l IS NULL OR born_r IS NULL", births, weights.BIRTH[:0:-1].tolist()),
        _comparison("document", "FALSE", documents, of_documents),
        _comparison("phone", "FALSE", (_shared("phones"), "ELSE"), (weights.PHONE_SHARED, 0.0)),
        _comparison("gender", _unknown("genders"), (_shared("genders"), "ELSE"), (0.0, weights.GENDER_DIFFERS)),
        _comparison("citizenship", _unknown("citizenships"), (_shared("citizenships"), "ELSE"), of_citizenships),
    ]


def _comparison(name: str, unknown: str, levels: Sequence[str], bits: Sequence[float]) -> Json:
    """Levels in the order in which they are tried, each with its bits; ``unknown`` is tried first and weighs nothing."""
    known = [
        {"sql_condition": sql, "m_probability": 0.5 * min(1, 2**weight), "u_probability": 0.5 * min(1, 2**-weight)}
        for sql, weight in zip(levels, bits, strict=True)
    ]
    null: Json = {"sql_condition": unknown, "is_null_level": True}
    return {"output_column_name": name, "comparison_levels": [null, *known]}


def _shared(column: str) -> str:
    return f"list_has_any({column}_l, {column}_r)"


def _unknown(column: str) -> str:
    return f"least(len({column}_l), len({column}_r)) = 0"


def _either_way(condition: str) -> str:
    return f"({condition.format('l', 'r')} OR {condition.format('r', 'l')})"


def _rule(condition: str, *exploded: str) -> Json:
    """Pairs that share one of each of the exploded lists, and fulfil the condition."""
    shared = (f"l.{column} = r.{column}" for column in exploded)
    return {"blocking_rule": " AND ".join((*shared, condition)), "arrays_to_explode": exploded}


_SETTINGS: Json = {
    "link_type": "dedupe_only",
    "unique_id_column_name": "case",
    "probability_two_random_records_match": 0.5,  # no bits beforehand: the threshold has them in it
    "retain_matching_columns": False,
    "comparisons": _comparisons(),
    "blocking_rules_to_generate_predictions": [
        _rule("TRUE", "sounds", "days"),
        *(_rule(f"l.year = r.year AND l.month = r.month AND {one}.day = 0", "sounds") for one in "lr"),
        *(_rule(f"l.year = r.year AND l.year > 0 AND {one}.month = 0", "sounds") for one in "lr"),
        *(_rule("TRUE", column) for column in ("numbers", "phones")),
    ],
}

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
