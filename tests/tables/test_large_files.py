"""A file that is read in parts is checked and counted as one that is read whole, and neither is a crash or a leak."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from frostglass import codebooks
from frostglass.errors import FrostglassError, InputError, UsageError
from frostglass.sensitive.coding import intake, reduction
from frostglass.sensitive.coding.check import check, encode
from frostglass.sensitive.coding.intake import opened, read
from frostglass.tables import large_parquet, text_table
from frostglass.tables.csv import in_parts as large_csv
from frostglass.tables.csv.in_parts import LargeCsv
from frostglass.tables.csv.strict import MOST_IN_FIELD, read_csv
from frostglass.tables.readers import Large
from frostglass.tables.text_table import Note, TableInParts, TextTable
from frostglass.terms.custody import Sensitive
from frostglass.terms.plan import OnUnknown
from frostglass.terms.unit import PrivacyUnit

SECRET = "Xylophonia"
UNIT = PrivacyUnit("person")
IN_PARTS = Large(rows=0, size=0)

BOOK = codebooks.loads(
    """
[codebook]
id = "book"
missing_in = ["", "-99"]

[[variable]]
name = "sex"
aliases = ["gender"]
type = "nominal"
categories = ["Female", "Male", { code = "Other", aliases = ["X"] }]

[[variable]]
name = "works"
type = "flag"

[[variable]]
name = "age"
type = "integer"
bands = [[0, 17, "0--17"], [18, 99, "18--99"]]

[[variable]]
name = "langs"
type = "set"
atoms = ["ar", "en", "é"]

[[constraint]]
name = "adults work"
kind = "implies"
if = { works = "1" }
then = { age = ["18--99"] }

[[constraint]]
kind = "complete_rate"
of = ["sex"]
at_least = 0.9
""",
    source="book.toml",
)

CELLS: Mapping[str, Sequence[str]] = {
    "sex": ["Female", "Male", "X", "male", " Female ", "", "-99", SECRET, "Fe\u200bmale", "=1"],
    "works": ["1", "", "0", "true"],
    "age": ["3", "30", "18--99", "1E1", "007", "", "-99", "400"],
    "langs": ["ar", "en;ar", "ar;ar", "e\u0301", "ar,en", 'a"r', "", "klingon"],
}
"""Good cells and messy ones. None is like an identifier, for columns beside those of the codebook are read in one way
only."""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that small files have many parts, and blocks that cut records anywhere."""
    monkeypatch.setattr(large_csv, "_ROWS", 3)
    monkeypatch.setattr(large_csv, "_BLOCK", 64)
    monkeypatch.setattr(large_csv, "_LONGEST_LINE", 32)
    monkeypatch.setattr(large_parquet, "_ROWS", 3)


Seen = tuple[dict[str, object], list[dict[str, object]], object]


def seen(table: Sensitive[TableInParts], unknown: OnUnknown = "refuse") -> Seen:
    """Everything that can be known of a table: report, private values, and the coded rows or the error."""
    report = check(table, BOOK, unit=UNIT, unknown=unknown, structural=True, allow_empty=True)
    try:
        rows = encode(table, BOOK, unit=UNIT, unknown=unknown, structural=False, allow_empty=True).reveal().rows
        coded: object = (rows.codes.tolist(), rows.weights.tolist())
    except InputError as error:
        coded = str(error)
    return report.as_json(), [one.as_json() for one in report.values.reveal()], coded


def in_parts(path: Path, unknown: OnUnknown = "refuse", **reading: str) -> object:
    """As ``seen``, or the error, where the file is read in parts."""
    try:
        with opened(path, large=IN_PARTS, **reading) as table:  # type: ignore[arg-type]  # options by name
            assert not isinstance(table.reveal(), TextTable)
            return seen(table, unknown)
    except InputError as error:
        return str(error)


def whole(path: Path, unknown: OnUnknown = "refuse", **reading: str) -> object:
    """As ``seen``, or the error, where the file is read as a whole."""
    try:
        return seen(read(path, **reading), unknown)
    except InputError as error:
        return str(error)


def tables(rows: st.SearchStrategy[int]) -> st.SearchStrategy[pl.DataFrame]:
    """Tables of mostly good cells."""

    def column(cells: Sequence[str], number: int) -> st.SearchStrategy[list[str]]:
        cell = st.one_of(st.sampled_from(cells[:3]), st.sampled_from(cells))
        return st.lists(cell, min_size=number, max_size=number)

    return rows.flatmap(
        lambda number: st.fixed_dictionaries({name: column(cells, number) for name, cells in CELLS.items()})
    ).map(lambda columns: pl.DataFrame(columns, schema=dict.fromkeys(CELLS, pl.String)))


# -------------------------------------------------------------------------------------------------- the same result


@pytest.mark.long
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables(st.integers(0, 12)), st.sampled_from(["refuse", "missing"]), st.sampled_from(["csv", "parquet"]))
def test_a_messy_file_is_found_to_be_the_same_in_parts_and_as_a_whole(
    tmp_path: Path, table: pl.DataFrame, unknown: OnUnknown, kind: str
) -> None:
    """All departures with their places and counts, the private values with their first records, and the coded rows."""
    path = tmp_path / f"t.{kind}"
    if kind == "csv":
        table.write_csv(path)
    else:
        table.write_parquet(path, row_group_size=4)
    assert in_parts(path, unknown) == whole(path, unknown)


TOKENS = [
    "x",
    "y",
    "",
    "12",
    " ",
    "é",
    '"',
    '""',
    '"q"',
    '"m,n"',
    '"o\np"',
    '"r\rs"',
    ",",
    ",",
    "\n",
    "\n",
    "\r\n",
    "\r",
]


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["a", "a,b", "a,b,c", '"a",b']),
    st.lists(st.sampled_from([*TOKENS, "\0", "z" * 201, "\ufeff"]), max_size=25),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["abc", "b", "a", ""]),
    st.sampled_from([b"", b"", b"\xff"]),
    st.booleans(),
)
def test_csv_in_parts_has_the_cells_notes_and_errors_of_the_strict_reader(
    header: str, body: list[str], end: str, wanted: str, last: bytes, quoted: bool
) -> None:
    """A file without a quote goes another way."""
    content = (header + end + "".join(body)).encode() + last
    content = content if quoted else content.replace(b'"', b"")
    only = [heading for heading in wanted if heading in header]

    def strictly() -> object:
        table = read_csv(io.BytesIO(content), only=lambda _: only)
        return table.rows, cells(table), table.notes, table.headings

    def partly() -> object:
        table = LargeCsv(io.BytesIO(content))
        parts = list(table.parts(only))
        found = [cells(part) for part in parts]
        joined = [[cell for part in found for cell in part[place]] for place in range(len(only))]
        return sum(part.rows for part in parts), joined, table.notes, table.head.headings

    results = []
    for way in (strictly, partly):
        try:
            results.append(way())
        except InputError as error:
            results.append(str(error))
    assert results[0] == results[1]


def cells(table: TextTable) -> list[list[str]]:
    return [[column.values[place] for place in column.index] for column in table.columns]


def test_equal_cells_of_a_part_get_one_number_however_they_are_quoted() -> None:
    (part,) = LargeCsv(io.BytesIO(b'a\n"q""r"\nq"r\n"q""r"\n')).parts(["a"])
    assert part.columns[0].values == ('q"r',)


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-16", ","), ("cp1252", ";"), ("utf-8", "\t"), ("utf-8-sig", "|")]
)
def test_other_encodings_and_delimiters_are_read_alike(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "t.csv"
    text = "sex,works,age,langs\nFemale,1,30,é\nMale,,3,ar\n".replace(",", delimiter)
    path.write_bytes(text.encode(encoding))
    found = in_parts(path, encoding=encoding, delimiter=delimiter)
    assert found == whole(path, encoding=encoding, delimiter=delimiter)
    assert "refused': False" in str(found)


def test_values_of_other_kinds_than_text_are_read_alike(tmp_path: Path) -> None:
    """Numbers, decimals stored for whole numbers, booleans, dictionaries; and the note counts over all parts."""
    path = tmp_path / "t.parquet"
    table = pa.table(
        {
            "langs": pa.array(["ar", "en", None, "ar", "en", "ar", "ar"]).dictionary_encode(),
            "sex": pa.array(["X"] * 7, pa.large_string()),
            "works": pa.array([None, True, None, True, None, None, True]),
            "age": pa.array([3.0, 30.0, None, float("nan"), 17.5, 18.0, 1e15]),
        }
    )
    pq.write_table(table, path, row_group_size=2)
    assert in_parts(path) == whole(path)
    assert "FG-IN-029" in str(in_parts(path))
    decimals = table.set_column(3, "age", pa.array([Decimal(3), None, Decimal("1.5"), *[Decimal(20)] * 4]))
    pq.write_table(decimals, path)
    assert in_parts(path) == whole(path)


def test_headings_are_matched_alike_and_other_columns_are_never_read(tmp_path: Path) -> None:
    """A column that is none of the codebook's may hold anything; its heading alone is judged."""
    path = tmp_path / "t.csv"
    long = "x" * 1000
    path.write_text("langs,GENDER,remark,age,works\n" + f"ar,Male,{long},30,1\n" * 7)
    found = in_parts(path)
    assert "'refused': False" in str(found)
    assert "('FG-IN-023', 'column 3', 0)" not in str(found)
    path.write_text("langs,sex,e-mail,age,works\n" + "ar,Male,,30,1\n" * 7)
    assert in_parts(path) == whole(path)
    assert "FG-IN-023" in str(in_parts(path))
    for header in ("sex,works,age", "nothing,of,these", "Male,x,y", "sex,gender,works,age,langs"):
        path.write_text(header + "\n" + ",".join(["1"] * len(header.split(","))) + "\n")
        assert in_parts(path) == whole(path)


# -------------------------------------------------------------------------------------- another engine in its place


@dataclass(frozen=True)
class Grouped:
    """What an engine that counts elsewhere would hand over: the different rows of the wanted columns, with numbers."""

    frame: pl.LazyFrame
    notes: tuple[Note, ...] = ()

    @property
    def head(self) -> TextTable:
        return read(pl.DataFrame(schema=self.frame.collect_schema())).reveal()

    def parts(self, wanted: Collection[str]) -> Iterator[TextTable]:
        groups = self.frame.group_by(*wanted).len("number").collect(engine="streaming")
        table = read(groups.drop("number")).reveal()
        yield TextTable(table.columns, table.rows, weights=groups["number"].cast(pl.Int64).to_numpy())


@settings(deadline=None, max_examples=40)
@given(tables(st.integers(1, 30)))
def test_an_engine_that_groups_and_counts_can_stand_behind_the_interface(table: pl.DataFrame) -> None:
    """The same departures and the same rows; only the first record of a value is not known."""

    def unordered(found: Seen) -> Seen:
        report, values, coded = found
        kept = [{**one, "first_record": 0} for one in values]
        return report, sorted(kept, key=str), coded

    grouped, every = seen(Sensitive(Grouped(table.lazy()), "groups")), seen(read(table))
    assert by_code(grouped) == by_code(every)
    if isinstance(every[2], tuple):
        assert unordered(grouped)[1:] == unordered(every)[1:]


def by_code(found: Seen) -> list[tuple[str, str, int]]:
    """Departures by code, place and number, in no order: groups come in none."""
    listed = found[0]["departures"]
    assert isinstance(listed, list)
    return sorted((one["code"], one["place"], one["count"]) for one in listed)


def test_persons_cannot_be_followed_in_parts_and_the_error_says_so(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sex,works,age,langs,key\nMale,,3,ar,1\nMale,,3,ar,1\nMale,1,30,ar,2\n")
    unit = PrivacyUnit("person", 1, "key")
    with opened(path, large=IN_PARTS) as table, pytest.raises(InputError, match="FG-IN-082"):
        check(table, BOOK, unit=unit)
    with opened(path, large=IN_PARTS, whole=True) as table:
        assert encode(table, BOOK, unit=unit).reveal().rows.records == 2


# ------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"Male,1,30\n", "FG-IN-016"),
        (b"Male,1,30,ar,x\n", "FG-IN-015"),
        (b"Ma\0le,1,30,ar\n", "FG-IN-009"),
        (b"Male,1,30,\xff\n", "FG-IN-007"),
        (b"Male,1,30," + b"x" * 201 + b"\n", "FG-IN-026"),
        (b'Male,1,30,"ar\n' * 9, "FG-IN-012"),
        (b'Male,1,30,"ar"x\n', "FG-IN-012"),
    ],
)
def test_what_the_strict_reader_refuses_is_refused_with_its_line(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"sex,works,age,langs\n" + b"Female,1,30,en\n" * 10 + content)
    error = in_parts(path)
    assert str(error).startswith(code)
    assert "line" in str(error)
    assert error == whole(path)


def test_a_record_without_an_end_is_refused_before_memory_is_full() -> None:
    endless = b"a,b\nx," + b"y" * (MOST_IN_FIELD + 1)
    for content, code in ((b'a,b\n"' + b"x\n" * MOST_IN_FIELD, "FG-IN-012"), (endless, "FG-IN-026")):
        with pytest.raises(InputError, match=code):
            list(LargeCsv(io.BytesIO(content)).parts(["a"]))


def test_too_many_values_and_too_many_different_rows_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sex,works,age,langs\n" + "".join(f"Male,,{age},ar\n" for age in range(30)))
    monkeypatch.setattr(reduction, "MOST_VALUES", 20)
    assert str(in_parts(path)).startswith("FG-IN-080")
    assert "'age'" in str(in_parts(path))
    monkeypatch.setattr(reduction, "MOST_VALUES", 40)
    monkeypatch.setattr(reduction, "MOST_DIFFERENT_ROWS", 1)
    assert str(in_parts(path)).startswith("FG-IN-081")
    assert not str(whole(path)).startswith("FG-IN-08")


def test_025_the_limit_of_records_is_that_of_files_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_table, "MOST_ROWS", 4)
    monkeypatch.setattr(text_table, "MOST_ROWS_IN_PARTS", 5)
    for number, fits in ((5, True), (6, False)):
        table = pl.DataFrame({name: [values[0]] * number for name, values in CELLS.items()})
        table.write_csv(tmp_path / "t.csv")
        table.write_parquet(tmp_path / "t.parquet")
        for kind in ("csv", "parquet"):
            assert str(in_parts(tmp_path / f"t.{kind}")).startswith("FG-IN-025") is not fits


def test_005_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sex,works,age,langs\n" + "Male,1,30,ar\n" * 20)

    def read_while_written() -> None:
        with opened(path, large=IN_PARTS) as table:
            encode(table, BOOK, unit=UNIT)
            with path.open("a") as file:
                file.write("Male,1,30,ar\n")

    with pytest.raises(InputError, match="FG-IN-005"):
        read_while_written()


def test_a_sheet_is_asked_of_workbooks_alone(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sex\nMale\n")
    with pytest.raises(UsageError, match="FG-OP-083"), opened(path, large=IN_PARTS, sheet="one"):
        pass


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_damaged_file_in_parts_is_refused_or_read_and_never_a_crash(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{kind}"
    frame = pl.DataFrame({name: [values[0], values[1], None] * 9 for name, values in CELLS.items()})
    frame = frame.with_columns(pl.lit(SECRET).alias("sex"))
    if kind == "csv":
        path.write_text(frame.write_csv(quote_style="always"))
    else:
        frame.write_parquet(path)
    content, chance = path.read_bytes(), np.random.default_rng(7)
    for _ in range(100):
        damaged = bytearray(content)
        for _ in range(3):
            damaged[chance.integers(len(damaged))] = chance.integers(256)
        path.write_bytes(bytes(damaged))
        try:
            with opened(path, large=IN_PARTS) as table:
                text = check(table, BOOK, unit=UNIT).text()
        except FrostglassError as error:
            text = str(error)
        assert SECRET not in text


# ------------------------------------------------------------------------------------------------ which way is taken


def test_small_files_workbooks_and_tables_in_memory_are_read_whole(tmp_path: Path) -> None:
    frame = pl.DataFrame({name: [values[0]] * 3 for name, values in CELLS.items()})
    frame.write_csv(tmp_path / "t.csv")
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_excel(tmp_path / "t.xlsx")
    size = (tmp_path / "t.csv").stat().st_size
    for source, large, parts in (
        (tmp_path / "t.csv", intake.LARGE, False),
        (tmp_path / "t.csv", Large(rows=0, size=size), True),
        (tmp_path / "t.csv", Large(rows=0, size=size + 1), False),
        (tmp_path / "t.parquet", intake.LARGE, False),
        (tmp_path / "t.parquet", Large(rows=3, size=0), True),
        (tmp_path / "t.parquet", Large(rows=4, size=0), False),
        (tmp_path / "t.xlsx", IN_PARTS, False),
        (frame, IN_PARTS, False),
    ):
        with opened(source, large=large) as table:
            assert isinstance(table.reveal(), TextTable) is not parts
