"""The built-in matcher and splink side by side: which finds the cases of one person better, and at what cost.

``python -m benchmarks.duplicates --cases 17500 --seed 7``. Splink is installed into a virtual environment of its own.
Both get the same normal forms, candidate keys and weights, which are fixed and never trained; making the normal forms
and the keys is part of the built-in matcher's cost, and not of splink's.
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
import polars as pl

from benchmarks.stage_one import Cost
from frostglass.preparation import case_files
from frostglass.sensitive.answers import stacked
from frostglass.sensitive.duplicates import blocking, weights
from frostglass.sensitive.duplicates.identities import Identities
from frostglass.sensitive.duplicates.people import People, people
from frostglass.sensitive.duplicates.weights import Weight
from frostglass.simulate.casefiles import TRUTH, write_case_files

Json = dict[str, object]
PairSet = set[tuple[int, int]]

_BUILT_IN = """
import pickle, sys
import numpy as np
from frostglass.sensitive.duplicates.matching import find_pairs
from frostglass.sensitive.duplicates.weights import THRESHOLD
pairs, _ = find_pairs(pickle.load(open(sys.argv[1], 'rb')))
reported = pairs.sure | (pairs.bits >= THRESHOLD)
np.save(sys.argv[2], np.stack([pairs.first[reported], pairs.second[reported]], axis=1))
"""

_SPLINK = """
import sys
from splink import DuckDBAPI, Linker
database = DuckDBAPI()
people = database.register(database.duckdb_con.read_parquet(sys.argv[1]), dataset_display_name="people")
inference = Linker(people, sys.argv[2], log_level="WARNING").inference
pairs = inference.predict(threshold_match_weight=float(sys.argv[4]), warning_mode="never")
database.duckdb_con.sql(f"SELECT case_l, case_r FROM {pairs.physical_name}").write_parquet(sys.argv[3])
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
        for matcher in (_built_in, _splink):
            which, found, cost = matcher(folder, identities)
            right = len(found & true)
            shares = f"{right / max(len(true), 1):.4f} | {right / max(len(found), 1):.4f}"
            costs = f"{cost.seconds:.1f} | {cost.processor:.1f} | {cost.megabytes:,.0f}"
            print(f"| {which} | {len(found):,} | {right:,} | {shares} | {costs} |", flush=True)


def _identities(folder: Path) -> Identities:
    """What all accepted cases are compared by."""
    files = case_files([folder])
    lots = [delivery.read(files.snapshot) for delivery in files.deliveries]
    numbers = [lot.cases.number for lot in lots]
    names = dict.fromkeys([*(name for lot in lots for name in lot.identities.fields), "gender", "citizenships"])
    each = [(lot.identities.fields, lot.cases.records, lot.cases.number) for lot in lots]
    fields = {name: stacked([(of.get(name) or cases.answers(name), n) for of, cases, n in each]) for name in names}
    source = np.repeat(np.arange(len(lots), dtype=np.int32), numbers)
    return Identities(sum(numbers), fields, source, tuple(ref for lot in lots for ref in lot.refs))


def _true_pairs(path: Path, identities: Identities) -> PairSet:
    """Every pair of accepted cases that are one person's, the lower number first."""
    truth = pl.read_csv(path, infer_schema=False).select("person", ref=pl.format("{}:{}", "source", "case"))
    cases = pl.DataFrame({"ref": identities.refs}).with_row_index("number").join(truth, on="ref", how="left")
    assert cases["person"].null_count() == 0  # the truth is about every case
    of_person = cases.sort("number").group_by("person").agg("number")["number"].to_list()
    return {pair for numbers in of_person for pair in combinations(numbers, 2)}


def _built_in(folder: Path, identities: Identities) -> tuple[str, PairSet, Cost]:
    given, out = folder / "identities.pickle", folder / "built-in.npy"
    given.write_bytes(pickle.dumps(identities))
    cost = _measured(sys.executable, "-c", _BUILT_IN, str(given), str(out))
    return "built-in", {(min(pair), max(pair)) for pair in np.load(out).tolist()}, cost


def _splink(folder: Path, identities: Identities) -> tuple[str, PairSet, Cost]:
    given, settings, out = folder / "people.parquet", folder / "settings.json", folder / "splink.parquet"
    table, rules = _table(people(identities))
    table.write_parquet(given)
    settings.write_text(json.dumps({**_SETTINGS, "blocking_rules_to_generate_predictions": rules}))
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "splink"], check=True, capture_output=True)
    cost = _measured(python, "-c", _SPLINK, str(given), str(settings), str(out), str(weights.THRESHOLD))
    version = next(folder.glob("venv/lib/*/site-packages/splink-*.dist-info")).stem
    return version, {(min(pair), max(pair)) for pair in pl.read_parquet(out).rows()}, cost


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


def _table(folk: People) -> tuple[pl.DataFrame, list[Json]]:
    """One row a case in the normal forms of the built-in matcher, and rules that make the same candidate pairs."""
    tokens = [[folk.texts[token] for token in row if token >= 0] for row in folk.tokens.tolist()]
    documents = folk.documents.by_record(folk.number)
    lists = {
        "tokens": tokens,
        "documents": [[":".join(one) for one in held] for held in documents],
        "numbers": [[one[2] for one in held] for held in documents],
        "vague_numbers": [[one[2] for one in held if not all(one[:2])] for held in documents],
        "kinds": [[":".join(one[:2]) for one in held if all(one[:2])] for held in documents],
        "phones": folk.phones.by_record(folk.number),
        "citizenships": folk.citizenships.by_record(folk.number),
    }
    table = pl.DataFrame(lists, schema=dict.fromkeys(lists, pl.List(pl.String))).with_columns(
        case=np.arange(folk.number),
        token_1=pl.col("tokens").list.first(),
        token_2=pl.col("tokens").list.last(),
        born=pl.Series([f"{born:08}" if born else None for born in folk.born.tolist()], dtype=pl.String),
        year=folk.born // 10_000,
        month=folk.born // 100 % 100,
        day=folk.born % 100,
        gender=pl.Series([None if code < 0 else code for code in folk.gender.tolist()], dtype=pl.Int32),
    )
    rules: list[Json] = []
    # The matcher's own keys, large blocks parted as it parts them: two matchers are to be compared, not two blockings.
    for place, keys in enumerate(blocking._keys(folk)):
        name, (small, large) = f"key_{place}", blocking._by_size(keys)
        refined, _ = blocking._by_size(blocking._by_year(large, folk))
        case, key = (small.case, refined.case), (small.key * 2, refined.key * 2 + 1)
        entries = pl.DataFrame({"case": np.concatenate(case), name: np.concatenate(key)}).unique()
        table = table.join(entries.group_by("case").agg(name), on="case", how="left")
        leads = " AND ((l.year > 0 AND l.day = 0) OR (r.year > 0 AND r.day = 0))" if keys.leads is not None else ""
        rules.append({"blocking_rule": f"l.{name} = r.{name}{leads}", "arrays_to_explode": [name]})
    return table.sort("case"), rules


def _comparisons() -> list[Json]:
    """The rules of the built-in matcher as levels, with the same weights."""
    same_year, days, months = "year_l = year_r", "least(day_l, day_r) > 0", "least(month_l, month_r) > 0"
    never, nothing = Weight(1e-12, 1, "only a document outweighs dates of two people"), Weight(1, 1, "says nothing")
    names = (
        (_SAME, weights.NAMES_SAME),
        (_alike(0.90), weights.NAMES_ALIKE),
        (_alike(0.86), weights.NAMES_NEAR),
        (_ONE_PART, weights.NAMES_ONE_PART),
        (_ANY_ALIKE, weights.NAMES_HALF),
        ("ELSE", weights.NAMES_OTHER),
    )
    birth = (
        (f"{days} AND born_l = born_r", weights.BORN_SAME),
        (f"{days} AND {same_year} AND month_l = day_r AND day_l = month_r", weights.BORN_SWAPPED),
        (f"{days} AND hamming(born_l, born_r) = 1", weights.BORN_SLIP),
        (f"{months} AND NOT {days} AND {same_year} AND month_l = month_r", weights.BORN_MONTH),
        (f"NOT {months} AND {same_year}", weights.BORN_YEAR),
        (f"NOT ({_DOCUMENT})", never),
        (same_year, weights.BORN_OTHER_DAY),
        ("ELSE", weights.BORN_OTHER),
    )
    document = (_DOCUMENT, weights.DOCUMENT_SAME), (_shared("kinds"), weights.DOCUMENT_OTHER), ("ELSE", nothing)
    like_names = f"({_PARTS} = 0 OR {_SAME} OR {_alike(0.86)} OR {_ONE_PART})"
    phone = (f"{_shared('phones')} AND {like_names}", weights.PHONE_SAME)
    gender = ("gender_l = gender_r", weights.GENDER_SAME), ("ELSE", weights.GENDER_OTHER)
    citizenship = (_shared("citizenships"), weights.CITIZENSHIP_SAME), ("ELSE", weights.CITIZENSHIP_OTHER)
    return [
        _comparison("names", f"{_PARTS} = 0", *names),
        _comparison("birth", "born_l IS NULL OR born_r IS NULL", *birth),
        _comparison("document", "FALSE", *document),
        _comparison("phone", "FALSE", phone, ("ELSE", nothing)),
        _comparison("gender", "gender_l IS NULL OR gender_r IS NULL", *gender),
        _comparison("citizenship", "least(len(citizenships_l), len(citizenships_r)) = 0", *citizenship),
    ]


def _comparison(name: str, unknown: str, *levels: tuple[str, Weight]) -> Json:
    """The levels in the order in which they are tried."""
    null: Json = {"sql_condition": unknown, "is_null_level": True}
    known = [{"sql_condition": sql, "m_probability": weight.m, "u_probability": weight.u} for sql, weight in levels]
    return {"output_column_name": name, "comparison_levels": [null, *known]}


def _shared(one: str, other: str = "") -> str:
    return f"list_has_any({one}_l, {other or one}_r)"


def _similar(one: int, other: int) -> str:
    """Similarity of two parts of names, where a single slip of the pen counts as it does in the built-in matcher."""
    a, b = f"token_{one}_l", f"token_{other}_r"
    winkler = f"jaro_winkler_similarity({a}, {b})"
    slip = f"least(length({a}), length({b})) >= 3 AND damerau_levenshtein({a}, {b}) <= 1"
    return f"(CASE WHEN {slip} THEN greatest({winkler}, 0.91) ELSE {winkler} END)"


def _alike(mean: float) -> str:
    """The first and the last part of the names, which stand for all parts, are that similar in one order or another."""
    ways = ((_similar(1, 1), _similar(2, 2)), (_similar(1, 2), _similar(2, 1)))
    either = " OR ".join(f"({a} + {b} >= {2 * mean} AND least({a}, {b}) >= 0.76)" for a, b in ways)
    return f"({_PARTS} > 1 AND ({either}))"


_PARTS = "least(len(tokens_l), len(tokens_r))"
_SAME = f"({_PARTS} > 1 AND len(list_intersect(tokens_l, tokens_r)) = {_PARTS})"
_BEST = f"greatest({', '.join(_similar(one, other) for one in (1, 2) for other in (1, 2))})"
_ANY_ALIKE = f"({_shared('tokens')} OR {_BEST} >= 0.90)"
_ONE_PART = f"({_PARTS} = 1 AND {_ANY_ALIKE})"
_DOCUMENT = f"{_shared('documents')} OR {_shared('vague_numbers', 'numbers')} OR {_shared('numbers', 'vague_numbers')}"
_SETTINGS: Json = {
    "link_type": "dedupe_only",
    "unique_id_column_name": "case",
    "probability_two_random_records_match": 0.5,  # no bits beforehand: the threshold has them in it
    "retain_matching_columns": False,
    "comparisons": _comparisons(),
}

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
