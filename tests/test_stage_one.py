"""From simulated case files to the coded table: it is the truth, every loss is counted, and no identifier comes out."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

import frostglass
from frostglass import codebooks, preparation
from frostglass.desk import main
from frostglass.errors import InputError, UsageError
from frostglass.preparation import Order
from frostglass.review.flow_page import flow_html
from frostglass.sensitive.flow import Flow
from frostglass.sensitive.linkage.decisions import COLUMNS
from frostglass.simulate.casefiles import write_case_files
from tests.casefile_support import HEADINGS, LEGACY, NEW, OLD, OLD_PERSON, write_json, write_rows

VP = codebooks.load("ctdc-vp-1")

Desk = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def case_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case files of 3,000 fictitious people."""
    folder = tmp_path_factory.mktemp("files") / "case-files"
    write_case_files(folder, 3_000, 11)
    return folder


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    def frostglass(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["frostglass", *map(str, arguments)])
        try:
            main.run()
        except SystemExit as done:
            code = done.code if isinstance(done.code, int) else 0
        else:
            code = 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return frostglass


def truth_of(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        return {f"{row['source']}:{row['case']}": row for row in csv.DictReader(file)}


# ------------------------------------------------------------------------------------------------ against the truth


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_the_coded_table_is_the_truth_but_for_undecided_duplicates(tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "case-files"
    write_case_files(folder, 17_500, seed)
    flow = preparation.prepare(Order((folder,), truth=folder / "truth.csv"), VP).flow
    assert flow.truth is not None
    figures = {name: int(str(value)) for name, value in flow.truth.items() if isinstance(value, int)}
    assert figures["cases otherwise"] == 0
    assert figures["merged wrongly"] == 0
    assert figures["cases"] == figures["cases as in the truth"] + figures["cases whose duplicate is undecided"]
    assert figures["cases whose duplicate is undecided"] <= 2 * figures["left undecided"] + figures["missed"]
    assert figures["merged"] + figures["left undecided"] >= 0.99 * figures["true pairs of duplicates"]
    assert figures["undecided, and two people in truth"] <= 40, "a queue that a data officer can work through"


def answered(queue: Path, truth: Mapping[str, Mapping[str, str]]) -> int:
    """Decide every waiting pair of a queue as the truth has it; the number of rows decided."""
    with queue.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    number = 0
    for row in rows:
        if row["kind"] in ("likely", "chain") and not row["decision"]:
            same = truth[row["case_a"]]["person"] == truth[row["case_b"]]["person"]
            row |= {"decision": "same" if same else "different", "by": "Officer", "second_by": "Colleague"}
            number += 1
    with queue.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return number


def test_when_all_pairs_are_decided_the_coded_table_is_exactly_the_truth(case_files: Path, tmp_path: Path) -> None:
    truth, queue, decided = truth_of(case_files), tmp_path / "queue.csv", []
    order = Order((case_files,), truth=case_files / "truth.csv")
    prepared = preparation.prepare(order, VP)
    while prepared.flow.linked.undecided:
        preparation.write_queue(prepared, queue)
        decided.append(answered(queue, truth))
        assert len(decided) < 5
        prepared = preparation.prepare(Order((case_files,), truth=case_files / "truth.csv", decisions=queue), VP)
    assert decided
    assert decided[0] > 10
    found = prepared.flow.truth
    assert found is not None
    assert found["cases as in the truth"] == found["cases"]
    assert found["precision of merging"] == found["recall of merging"] == 1.0
    expected = [
        tuple(row[name] or None for name in VP.domain.names) for row in truth.values() if row["outcome"] == "released"
    ]
    assert Counter(prepared.table.reveal().rows()) == Counter(expected)


def test_a_decision_is_undone_by_changing_its_row(case_files: Path, tmp_path: Path) -> None:
    queue = tmp_path / "queue.csv"
    first = preparation.prepare(Order((case_files,)), VP)
    preparation.write_queue(first, queue)
    answered(queue, {ref: {"person": "all one"} for ref in truth_of(case_files)})
    merged = preparation.prepare(Order((case_files,), decisions=queue), VP)
    assert merged.flow.released < first.flow.released
    queue.write_text(queue.read_text().replace(",same,", ",different,"))
    undone = preparation.prepare(Order((case_files,), decisions=queue), VP)
    assert undone.flow.released == first.flow.released
    assert undone.flow.linked.undecided == 0


def test_the_flow_counts_what_the_truth_says(case_files: Path) -> None:
    truth = truth_of(case_files)
    flow = preparation.prepare(Order((case_files,)), VP).flow
    assert sum(one.registered for one in flow.sources) == len(truth)
    by_outcome = Counter((row["source"], row["outcome"]) for row in truth.values())
    reasons = Counter((row["source"], row["reason"]) for row in truth.values() if row["outcome"] == "out of scope")
    for one in flow.sources:
        assert sum(one.quarantined.values()) == by_outcome[one.import_map, "quarantined"]
        assert one.registered == one.lost() + one.released
        for (source, reason), number in reasons.items():
            if source == one.import_map:
                assert one.out_of_scope[reason] == number
    numbers = [left for _, left in flow.stages]
    assert all(after <= before for before, after in pairwise(numbers))
    assert numbers[-1] == flow.released


def test_the_table_that_comes_out_fits_the_codebook(case_files: Path, tmp_path: Path, desk: Desk) -> None:
    for name in ("coded.parquet", "coded.csv"):
        out = tmp_path / name
        assert desk("recode", case_files, "-c", "ctdc-vp-1", "-o", out, "-q")[0] == 0
        assert out.stat().st_mode & 0o777 == 0o600
        code, said, _ = desk("check", out, "-c", "ctdc-vp-1")
        assert code == 0
        assert "the table fits the codebook" in said


@pytest.mark.parametrize("codebook", ["ctdc-vp-next", "ctdc-global"])
def test_other_codebooks_recode_the_same_case_files(case_files: Path, codebook: str) -> None:
    book = codebooks.load(codebook)
    prepared = preparation.prepare(Order((case_files,)), book)
    table = prepared.table.reveal()
    assert table.columns == list(book.domain.names)
    assert table.height == prepared.flow.released > 2_000
    empty = {name for name in table.columns if table[name].null_count() == table.height}
    assert not empty, "every variable is recorded by some system"


# ------------------------------------------------------------------------------------------------ no identifier out


def identifiers_of(folder: Path) -> set[str]:
    """Names, documents, telephones, addresses and keys in the files, and all that was planted in free text."""
    found = set((folder / "planted.txt").read_text(encoding="utf-8").splitlines())
    columns = {
        "legacy.csv": ("case_no", "family_name", "given_names", "passport_no", "phone"),
        "webform-old-cases.csv": ("CaseNumber", "LastName", "FirstName", "MiddleName", "PassportNumber", "MobilePhone"),
        "htcds.csv": (
            "cas_Id",
            "prs_FirstName",
            "prs_SecondName",
            "prs_IdentityNumber",
            "prs_Email",
            "prs_MobilePhone",
        ),
    }
    for name, wanted in columns.items():
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                found |= {part for column in wanted for part in row[column].split(";")}
    for case in json.loads((folder / "webform-new.json").read_text(encoding="utf-8")):
        person = case["identity"]
        found |= {case["case_id"], person["given_name"], person["family_name"], person["email"], *person["phones"]}
        found |= {one["number"] for one in person["documents"]}
    return {one.strip() for one in found if one and len(one.strip()) > 3}


def test_no_identifier_is_in_the_table_the_report_what_is_said_or_the_bundle(
    case_files: Path, tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    commands: list[tuple[object, ...]] = [
        ("recode", case_files, "-c", "ctdc-vp-1", "-o", "coded.csv", "--report", "flow.html", "--truth",
         case_files / "truth.csv"),
        ("recode", case_files, "-c", "ctdc-vp-1", "-o", "coded.parquet", "--report", "flow.json", "--json"),
        ("import", "check", case_files),
        ("ledger", "open", "s", "--epsilon", "4", "--delta", "1e-6", "--ledger", "b.db"),
        ("release", "coded.parquet", "-c", "ctdc-vp-1", "--epsilon", "2", "--scope", "s", "--ledger", "b.db", "-o",
         "out", "-v"),
    ]  # fmt: skip
    said = [desk(*command) for command in commands]
    assert [code for code, _, _ in said] == [0] * 5
    texts = [text for _, out, err in said for text in (out, err)]
    for path in tmp_path.rglob("*"):
        if path.suffix == ".parquet":
            texts.append(pl.read_parquet(path).write_csv())
        elif path.is_file():
            texts.append(path.read_bytes().decode("utf-8", "replace"))
    assert len(texts) > 20
    whole = "\n".join(texts).casefold()
    words = set(re.findall(r"\w+", whole))
    identifiers = identifiers_of(case_files)
    assert len(identifiers) > 9_000
    possible = [one for one in identifiers if set(re.findall(r"\w+", one.casefold())) <= words]
    assert [one for one in possible if one.casefold() in whole] == []


def test_the_report_proves_the_strip(case_files: Path, tmp_path: Path) -> None:
    proof = preparation.prepare(Order((case_files,)), VP).flow.proof
    assert proof is not None
    assert proof.holds()
    assert proof.identifiers.identifiers > 8_000
    assert proof.planted is not None
    assert proof.planted.identifiers > 500
    legacy = next(one for one in proof.columns if one.import_map == "legacy-flat")
    assert {"family_name", "given_names", "passport_no", "phone", "year_of_birth"} == set(legacy.linking)
    assert {"village", "remarks"} == set(legacy.never)
    for one in proof.columns:
        assert not set(one.linking) & set(one.recoding)
        assert not set(one.never) & {*one.recoding, *one.linking, *one.selecting}


def test_a_leak_would_be_found_and_reported(
    case_files: Path, tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a planted word smuggled into the report, the proof fails, and so does the command."""
    word = (case_files / "planted.txt").read_text(encoding="utf-8").splitlines()[0]

    def leaking(flow: Flow) -> str:
        return flow_html(flow) + (f"<p>{word}</p>" if flow.sources else "")

    monkeypatch.setattr(preparation, "flow_html", leaking)
    code, said, err = desk("recode", case_files, "-c", "ctdc-vp-1", "-o", tmp_path / "c.csv")
    assert code == 1
    assert "identifiers of the input were found in the output" in err
    assert word not in said + err


# ------------------------------------------------------------------------------------------------------ the command


def test_recode_says_what_came_of_it(case_files: Path, tmp_path: Path, desk: Desk) -> None:
    code, said, err = desk(
        "recode", case_files, "-c", "ctdc-vp-1", "-o", tmp_path / "c.parquet", "--report", tmp_path / "f.html",
        "--queue", tmp_path / "q.csv",
    )  # fmt: skip
    assert code == 0, err
    for words in ("registered", "released", "records, one a person", "wait for a data officer", "flow report"):
        assert words in said
    for name in ("c.parquet", "f.html", "q.csv"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    page = (tmp_path / "f.html").read_text()
    assert page.count("PRIVATE") >= 2
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_report_is_the_same_in_both_forms(case_files: Path, tmp_path: Path, desk: Desk) -> None:
    for name in ("f.html", "f.json"):
        desk("recode", case_files, "-c", "ctdc-vp-1", "-o", tmp_path / "c.csv", "--report", tmp_path / name, "--force")
    content = json.loads((tmp_path / "f.json").read_text())
    page = (tmp_path / "f.html").read_text()
    assert content["private"] is True
    assert content["strip"]["holds"] is True
    for stage in content["stages"]:
        assert f"{stage['cases']:,}" in page
    for loss in content["recoding"]:
        assert f">{loss['cases']:,}<" in page
    assert sum(int(size) * number for size, number in content["households"].items()) == content["stages"][-1]["cases"]


def test_case_files_that_another_database_releases_are_left_out(case_files: Path, tmp_path: Path, desk: Desk) -> None:
    key, tokens = tmp_path / "k", tmp_path / "t.csv"
    common = (case_files, "-c", "ctdc-vp-1", "--key", key)
    assert desk("duplicates", "key", "-o", key)[0] == 0
    assert desk("duplicates", "tokens", *common, "-o", tokens, "--database", "south")[0] == 0
    out = ("-o", tmp_path / "c.csv", "--report", tmp_path / "f.json", "--force")
    assert desk("recode", *common, *out, "--released-elsewhere", tokens)[0] == 0
    flow = json.loads((tmp_path / "f.json").read_text())
    left_out = sum(one["out_of_scope"]["another database releases this person"] for one in flow["sources"])
    assert flow["duplicates"]["held_elsewhere"] >= left_out > 500
    assert flow["duplicates"]["maybe_elsewhere"] > 500
    assert desk("recode", case_files, "-c", "ctdc-vp-1", *out, "--released-elsewhere", tokens)[0] == 2


def test_a_legacy_delivery_without_a_legal_basis_is_not_released(case_files: Path, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    shutil.copytree(case_files, folder)
    text = (folder / "casefiles.toml").read_text()
    before, basis, after = text.partition("legal_basis")
    (folder / "casefiles.toml").write_text(before + after.partition("\n")[2])
    assert basis
    flow = preparation.prepare(Order((folder,)), VP).flow
    legacy = next(one for one in flow.sources if one.import_map == "legacy-flat")
    assert legacy.released == 0
    assert legacy.legal_basis is None
    assert legacy.out_of_scope["no consent to anonymised research on the day of the snapshot"] > 200


def test_an_earlier_snapshot_knows_fewer_cases(case_files: Path) -> None:
    early = preparation.prepare(Order((case_files,), snapshot="2020-06-30"), VP).flow
    assert early.snapshot == "2020-06-30"
    later = [sum(n for why, n in one.quarantined.items() if "snapshot" in why) for one in early.sources]
    assert sum(later) > 500


def test_files_need_no_description(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", HEADINGS["webform-old"], [OLD])
    write_rows(tmp_path / "b.csv", HEADINGS["webform-old-persons"], [OLD_PERSON])
    write_json(tmp_path / "c.json", [NEW])
    prepared = preparation.prepare(Order((tmp_path,), snapshot="2023-01-31"), VP)
    assert prepared.flow.released == 2
    table = prepared.table.reveal()
    assert table["yearRegister"].to_list() == ["2014-2018", "2021-2022"]


def test_when_nothing_is_left_the_table_is_empty_and_says_so(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"], [LEGACY])
    prepared = preparation.prepare(Order((tmp_path,), snapshot="2023-01-31"), VP)
    assert prepared.flow.released == 0
    assert prepared.table.reveal().shape == (0, 16)
    write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"], [{**LEGACY, "case_status": "x"}])
    assert preparation.prepare(Order((tmp_path,), snapshot="2023-01-31"), VP).flow.released == 0


def test_the_same_case_twice_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_rows(tmp_path / f"{name}.csv", HEADINGS["legacy-flat"], [LEGACY])
    delivery = '[[delivery]]\nmap = "legacy-flat"\nfiles = {{ cases = "{}.csv" }}\n'
    (tmp_path / "casefiles.toml").write_text(delivery.format("a") + delivery.format("b"))
    with pytest.raises(InputError, match="FG-IN-116"):
        preparation.prepare(Order((tmp_path,)), VP)


def test_a_truth_of_other_files_is_refused(case_files: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"], [LEGACY])
    with pytest.raises(InputError, match="FG-IN-117"):
        preparation.prepare(Order((tmp_path / "a.csv",), truth=case_files / "truth.csv"), VP)
    with pytest.raises(InputError, match="FG-IN-117"):
        preparation.prepare(Order((tmp_path / "a.csv",), truth=tmp_path / "a.csv"), VP)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("-o", "c.parquet"), "FG-OP"),
        (("-c", "ctdc-vp-1"), "FG-OP"),
        (("-c", "ctdc-vp-1", "-o", "c.xlsx"), "FG-OP-092"),
        (("-c", "ctdc-vp-1", "-o", "c.csv", "--report", "f.pdf"), "FG-OP-092"),
        (("-c", "ctdc-vp-1", "-o", "c.csv", "--snapshot", "soon"), "FG-OP-090"),
        (("-c", "ctdc-vp-1", "-o", "there.csv"), "FG-OP-050"),
        (("-c", "ctdc-vp-1", "-o", "c.csv", "--map", "webform"), "FG-CB-011"),
        (("-c", "ctdc-vp-1", "-o", "none/c.csv"), "FG-OP-072"),
        (("-c", "ctdc-vp-1", "-o", "c.csv", "--report", "none/f.html"), "FG-OP-072"),
        (("-c", "ctdc-vp-1", "-o", "c.csv", "--queue", "c.csv"), "FG-OP-095"),
    ],
)
def test_wrong_use_is_told_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Desk, arguments: tuple[str, ...], code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"], [LEGACY])
    (tmp_path / "there.csv").write_text("")
    before = sorted(tmp_path.iterdir())
    status, said, err = desk("recode", "a.csv", *arguments)
    assert status in (1, 2)
    assert not said
    assert err.splitlines()[-1].startswith(code), err
    assert sorted(tmp_path.iterdir()) == before


def test_an_order_with_tokens_and_no_key_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"], [LEGACY])
    with pytest.raises(UsageError, match="FG-OP-091"):
        preparation.prepare(Order((tmp_path,), elsewhere=(tmp_path / "a.csv",)), VP)


def test_simulate_writes_case_files_or_a_table_and_not_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said, _ = desk("simulate", "--cases", "50", "-o", "files")
    assert code == 0
    assert "rows  legacy.csv" in said
    assert (tmp_path / "files" / "truth.csv").exists()
    assert desk("simulate", "--cases", "50", "--records", "50", "-o", "other")[0] == 2
    assert desk("simulate", "--cases", "50", "-o", "files")[0] == 2


def test_what_is_prepared_prints_as_withheld(case_files: Path) -> None:
    prepared = preparation.prepare(Order((case_files,)), VP)
    for one in (prepared, prepared.table, prepared.stage, prepared.stage.pairs, prepared.stage.resolution):
        assert "withheld" in repr(one)


def test_the_import_maps_are_listed(desk: Desk) -> None:
    code, said, _ = desk("import", "list")
    assert code == 0
    assert all(name in said for name in ("legacy-flat", "webform-old", "webform-new", "htcds-2"))


def test_the_python_door_gives_the_same(case_files: Path, tmp_path: Path) -> None:
    made = frostglass.recode(case_files, "ctdc-vp-1")
    prepared = preparation.prepare(Order((case_files,)), VP)
    assert made.table.equals(prepared.table.reveal())
    assert made.flow["stages"] == prepared.flow.as_json()["stages"]
    assert "withheld" in repr(made)
    made.write_queue(tmp_path / "q.csv")
    made.write_report(tmp_path / "f.html")
    again = frostglass.recode([case_files], VP, decisions=tmp_path / "q.csv")
    assert again.table.equals(made.table)
