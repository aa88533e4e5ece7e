"""From simulated case files to the coded table: it is the truth, every loss is counted, and no identifier comes out."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

import frostglass
from frostglass import codebooks
from frostglass.errors import InputError, UsageError
from frostglass.review.pages.flow_page import flow_html
from frostglass.sensitive.flow import Flow
from frostglass.sensitive.importing import values
from frostglass.sensitive.linkage.decisions import COLUMNS
from frostglass.sensitive.linkage.tokens import new_key
from frostglass.simulate.casefiles import write_case_files
from frostglass.ways import recode as preparation
from frostglass.ways.recode import Order
from tests.conftest import Command
from tests.sensitive.casefile_support import HEADINGS, LEGACY, NEW, OLD, OLD_PERSON, write_json, write_rows

VP = codebooks.load("ctdc-vp-1")


@pytest.fixture(scope="module")
def case_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case files of 3,000 fictitious people."""
    folder = tmp_path_factory.mktemp("files") / "case-files"
    write_case_files(folder, 3_000, 11)
    return folder


@pytest.fixture
def desk(frostglass_command: Command) -> Command:
    return frostglass_command


def truth_of(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        return {f"{row['source']}:{row['case']}": row for row in csv.DictReader(file)}


# ------------------------------------------------------------------------------------------------ against the truth


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
def test_the_table_that_comes_out_fits_the_codebook(case_files: Path, tmp_path: Path, desk: Command) -> None:
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


@pytest.mark.long
def test_no_identifier_is_in_the_table_the_report_what_is_said_or_the_bundle(
    case_files: Path, tmp_path: Path, desk: Command, monkeypatch: pytest.MonkeyPatch
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
    case_files: Path, tmp_path: Path, desk: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a planted word smuggled into the report, the proof fails, and so does the command."""
    word = (case_files / "planted.txt").read_text(encoding="utf-8").splitlines()[0]

    def leaking(flow: Flow) -> str:
        return flow_html(flow) + (f"<p>{word}</p>" if flow.sources else "")

    monkeypatch.setattr(preparation, "flow_html", leaking)
    code, said, err = desk("recode", case_files, "-c", "ctdc-vp-1", "-o", tmp_path / "c.csv")
    assert code == 1
    assert "FG-IN-118: identifiers of the input stand in the output, which is not written" in err
    assert word not in said + err
    assert not (tmp_path / "c.csv").exists()


# ------------------------------------------------------------------------------------------------------ the command


def test_recode_says_what_came_of_it(case_files: Path, tmp_path: Path, desk: Command) -> None:
    code, said, err = desk(
        "recode", case_files, "-c", "ctdc-vp-1", "-o", tmp_path / "c.parquet", "--report", tmp_path / "f.html",
        "--queue", tmp_path / "q.csv",
    )  # fmt: skip
    assert code == 0, err
    for words in ("registered", "released", "records, one a person", "for a data officer to decide", "flow report"):
        assert words in said
    for name in ("c.parquet", "f.html", "q.csv"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    page = (tmp_path / "f.html").read_text()
    assert page.count("PRIVATE") >= 2
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_report_is_the_same_in_both_forms(case_files: Path, tmp_path: Path, desk: Command) -> None:
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


@pytest.mark.long
def test_case_files_that_another_database_releases_are_left_out(
    case_files: Path, tmp_path: Path, desk: Command
) -> None:
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
    assert desk("duplicates", "key", "-o", tmp_path / "k2")[0] == 0
    code, _, err = desk(
        "recode", case_files, "-c", "ctdc-vp-1", *out, "--key", tmp_path / "k2", "--released-elsewhere", tokens
    )
    assert code == 1
    assert "FG-IN-099" in err


def test_a_person_is_left_out_with_all_cases_when_another_database_holds_one(tmp_path: Path) -> None:
    """The case that stands for her here shows no document; the other one does."""
    fuller = {**NEW, "case_id": "full", "persons": [*NEW["persons"], {**NEW["persons"][0], "slot": 2}]}
    fuller["identity"] = {**NEW["identity"], "documents": []}
    case_files, other = tmp_path / "here", tmp_path / "there"
    for folder, cases in ((case_files, [fuller, {**NEW, "case_id": "thin"}]), (other, [{**NEW, "case_id": "x"}])):
        folder.mkdir()
        write_json(folder / "cases.json", cases)
    key, tokens, queue = tmp_path / "k", tmp_path / "t.csv", tmp_path / "q.csv"
    preparation.write_private(key, new_key())
    there = preparation.prepare(Order((other,), snapshot="2023-01-31"), VP)
    assert preparation.write_tokens(there, key, "south", tokens) == 3
    undecided = preparation.prepare(Order((case_files,), snapshot="2023-01-31"), VP)
    preparation.write_queue(undecided, queue)
    answered(queue, {f"webform-new:{one}": {"person": "she"} for one in ("full", "thin")})
    order = Order((case_files,), snapshot="2023-01-31", decisions=queue)
    assert preparation.prepare(order, VP).flow.released == 1
    assert preparation.prepare(replace(order, key=key, elsewhere=(tokens,)), VP).flow.released == 0


def test_tokens_are_written_of_released_people_alone(tmp_path: Path) -> None:
    refused = {**NEW, "case_id": "no", "consent": {"anonymised_research": False, "withdrawn_on": None}}
    silent = {**NEW, "case_id": "silent", "persons": [{**NEW["persons"][0], "roles": ["Other"], "relation": None,
              "gender": None, "age": None, "citizenships": [], "paid": None}]}  # fmt: skip
    write_json(tmp_path / "cases.json", [{**one, "identity": {**NEW["identity"], "documents": [
        {"type": "passport", "number": f"ZZ77{number}", "country": "MD"}], "birth_date": f"19{80 + number}-01-01"}}
        for number, one in enumerate([refused, silent])])  # fmt: skip
    preparation.write_private(tmp_path / "k", new_key())
    prepared = preparation.prepare(Order((tmp_path / "cases.json",), snapshot="2023-01-31"), VP)
    assert prepared.flow.released == 0
    assert preparation.write_tokens(prepared, tmp_path / "k", "south", tmp_path / "t.csv") == 0


@pytest.mark.long
def test_nothing_that_is_read_is_written_over_and_no_decision_is_lost(
    case_files: Path, tmp_path: Path, desk: Command
) -> None:
    folder, queue, key = tmp_path / "files", tmp_path / "q.csv", tmp_path / "k"
    shutil.copytree(case_files, folder)
    desk("duplicates", "key", "-o", key)
    common = ("recode", folder, "-c", "ctdc-vp-1", "--force")
    assert desk(*common, "-o", tmp_path / "c.csv", "--queue", queue)[0] == 0
    answered(queue, truth_of(folder))
    before = {path: path.read_bytes() for path in (*folder.iterdir(), queue, key)}
    attempts: list[tuple[tuple[object, ...], str]] = [
        ((*common, "-o", folder / "legacy.csv"), "FG-OP-117"),
        ((*common, "-o", tmp_path / "c.csv", "--report", folder / "x" / ".." / "truth.json"), "FG-OP-072"),
        ((*common, "-o", tmp_path / "c.csv", "--queue", tmp_path / "c.csv"), "FG-OP-116"),
        ((*common, "-o", queue, "--decisions", queue), "FG-OP-117"),
        ((*common, "-o", tmp_path / "c.csv", "--queue", queue), "FG-OP-118"),
        (("import", "check", folder, "--private-report", folder / "htcds.csv", "--force"), "FG-OP-117"),
        (("import", "check", folder, "--private-report", queue), "FG-OP-050"),
        (("duplicates", "tokens", folder, "-c", "ctdc-vp-1", "--key", key, "-o", key, "--force"), "FG-OP-117"),
    ]
    for arguments, code in attempts:
        status, _, err = desk(*arguments)
        assert status == 2
        assert err.splitlines()[-1].startswith(code), (arguments, err)
    assert {path: path.read_bytes() for path in before} == before
    assert desk(*common, "-o", tmp_path / "c.csv", "--queue", queue, "--decisions", queue)[0] == 0


def test_what_no_map_fills_and_who_cannot_be_compared_is_said(tmp_path: Path, desk: Command) -> None:
    write_rows(tmp_path / "cases.csv", "no,seen", [{"no": "1", "seen": "2021"}, {"no": "2", "seen": "2021"}])
    (tmp_path / "m.toml").write_text(
        '[map]\nid = "m"\nsource_system = "m"\nkey = "no"\n[fields]\nseen = { from = "seen", as = "year" }\n'
    )
    (tmp_path / "b.toml").write_text(
        '[codebook]\nid = "b"\n[[variable]]\nname = "kind"\ntype = "nominal"\ncategories = ["a", "b"]\n'
    )
    code, _, err = desk("recode", tmp_path / "cases.csv", "-c", tmp_path / "b.toml", "-m", tmp_path / "m.toml", "-o",
                        tmp_path / "c.csv", "--report", tmp_path / "f.html")  # fmt: skip
    assert code == 0
    assert "no delivery fills what the codebook reads as kind" in err
    assert "2 cases without name and document" in err
    assert "kind" in (tmp_path / "f.html").read_text()


def test_a_table_without_a_record_is_not_written(tmp_path: Path, desk: Command) -> None:
    write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"], [LEGACY])
    code, said, err = desk("recode", tmp_path / "a.csv", "-c", "ctdc-vp-1", "-o", tmp_path / "c.csv", "--report",
                           tmp_path / "f.html")  # fmt: skip
    assert code == 1
    assert not said
    assert "FG-IN-119: no case is left, so there is no table: 1 of 1 are lost at “without: no consent" in err
    assert (tmp_path / "f.html").exists()
    assert not (tmp_path / "c.csv").exists()


def test_households_of_two_systems_are_two(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", HEADINGS["webform-old"], [{**OLD, "HouseholdNumber": "12"}])
    write_rows(tmp_path / "b.csv", HEADINGS["webform-old-persons"], [OLD_PERSON])
    write_json(tmp_path / "c.json", [{**NEW, "household": "12"}])
    assert preparation.prepare(Order((tmp_path,), snapshot="2023-01-31"), VP).flow.households == {1: 2}


def test_a_map_in_casefiles_toml_lies_beside_it_or_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    write_rows(folder / "a.csv", HEADINGS["legacy-flat"], [LEGACY])
    (tmp_path / "mine.toml").write_text("")
    (folder / "casefiles.toml").write_text('[[delivery]]\nmap = "mine.toml"\nfiles = { cases = "a.csv" }\n')
    with pytest.raises(InputError, match=r"FG-IN-113 .*neither a file beside it nor one that ships"):
        preparation.case_files((folder,))


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


def test_a_legal_basis_of_tomorrow_is_none(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"], [LEGACY])
    text = (
        '[[delivery]]\nmap = "legacy-flat"\nfiles = { cases = "a.csv" }\n'
        'legal_basis = { basis = "a law", by = "somebody", on = 2022-11-01 }\n'
    )
    (tmp_path / "casefiles.toml").write_text(text)
    preparation.prepare(Order((tmp_path,)), VP)
    (tmp_path / "casefiles.toml").write_text(text.replace("2022-11-01", "9999-01-01"))
    with pytest.raises(InputError, match="FG-IN-113"):
        preparation.prepare(Order((tmp_path,)), VP)


def test_a_case_that_one_delivery_holds_back_and_another_has_again_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"], [{**LEGACY, "sex": "X"}])
    write_rows(tmp_path / "b.csv", HEADINGS["legacy-flat"], [LEGACY])
    delivery = '[[delivery]]\nmap = "legacy-flat"\nfiles = {{ cases = "{}.csv" }}\n'
    (tmp_path / "casefiles.toml").write_text(delivery.format("a") + delivery.format("b"))
    with pytest.raises(InputError, match="FG-IN-116"):
        preparation.prepare(Order((tmp_path,)), VP)


def test_a_name_that_is_a_word_of_the_map_is_no_leak(tmp_path: Path, desk: Command) -> None:
    """Output that speaks of payments tells nothing of somebody who is called so."""
    cases = [{**OLD, "LastName": "Payment", "FirstName": "Friend"}]
    write_rows(tmp_path / "cases.csv", HEADINGS["webform-old"], cases)
    write_rows(tmp_path / "persons.csv", HEADINGS["webform-old-persons"], [OLD_PERSON])
    code, _, err = desk(
        "recode", tmp_path / "cases.csv", tmp_path / "persons.csv", "-c", "ctdc-vp-1", "-o", tmp_path / "c.csv",
        "--report", tmp_path / "f.html",
    )  # fmt: skip
    assert code == 0, err


def test_a_name_that_got_into_a_reason_is_a_leak(
    tmp_path: Path, desk: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [{**OLD, "LastName": "Xylophonia"}, {**OLD, "CaseNumber": "8", "Gender": "x"}]
    write_rows(tmp_path / "cases.csv", HEADINGS["webform-old"], cases)
    write_rows(tmp_path / "persons.csv", HEADINGS["webform-old-persons"], [OLD_PERSON])
    monkeypatch.setattr(values, "UNLISTED", "codes of Xylophonia")
    code, _, err = desk(
        "recode", tmp_path / "cases.csv", tmp_path / "persons.csv", "-c", "ctdc-vp-1", "-o", tmp_path / "c.csv"
    )
    assert (code, "FG-IN-118" in err) == (1, True)
    assert not (tmp_path / "c.csv").exists()


def test_no_input_of_any_kind_is_written_over(case_files: Path, tmp_path: Path, desk: Command) -> None:
    folder, outside = tmp_path / "files", tmp_path / "legacy.csv"
    shutil.copytree(case_files, folder)
    outside.write_bytes((folder / "legacy.csv").read_bytes())
    text = (folder / "casefiles.toml").read_text(encoding="utf-8")
    assert '"legacy.csv"' in text
    (folder / "casefiles.toml").write_text(text.replace('"legacy.csv"', '"../legacy.csv"'), encoding="utf-8")
    before = outside.read_bytes()
    code, _, err = desk("recode", folder, "-c", "ctdc-vp-1", "-o", outside, "--force")
    assert (code, err.splitlines()[-1][:9]) == (2, "FG-OP-117")
    assert outside.read_bytes() == before
    queue = tmp_path / "q.csv"
    text = ",".join(COLUMNS) + "\nold:1,old:2,likely,9,,,maybe,Ola,,,\n"
    for kept in (text.encode(), text.replace(",", ";").encode(), text.replace("Ola", "Öla").encode("cp1252")):
        queue.write_bytes(kept)
        code, _, err = desk("recode", folder, "-c", "ctdc-vp-1", "-o", tmp_path / "c.csv", "--queue", queue, "--force")
        assert (code, err.splitlines()[-1][:9]) == (2, "FG-OP-118")
        assert queue.read_bytes() == kept
    assert not (tmp_path / "c.csv").exists()


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
        (("-c", "ctdc-vp-1", "-o", "c.xlsx"), "FG-OP-112"),
        (("-c", "ctdc-vp-1", "-o", "c.csv", "--report", "f.pdf"), "FG-OP-112"),
        (("-c", "ctdc-vp-1", "-o", "c.csv", "--snapshot", "soon"), "FG-OP-110"),
        (("-c", "ctdc-vp-1", "-o", "c.csv", "--snapshot", "9999-01-01"), "FG-OP-110"),
        (("-c", "ctdc-vp-1", "-o", "there.csv"), "FG-OP-050"),
        (("-c", "ctdc-vp-1", "-o", "c.csv", "--map", "webform"), "FG-CB-011"),
        (("-c", "ctdc-vp-1", "-o", "none/c.csv"), "FG-OP-072"),
        (("-c", "ctdc-vp-1", "-o", "c.csv", "--report", "none/f.html"), "FG-OP-072"),
        (("-c", "ctdc-vp-1", "-o", "c.csv", "--queue", "c.csv"), "FG-OP-116"),
    ],
)
def test_wrong_use_is_told_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Command, arguments: tuple[str, ...], code: str
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
    with pytest.raises(UsageError, match="FG-OP-111"):
        preparation.prepare(Order((tmp_path,), elsewhere=(tmp_path / "a.csv",)), VP)


def test_simulate_writes_case_files_or_a_table_and_not_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Command
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


def test_the_import_maps_are_listed(desk: Command) -> None:
    code, said, _ = desk("import", "list")
    assert code == 0
    assert all(name in said for name in ("legacy-flat", "webform-old", "webform-new", "htcds-2"))


@pytest.mark.long
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


def test_values_that_a_rule_refuses_go_to_the_private_report_alone(tmp_path: Path, desk: Command) -> None:
    write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"], [{**LEGACY, "household_no": "Zorvanhouse"}])
    (tmp_path / "b.toml").write_text(
        '[codebook]\nid = "b"\n[[variable]]\nname = "household"\ntype = "nominal"\ncategories = ["a", "b"]\n'
    )
    private = tmp_path / "p.json"
    code, said, err = desk("recode", tmp_path / "a.csv", "-c", tmp_path / "b.toml", "-o", tmp_path / "c.csv",
                           "--private-report", private)  # fmt: skip
    assert code == 1
    assert "FG-IN-110" in err
    assert "Zorvanhouse" not in said + err
    assert json.loads(private.read_text())["values"] == {"Zorvanhouse": 1}
    assert private.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "c.csv").exists()
