"""The built-in matcher and Splink side by side: which finds the cases of one person better, and at what cost.

``python -m benchmarks.duplicates --cases 17500 --seed 7``. Each runs in a process of its own, Splink in a virtual
environment that is made for it. Both weigh with the fixed bits of ``linkage.weights``; neither is trained.

Splink gets the normal forms of the built-in matcher, and making them is part of the built-in matcher's cost alone. Its
candidates share the sound of a part of the name and a day of birth, perhaps swapped with the month or one digit off, or
the month or year where one tells no more; or a document number; or a telephone. So do the built-in matcher's, which
parts large blocks. Splink's levels are simpler in that each part of a name goes with its best like, even one that is
taken, by one threshold whether or not both sound the same; documents agree by number where one lacks type or country;
and a shared document is reported only where the bits suffice. Simulated cases of one person differ mildly: that all are
found says little about real ones.
"""

from __future__ import annotations

import argparse
import json
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks import environments
from benchmarks.meter import Cost
from frostglass.sensitive.linkage import weights
from frostglass.sensitive.linkage.births import DIGITS, swappable, without_digit
from frostglass.sensitive.linkage.comparing_names import CLOSE, LIKE, SIMILAR
from frostglass.sensitive.linkage.identities import Identities
from frostglass.sensitive.linkage.people import NAMES, People, people
from frostglass.sensitive.recoding.answers import no_answers, stacked
from frostglass.simulate.casefiles import TRUTH, write_case_files
from frostglass.ways.recode import case_files

(SPLINK,) = environments.PINS["splink"]
_COMPARED = (*NAMES, "birth_date", "id_documents", "phones", "gender", "citizenships")
Json = dict[str, object]

_BUILT_IN = """
import pickle, sys
import numpy as np
from frostglass.sensitive.linkage.matching import find_pairs
pairs, _ = find_pairs(pickle.load(open(sys.argv[1], "rb")))
np.savetxt(sys.argv[2], np.stack([pairs.first, pairs.second], axis=1), fmt="%d", delimiter=",")
"""

_SPLINK = """
import sys
from splink import DuckDBAPI, Linker
database = DuckDBAPI()
people = database.register(database.duckdb_con.read_parquet(sys.argv[1]), dataset_display_name="people")
inference = Linker(people, sys.argv[2], log_level="WARNING").inference
pairs = inference.predict(threshold_match_weight=float(sys.argv[3]), warning_mode="never")
database.duckdb_con.sql(f"SELECT case_l, case_r FROM {pairs.physical_name}").write_csv(sys.argv[4], header=False)
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
        for which, prepare in (("built-in", _built_in), (SPLINK, _splink)):
            cost = _measured(*prepare(folder, identities), str(folder / "pairs.csv"))
            pairs = np.loadtxt(folder / "pairs.csv", dtype=np.int64, delimiter=",", ndmin=2)
            found = {(min(pair), max(pair)) for pair in pairs.tolist()}
            right = len(found & true)
            shares = f"{right / max(len(true), 1):.4f} | {right / max(len(found), 1):.4f} | {cost.seconds:.1f}"
            row = f"{len(found):,} | {right:,} | {shares} | {cost.processor:.1f} | {cost.megabytes:,.0f}"
            print(f"| {which} | {row} |", flush=True)


def _identities(folder: Path) -> Identities:
    """What all accepted cases are compared by."""
    files = case_files([folder])
    lots = [delivery.read(files.snapshot) for delivery in files.deliveries]
    each = [({**lot.cases.records.fields, **lot.identities.fields}, lot.cases.number) for lot in lots]
    fields = {name: stacked([(of.get(name) or no_answers(), number) for of, number in each]) for name in _COMPARED}
    source = np.repeat(np.arange(len(lots), dtype=np.int32), [number for _, number in each])
    return Identities(len(source), fields, source, tuple(ref for lot in lots for ref in lot.refs))


def _true_pairs(path: Path, identities: Identities) -> set[tuple[int, int]]:
    """Every pair of accepted cases that are one person's, the lower number first."""
    truth = pl.read_csv(path, infer_schema=False).select("person", ref=pl.format("{}:{}", "source", "case"))
    cases = pl.DataFrame({"ref": identities.refs}).with_row_index("number").join(truth, on="ref", how="left")
    assert cases["person"].null_count() == 0  # the truth is about every case
    of_person = cases.sort("number").group_by("person").agg("number")["number"].to_list()
    return {pair for numbers in of_person for pair in combinations(numbers, 2)}


def _built_in(folder: Path, identities: Identities) -> list[str]:
    (folder / "identities").write_bytes(pickle.dumps(identities))
    return [sys.executable, "-P", "-c", _BUILT_IN, str(folder / "identities")]


def _splink(folder: Path, identities: Identities) -> list[str]:
    _table(people(identities)).write_parquet(folder / "people")
    (folder / "settings.json").write_text(json.dumps(_SETTINGS))
    python = str(environments.python("splink", Path("build/benchmark/environments")).absolute())
    return [python, "-P", "-c", _SPLINK, str(folder / "people"), str(folder / "settings.json"), str(weights.THRESHOLD)]


def _measured(*command: str) -> Cost:
    """Run the command in a process that only it and its children share."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-P", "-c", code, *command], stdout=subprocess.PIPE, text=True, check=True)
    processor, most = map(float, done.stdout.split())
    return Cost(time.perf_counter() - began, processor, most / (1e6 if sys.platform == "darwin" else 1e3))


def _table(folk: People) -> pl.DataFrame:
    """One row a case, in the normal forms of the built-in matcher; codes stand for all but parts of names and dates."""
    tokens, documents, born = _lists(folk.tokens), folk.documents, folk.born
    told = (documents.kind > 0) & (documents.country > 0)
    kinds = np.where(told, documents.kind.astype(np.int64) << 32 | documents.country, -1)
    days = np.stack([swappable(born), *(without_digit(born, digit) for digit in DIGITS)], axis=1)
    held = {"numbers": documents.number, "vague_numbers": np.where(told, -1, documents.number), "kinds": kinds}
    return pl.DataFrame(
        {
            "case": range(folk.number),
            "tokens": [sorted(folk.texts[row].tolist()) for row in tokens],
            "sounds": [sorted(set(folk.sounds[row].tolist())) for row in tokens],
            "born": [f"{one:08}" if one else None for one in born.tolist()],
            **dict(zip(("year", "month", "day"), (born // 10_000, born // 100 % 100, born % 100), strict=True)),
            "days": _lists(np.where((born % 100 > 0)[:, None], days * 7 + np.arange(7), -1)),
            "documents": _lists(documents.held),
            **{name: _lists(np.append(column, -1)[documents.held]) for name, column in held.items()},
            **{name: _lists(getattr(folk, name)) for name in ("phones", "genders", "citizenships")},
        }
    )


def _lists(table: npt.NDArray[np.signedinteger]) -> list[list[int]]:
    return [[one for one in row if one >= 0] for row in table.tolist()]


def _comparisons() -> list[Json]:
    """The rules of the built-in matcher as levels; those of names and birth dates are tried from the best down."""
    shorter = "CASE WHEN len(tokens_l) <= len(tokens_r) THEN tokens_l ELSE tokens_r END"
    longer = "CASE WHEN len(tokens_l) <= len(tokens_r) THEN tokens_r ELSE tokens_l END"
    best = f"lambda a: list_max(list_transform({longer}, lambda b: jaro_winkler_similarity(a, b)))"
    likes, parts = f"list_transform({shorter}, {best})", "least(len(tokens_l), len(tokens_r))"
    names = (
        "tokens_l = tokens_r",
        f"len(list_intersect(tokens_l, tokens_r)) = {parts}",
        *(f"list_min({likes}) >= {LIKE / 1000} AND list_avg({likes}) >= {mean / 1000}" for mean in (CLOSE, SIMILAR)),
        "len(list_intersect(sounds_l, sounds_r)) = least(len(sounds_l), len(sounds_r))",
    )
    of_country = weights.CITIZENSHIP_SHARED, weights.CITIZENSHIPS_DIFFER
    same_year, months, days = "year_l = year_r", "least(month_l, month_r) > 0", "least(day_l, day_r) > 0"
    off = "born_l[1:2] = born_r[1:2] AND hamming(born_l, born_r) = 1"
    births = (
        f"{days} AND born_l = born_r",
        f"{months} AND NOT {days} AND {same_year} AND month_l = month_r",
        f"NOT {months} AND {same_year}",
        f"{days} AND (({same_year} AND month_l = day_r AND day_l = month_r) OR ({off}))",
        same_year,
    )
    vague = "list_has_any(vague_numbers_l, numbers_r) OR list_has_any(numbers_l, vague_numbers_r)"
    documents = f"{_shared('documents')} OR {vague}", _shared("numbers"), _shared("kinds")
    of_documents = weights.DOCUMENT_SHARED, weights.DOCUMENT_NUMBER_SHARED, weights.DOCUMENTS_DIFFER, 0.0
    return [
        _comparison(f"{parts} < 2", names, weights.NAMES[:0:-1].tolist()),
        _comparison(f"{parts} <> 1", names, weights.SINGLE_NAMES[:0:-1].tolist()),
        _comparison("born_l IS NULL OR born_r IS NULL", births, weights.BIRTH[:0:-1].tolist()),
        _comparison("FALSE", documents, of_documents),
        _comparison("FALSE", (_shared("phones"),), (weights.PHONE_SHARED, 0.0)),
        _comparison("len(genders_l) * len(genders_r) = 0", (_shared("genders"),), (0.0, weights.GENDER_DIFFERS)),
        _comparison("len(citizenships_l) * len(citizenships_r) = 0", (_shared("citizenships"),), of_country),
    ]


def _comparison(unknown: str, levels: Sequence[str], bits: Sequence[float]) -> Json:
    """Levels in the order in which they are tried, each with its bits, the last for all other pairs."""
    known = [
        {"sql_condition": sql, "m_probability": 0.5 * min(1, 2**weight), "u_probability": 0.5 * min(1, 2**-weight)}
        for sql, weight in zip((*levels, "ELSE"), bits, strict=True)
    ]
    return {"comparison_levels": [{"sql_condition": unknown, "is_null_level": True}, *known]}


def _shared(column: str) -> str:
    return f"list_has_any({column}_l, {column}_r)"


def _rule(*shared: str, vague: str = "TRUE") -> Json:
    """Pairs that share all the columns, of lists one value, and fulfil the condition."""
    rule = " AND ".join((*(f"l.{column} = r.{column}" for column in shared), vague))
    return {"blocking_rule": rule, "arrays_to_explode": [column for column in shared if column.endswith("s")]}


_SETTINGS: Json = {
    "link_type": "dedupe_only",
    "unique_id_column_name": "case",
    "probability_two_random_records_match": 0.5,  # no bits beforehand: the threshold has them in it
    "retain_matching_columns": False,
    "comparisons": [{"output_column_name": f"level_{place}", **one} for place, one in enumerate(_comparisons())],
    "blocking_rules_to_generate_predictions": [
        *(_rule("numbers"), _rule("phones"), _rule("sounds", "days")),
        *(_rule("sounds", "year", "month", vague=f"l.month > 0 AND {one}.day = 0") for one in "lr"),
        *(_rule("sounds", "year", vague=f"l.year > 0 AND {one}.month = 0") for one in "lr"),
    ],
}

if __name__ == "__main__":
    main()
