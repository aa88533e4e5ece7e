"""The queue of pairs for a data officer, and what is read back from it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from frostglass.errors import InputError
from frostglass.sensitive.linkage.decisions import COLUMNS, Decisions, queue_csv, read_decisions
from frostglass.sensitive.linkage.identities import Identities
from frostglass.sensitive.linkage.matching import find_pairs
from frostglass.sensitive.linkage.pairs import Pairs
from frostglass.sensitive.linkage.resolving import resolve
from tests.sensitive.linkage_support import case, identities

ADA = {"phones": "+999123456789", "gender": "fem", "citizenships": "MD"}
CASES = identities(
    [
        case("Zorana", "Kuilmar", "1990-03-07", id_documents="A1234567", **ADA),
        case("Zoranna", "Kuilmar", "1990-03-07", id_documents="A1234567", **ADA),
        case("Temilo", "Brantek", "1961-12-30", **ADA),
        case("Temilo", "Brantek", "1961-12", **ADA),
    ],
    ["old:1", "old:2", "=new:3", "old:4"],
    [0, 0, 1, 0],
)
PAIRS: Pairs = find_pairs(CASES)[0]


def queue(decisions: Decisions, whole: Identities = CASES) -> str:
    return queue_csv(PAIRS, resolve(PAIRS, decisions, whole), decisions, whole.refs, whole.source)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def written(path: Path, *lines: str) -> Path:
    """A queue file with the given decisions: case_a, case_b, decision, by, second_by, on, note."""
    cells = [line.split(",") for line in lines]
    full = [",".join([*one[:2], "likely", "20.0", "names", "", *one[2:]]) for one in cells]
    path.write_text("\n".join([",".join(COLUMNS), *full]) + "\n", encoding="utf-8")
    return path


def test_the_queue_has_a_row_for_each_pair_with_what_waits_on_top() -> None:
    first, second = rows(queue(Decisions.none()))
    assert (first["case_a"], first["case_b"], first["kind"]) == ("'=new:3", "old:4", "likely")
    assert (second["case_a"], second["case_b"], second["kind"]) == ("old:1", "old:2", "sure")
    assert first["agrees"] == "names, like birth date, phone, gender, citizenship"
    assert first["differs"] == "delivery"
    assert second["agrees"] == "like names, birth date, document, phone, gender, citizenship"
    assert (first["decision"], second["decision"]) == ("", "")


def test_the_queue_holds_no_name_no_date_no_document_and_no_telephone() -> None:
    text = queue(Decisions.none()).casefold()
    held = [value.casefold() for answers in CASES.fields.values() for value in answers.values]
    assert len(held) >= 8
    assert not [value for value in held if value in text]


def test_decisions_come_back_as_they_were_written_and_stay_when_the_queue_is_written_again(tmp_path: Path) -> None:
    path = written(tmp_path / "q.csv", "old:2,old:1,different,Ola,,2022-01-05,not her", "'=new:3,old:4,same,Ola,Emin,,")
    decisions = read_decisions(path)
    resolution = resolve(PAIRS, decisions, CASES)
    assert (resolution.decided_same, resolution.decided_different, resolution.merged) == (1, 1, 1)
    again = tmp_path / "again.csv"
    again.write_text(queue(decisions))
    kept = read_decisions(again)
    assert resolve(PAIRS, kept, CASES).person.tolist() == resolution.person.tolist()
    assert queue(kept) == queue(decisions)
    assert "2022-01-05,not her" in queue(decisions)


def test_a_decision_is_undone_by_emptying_its_cells(tmp_path: Path) -> None:
    path = written(tmp_path / "q.csv", "old:1,old:2,different,Ola,,,")
    assert resolve(PAIRS, read_decisions(path), CASES).merged == 0
    written(path, "old:1,old:2,,,,,")
    assert resolve(PAIRS, read_decisions(path), CASES).merged == 1


def test_a_note_without_a_decision_is_kept_and_decides_nothing(tmp_path: Path) -> None:
    decisions = read_decisions(written(tmp_path / "q.csv", "'=new:3,old:4,,,,,ask the mission"))
    assert decisions.decided == 0
    assert "ask the mission" in queue(decisions)


def test_decisions_about_cases_that_are_not_here_are_kept_as_stale(tmp_path: Path) -> None:
    decisions = read_decisions(written(tmp_path / "q.csv", "gone:1,gone:2,same,Ola,,,"))
    assert [row["kind"] for row in rows(queue(decisions))] == ["likely", "stale", "sure"]
    again = tmp_path / "again.csv"
    again.write_text(queue(decisions))
    assert resolve(PAIRS, read_decisions(again), CASES).stale == 1


def test_chained_pairs_are_rows_of_the_queue() -> None:
    a = case("Zorana", "Kuilmar", "1990-03-07", id_documents="A1234567")
    b = case("Zorana", "Kuilmar", "", id_documents="A1234567|B7654321")
    c = case("Zorana", "Kuilmar", "1961-12-30", id_documents="B7654321")
    whole = identities([a, b, c])
    pairs = find_pairs(whole)[0]
    text = queue_csv(pairs, resolve(pairs, Decisions.none(), whole), Decisions.none(), whole.refs, whole.source)
    assert sorted(row["kind"] for row in rows(text)) == ["chain", "chain", "sure"]


def test_a_file_saved_with_semicolons_and_a_mark_in_front_is_read(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    text = f'{";".join(COLUMNS)}\r\nold:1;old:2;sure;20;;;Different;Ola;;;"a, b; c"\r\n'
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    decision = read_decisions(path).of_pair["old:1", "old:2"]
    assert (decision.verdict, decision.by, decision.note, decision.line) == ("different", "Ola", "a, b; c", 2)


REFUSED = {
    "FG-IN-092": ["old:1,old:2,maybe,Ola,,,"],
    "FG-IN-093": ["old:1,old:2,same,,Emin,,"],
    "FG-IN-094": ["old:1,old:2,same,Ola,,,", "old:2,old:1,different,Ola,,,"],
    "FG-IN-096": ["old:1,old:2,same,=SECRET(),,,"],
    "FG-IN-097": ["old:1,old:1,same,SECRET,,,"],
    "FG-IN-091": ["old:1,old:2,same,SECRET,,,,,"],
}


@pytest.mark.parametrize(("code", "lines"), REFUSED.items(), ids=REFUSED.keys())
def test_a_row_that_cannot_be_meant_is_refused_with_its_line_and_without_its_values(
    tmp_path: Path, code: str, lines: list[str]
) -> None:
    with pytest.raises(InputError) as refused:
        read_decisions(written(tmp_path / "q.csv", "old:8,old:9,,,,,", *lines))
    assert refused.value.code == code
    assert f"{len(lines) + 2}" in refused.value.message
    assert "SECRET" not in str(refused.value)
    assert "old:" not in str(refused.value)


def test_the_same_decision_twice_is_no_contradiction(tmp_path: Path) -> None:
    path = written(tmp_path / "q.csv", "old:1,old:2,same,Ola,,,", "old:2,old:1,same,Ola,,,", "old:1,old:2,,,,,")
    assert read_decisions(path).of_pair["old:1", "old:2"].verdict == "same"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"case_a,case_b\n", "FG-IN-091"),
        (b"", "FG-IN-091"),
        (",".join([*COLUMNS, "by"]).encode(), "FG-IN-091"),
        (b"\xff\xfe\x00", "FG-IN-090"),
        (",".join(COLUMNS).encode() + b'\n"open', "FG-IN-090"),
    ],
)
def test_what_is_no_queue_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "q.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=code):
        read_decisions(path)


def test_a_queue_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="FG-IN-090 cannot read"):
        read_decisions(tmp_path / "none.csv")


def test_decisions_print_nothing(tmp_path: Path) -> None:
    decisions = read_decisions(written(tmp_path / "q.csv", "old:1,old:2,same,Ola,,,"))
    assert "Ola" not in repr(decisions) + repr(decisions.of_pair["old:1", "old:2"])
