"""The built-in matcher and splink side by side: which finds the cases of one person better, and at what cost.

``python -m benchmarks.duplicates --cases 17500 --seed 7``. Splink is installed into a virtual environment of its own.
Both get the same normal forms, the same candidate keys, and the same weights, which are fixed and never trained; making
the normal forms and keys is part of the built-in matcher's cost, and not of splink's.
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
from collections.abc import Mapping, Sequence
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

_BUILT_IN = """
import pickle, sys
from pathlib import Path
import numpy as np
from frostglass.sensitive.duplicates.matching import find_pairs
from frostglass.sensitive.duplicates.weights import THRESHOLD
pairs, _ = find_pairs(pickle.loads(Path(sys.argv[1]).read_bytes()))
reported = pairs.sure | (pairs.bits >= THRESHOLD)
np.save(sys.argv[2], np.stack([pairs.first[reported], pairs.second[reported]], axis=1))
"""

_SPLINK = """
import sys
from splink import DuckDBAPI, Linker
database = DuckDBAPI()
people = database.register(database.duckdb_con.read_parquet(sys.argv[1]), dataset_display_name="people")
pairs = Linker(people, sys.argv[2]).inference.predict(threshold_match_weight=float(sys.argv[4]), warning_mode="never")
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
        print("|---|---|---|---|---|---|---|---|")
        _row("built-in", *_built_in(folder, identities), true)
        _row(*_splink(folder, identities), true)


def _row(matcher: str, found: set[tuple[int, int]], cost: Cost, true: set[tuple[int, int]]) -> None:
    right = len(found & true)
    shares = f"{right / max(len(true), 1):.4f} | {right / max(len(found), 1):.4f}"
    costs = f"{cost.seconds:.1f} | {cost.processor:.1f} | {cost.megabytes:,.0f}"
    print(f"| {matcher} | {len(found):,} | {right:,} | {shares} | {costs} |", flush=True)


# ------------------------------------------------------------------------------------------------------------- cases


def _identities(folder: Path) -> Identities:
    """What all accepted cases are compared by."""
    files = case_files([folder])
    lots = [delivery.read(files.snapshot) for delivery in files.deliveries]
    each = [
        {**lot.identities.fields, **{name: lot.cases.records.answers(name) for name in ("gender", "citizenships")}}
        for lot in lots
    ]
    numbers = [lot.cases.number for lot in lots]
    names = dict.fromkeys(name for one in each for name in one)
    empty = lots[0].identities.answers("")
    fields = {
        name: stacked([(one.get(name, empty), n) for one, n in zip(each, numbers, strict=True)]) for name in names
    }
    source = np.repeat(np.arange(len(lots), dtype=np.int32), numbers)
    return Identities(sum(numbers), fields, source, tuple(ref for lot in lots for ref in lot.refs))


def _true_pairs(path: Path, identities: Identities) -> set[tuple[int, int]]:
    """Every pair of accepted cases that are one person's, the lower number first."""
    truth = pl.read_csv(path, infer_schema=False).select(
        pl.concat_str("source", pl.lit(":"), "case").alias("ref"), "person"
    )
    cases = pl.DataFrame({"ref": identities.refs}).with_row_index("number").join(truth, on="ref", how="left")
    assert cases["person"].null_count() == 0  # the truth is about every case
    of_person = cases.sort("number").group_by("person").agg("number")["number"].to_list()
    return {pair for numbers in of_person for pair in combinations(numbers, 2)}


def _pairs(rows: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> set[tuple[int, int]]:
    return {(min(one, other), max(one, other)) for one, other in rows.tolist()}


# ---------------------------------------------------------------------------------------------------------- matchers


def _built_in(folder: Path, identities: Identities) -> tuple[set[tuple[int, int]], Cost]:
    given, out = folder / "identities.pickle", folder / "built-in.npy"
    given.write_bytes(pickle.dumps(identities))
    cost = _measured(sys.executable, "-c", _BUILT_IN, str(given), str(out))
    return _pairs(np.load(out)), cost


def _splink(folder: Path, identities: Identities) -> tuple[str, set[tuple[int, int]], Cost]:
    """Splink with its version."""
    given, settings, out = folder / "people.parquet", folder / "settings.json", folder / "splink.parquet"
    table, keys = _table(people(identities))
    table.write_parquet(given)
    settings.write_text(json.dumps(_settings(keys)))
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "splink"], check=True, capture_output=True)
    asked = [python, "-c", "from importlib.metadata import version; print(version('splink'))"]
    version = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    cost = _measured(python, "-c", _SPLINK, str(given), str(settings), str(out), str(weights.THRESHOLD))
    return f"splink {version}", _pairs(pl.read_parquet(out).to_numpy()), cost


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


# ------------------------------------------------------------------------------------------------------ splink's model


def _table(folk: People) -> tuple[pl.DataFrame, Mapping[str, str]]:
    """One row a case in the normal forms of the built-in matcher, and the candidate keys with what else each asks."""
    tokens = [[folk.texts[token] for token in row if token >= 0] for row in folk.tokens.tolist()]
    documents = folk.documents.by_record(folk.number)
    table = pl.DataFrame(
        {
            "case": np.arange(folk.number),
            "tokens": tokens,
            "token_1": [one[0] if one else None for one in tokens],
            "token_2": [one[-1] if one else None for one in tokens],
            "born": [f"{born:08}" if born else None for born in folk.born.tolist()],
            "year": folk.born // 10_000,
            "month": folk.born // 100 % 100,
            "day": folk.born % 100,
            "documents": [[":".join(one) for one in held] for held in documents],
            "numbers": [[one[2] for one in held] for held in documents],
            "vague_numbers": [[one[2] for one in held if not all(one[:2])] for held in documents],
            "kinds": [[f"{one[0]}:{one[1]}" for one in held if all(one[:2])] for held in documents],
            "phones": folk.phones.by_record(folk.number),
            "gender": [None if code < 0 else code for code in folk.gender.tolist()],
            "citizenships": folk.citizenships.by_record(folk.number),
        },
        schema_overrides=dict.fromkeys(
            ("documents", "numbers", "vague_numbers", "kinds", "phones"), pl.List(pl.String)
        ),
    )
    asks = {}
    for place, keys in enumerate(blocking._keys(folk)):
        small, large = blocking._by_size(keys)
        refined, _ = blocking._by_size(blocking._by_year(large, folk))
        entries = pl.DataFrame(
            {
                "case": np.concatenate([small.case, refined.case]),
                f"key_{place}": np.concatenate([small.key * 2, refined.key * 2 + 1]),
            }
        )
        table = table.join(entries.unique().group_by("case").agg(f"key_{place}"), on="case", how="left")
        vague = "((l.year > 0 AND l.day = 0) OR (r.year > 0 AND r.day = 0))"
        asks[f"key_{place}"] = f" AND {vague}" if keys.leads is not None else ""
    return table.sort("case"), asks


def _settings(keys: Mapping[str, str]) -> Json:
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "case",
        "probability_two_random_records_match": 0.5,  # no bits beforehand: the threshold has them in it
        "retain_matching_columns": False,
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": f"l.{key} = r.{key}{asked}", "arrays_to_explode": [key]} for key, asked in keys.items()
        ],
        "comparisons": _comparisons(),
    }


def _comparisons() -> list[Json]:
    """The built-in rules as levels; the name's first and last part, both ways, stand for all of its parts."""
    ways = [[_similar(1, 1), _similar(2, 2)], [_similar(1, 2), _similar(2, 1)]]
    parts = "least(len(tokens_l), len(tokens_r))"
    same = f"{parts} > 1 AND len(list_intersect(tokens_l, tokens_r)) = {parts}"
    alike, near = (
        f"{parts} > 1 AND ({' OR '.join(f'({a} + {b} >= {2 * mean} AND least({a}, {b}) >= 0.76)' for a, b in ways)})"
        for mean in (0.90, 0.86)
    )
    best = f"greatest({', '.join(one for way in ways for one in way)}) >= 0.90"
    any_alike = f"(list_has_any(tokens_l, tokens_r) OR {best})"
    one_part = f"{parts} = 1 AND {any_alike}"
    document = " OR ".join(
        f"list_has_any({one}_l, {other}_r)"
        for one, other in (("documents", "documents"), ("vague_numbers", "numbers"), ("numbers", "vague_numbers"))
    )
    same_year, days, months = "year_l = year_r", "least(day_l, day_r) > 0", "least(month_l, month_r) > 0"
    never = Weight(1e-12, 0.98, "nothing but a document outweighs dates of birth that cannot be one person's")
    nothing = Weight(1, 1, "says nothing")
    return [
        _comparison(
            "names", f"{parts} = 0", (same, weights.NAMES_SAME), (alike, weights.NAMES_ALIKE),
            (near, weights.NAMES_NEAR), (one_part, weights.NAMES_ONE_PART),
            (f"{parts} > 1 AND {any_alike}", weights.NAMES_HALF), ("ELSE", weights.NAMES_OTHER),
        ),
        _comparison(
            "birth", "born_l IS NULL OR born_r IS NULL",
            (f"{days} AND born_l = born_r", weights.BORN_SAME),
            (f"{days} AND {same_year} AND month_l = day_r AND day_l = month_r", weights.BORN_SWAPPED),
            (f"{days} AND hamming(born_l, born_r) = 1", weights.BORN_SLIP),
            (f"{months} AND NOT {days} AND {same_year} AND month_l = month_r", weights.BORN_MONTH),
            (f"NOT {months} AND {same_year}", weights.BORN_YEAR),
            (f"NOT ({document})", never),
            (same_year, weights.BORN_OTHER_DAY), ("ELSE", weights.BORN_OTHER),
        ),
        _comparison(
            "document", "FALSE", (document, weights.DOCUMENT_SAME),
            ("list_has_any(kinds_l, kinds_r)", weights.DOCUMENT_OTHER), ("ELSE", nothing),
        ),
        _comparison(
            "phone", "FALSE",
            (
                f"list_has_any(phones_l, phones_r) AND ({parts} = 0 OR {same} OR {near} OR {one_part})",
                weights.PHONE_SAME,
            ),
            ("ELSE", nothing),
        ),
        _comparison(
            "gender", "gender_l IS NULL OR gender_r IS NULL", ("gender_l = gender_r", weights.GENDER_SAME),
            ("ELSE", weights.GENDER_OTHER),
        ),
        _comparison(
            "citizenship", "coalesce(least(len(citizenships_l), len(citizenships_r)), 0) = 0",
            ("list_has_any(citizenships_l, citizenships_r)", weights.CITIZENSHIP_SAME),
            ("ELSE", weights.CITIZENSHIP_OTHER),
        ),
    ]  # fmt: skip


def _similar(one: int, other: int) -> str:
    """Similarity of two parts of names, where a single slip of the pen counts as it does in the built-in matcher."""
    a, b = f"token_{one}_l", f"token_{other}_r"
    winkler = f"jaro_winkler_similarity({a}, {b})"
    slip = f"least(length({a}), length({b})) >= 3 AND damerau_levenshtein({a}, {b}) <= 1"
    return f"(CASE WHEN {slip} THEN greatest({winkler}, 0.91) ELSE {winkler} END)"


def _comparison(name: str, unknown: str, *levels: tuple[str, Weight]) -> Json:
    """The levels in the order in which they are tried."""
    known = [
        {"sql_condition": sql, "label_for_charts": weight.why, "m_probability": weight.m, "u_probability": weight.u}
        for sql, weight in levels
    ]
    null = {"sql_condition": unknown, "label_for_charts": "not known", "is_null_level": True}
    return {"output_column_name": name, "comparison_levels": [null, *known]}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
