"""The records' files are written and read in parts: the same bytes and the same records as all at once."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frostglass.bundle.format import formats, record_files
from frostglass.bundle.format.files import HashedFile, NewFolder, sha256, write_file
from frostglass.bundle.format.record_files import codes_in_csv, codes_in_parquet, counted, records_table, same_records
from frostglass.errors import BundleError
from frostglass.released.synthetic import Codes, Repeated, SyntheticRecords
from frostglass.terms.domain import Attribute, Domain
from tests.bundle.support import contents, random_codes, weather

DOMAIN = weather().domain
ROOT = Path(__file__).parents[2]

CODES = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="|"), min_size=1, max_size=6).filter(
    lambda code: code != "(missing)"
)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few rows, and a few bytes, at a time."""
    monkeypatch.setattr(formats, "CELLS_AT_A_TIME", 4 * 7)
    monkeypatch.setattr(formats, "_LEAST_GROUP", 1)
    monkeypatch.setattr(formats, "BATCH_ROWS", 7)
    monkeypatch.setattr(formats, "_PART", 64)


def repeated(total: int) -> SyntheticRecords:
    """Thirty records in turn, some of them with values of their own."""
    codes = random_codes(weather(), 60)[:30]
    places = np.arange(1, total, 11)
    own = np.ascontiguousarray(codes[(places * 7) % 30])
    return SyntheticRecords(DOMAIN, codes, (), Repeated(total, places, own))


def csv_of(records: SyntheticRecords) -> bytes:
    file = io.BytesIO()
    formats.write_csv(formats.record_parts(records), file)
    return file.getvalue()


def parquet_of(records: SyntheticRecords) -> bytes:
    file = io.BytesIO()
    formats.write_parquet(formats.record_parts(records), file)
    return file.getvalue()


def read(data: bytes, domain: Domain, rows: int) -> Codes:
    """The records in the bytes of a CSV file, or of a Parquet file of so many rows."""
    file = io.BytesIO(data)
    parts = list(in_parquet(data, domain, rows) if data[:4] == b"PAR1" else codes_in_csv(file, domain))
    return np.concatenate([np.zeros((0, len(domain)), dtype=np.uint16), *parts])


def in_parquet(data: bytes, domain: Domain, rows: int, places: Sequence[int] | None = None) -> Iterator[Codes]:
    return codes_in_parquet(records_table(io.BytesIO(data), domain, rows=rows), domain, places)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("total", [31, 70, 100, 701])
def test_what_is_written_in_parts_is_what_is_written_at_once(total: int) -> None:
    records = repeated(total)
    frame = formats.records_frame(records)
    assert frame.height == total
    assert csv_of(records) == frame.write_csv(line_terminator="\n").encode()
    assert parquet_of(records) == parquet_of(SyntheticRecords(DOMAIN, records.codes, ())) == formats.to_parquet(frame)
    file = pq.ParquetFile(io.BytesIO(parquet_of(records)))
    groups = [file.metadata.row_group(place).num_rows for place in range(file.num_row_groups)]
    assert groups == [7] * (total // 7) + ([total % 7] if total % 7 else [])
    assert pl.read_parquet(io.BytesIO(parquet_of(records))).equals(frame)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("total", [31, 70, 701])
def test_records_come_back_in_order_and_in_parts(total: int) -> None:
    records = repeated(total)
    for data in (csv_of(records), parquet_of(records)):
        assert (read(data, DOMAIN, total) == records.codes).all()
    parts = list(in_parquet(parquet_of(records), DOMAIN, total))
    assert max(map(len, parts)) <= 7
    alone = in_parquet(parquet_of(records), DOMAIN, total, [3, 0])
    assert (np.concatenate(list(alone)) == records.codes[:, [3, 0]]).all()
    held = counted(codes_in_csv(io.BytesIO(csv_of(records)), DOMAIN), DOMAIN)
    assert (len(held), held.rows.codes.tolist()) == (total, records.rows.codes.tolist())
    assert held.rows.weights.tolist() == records.rows.weights.tolist()


def test_a_file_of_one_huge_row_group_is_read_in_parts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    records = repeated(701)
    data = parquet_of(records)
    assert pq.ParquetFile(io.BytesIO(data)).num_row_groups == 1
    monkeypatch.setattr(formats, "BATCH_ROWS", 100)
    parts = list(in_parquet(data, DOMAIN, 701))
    assert max(map(len, parts)) <= 100
    assert (np.concatenate(parts) == records.codes).all()


@settings(max_examples=60, deadline=None)
@given(data=st.data(), columns=st.integers(1, 3))
def test_any_records_survive_both_formats(data: st.DataObject, columns: int) -> None:
    """Any codes; some variables are never missing."""
    attributes = tuple(
        Attribute(
            f"c{place}",
            tuple(data.draw(st.lists(CODES, min_size=1, max_size=4, unique=True))),
            missing=data.draw(st.booleans()),
        )
        for place in range(columns)
    )
    domain = Domain(attributes)
    rows = data.draw(st.lists(st.tuples(*(st.integers(0, size - 1) for size in domain.sizes)), max_size=6))
    records = SyntheticRecords(domain, np.array(rows, dtype=np.uint16).reshape(len(rows), columns), ())
    for written in (csv_of(records), parquet_of(records)):
        assert read(written, domain, len(rows)).tolist() == records.codes.tolist()


def test_an_undeclared_code_is_refused_by_its_column_and_not_quoted() -> None:
    frame = formats.records_frame(contents().records).with_columns(pl.lit("secret").alias("wind"))
    for data in (formats.to_csv(frame), formats.to_parquet(frame)):
        with pytest.raises(BundleError, match="a code in wind") as caught:
            read(data, DOMAIN, frame.height)
        assert caught.value.code == "FG-BN-033"
        assert "secret" not in str(caught.value)


def test_a_missing_value_of_a_variable_that_has_none_is_refused() -> None:
    domain = Domain((Attribute("sky", ("clear", "grey"), missing=False), Attribute("rain", ("1",))))
    frame = pl.DataFrame({"sky": ["clear", None], "rain": ["1", None]})
    for data in (formats.to_csv(frame), formats.to_parquet(frame)):
        with pytest.raises(BundleError, match="lack a value in sky"):
            read(data, domain, 2)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"sky,rain,wind,heat\n", b""),
        (b"sky,rain,wind,heat\n", b"heat,rain,wind,sky\n"),
        (b"\n", b"\n\n"),
        (b"clear,,", b"clear,,,"),
        (b"clear,,", b"clear,"),
        (b"clear,,", b'"clear,,'),
        (b"clear,,", b"\xff\xfe,,"),
    ],
)
def test_what_is_no_table_of_the_columns_is_refused(before: bytes, after: bytes) -> None:
    """At its beginning, and far from it."""
    data = csv_of(repeated(701))
    for changed in (data.replace(before, after, 1), after.join(data.rsplit(before, 1))):
        with pytest.raises(BundleError, match=r"FG-BN-03[03]"):
            read(changed, DOMAIN, 701)


def test_a_cut_or_changed_parquet_file_is_refused_or_read_without_a_crash() -> None:
    data = parquet_of(repeated(70))
    for end in [*range(4, len(data), max(len(data) // 50, 1)), len(data) - 1]:
        with pytest.raises(BundleError, match="FG-BN-031"):
            read(data[:end], DOMAIN, 70)
    for place in range(4, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 0x55
        try:
            assert read(bytes(changed), DOMAIN, 70).shape == (70, 4)
        except BundleError:
            continue


def test_parquet_columns_of_other_names_types_or_length_are_refused() -> None:
    frame = formats.records_frame(contents().records)
    for other in (frame.rename({"sky": "Sky"}), frame.drop("sky"), frame.with_columns(pl.lit(1).alias("rain"))):
        with pytest.raises(BundleError, match="columns"):
            read(formats.to_parquet(other), DOMAIN, frame.height)
    with pytest.raises(BundleError, match="should have 7"):
        read(formats.to_parquet(frame), DOMAIN, 7)


def test_records_that_differ_in_too_many_ways_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_files, "MOST_DIFFERENT", 5)
    with pytest.raises(BundleError, match="FG-BN-032"):
        counted([repeated(31).codes], DOMAIN)


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), max_size=20), st.data())
def test_records_are_the_same_however_they_are_cut(values: list[int], data: st.DataObject) -> None:
    codes = np.array(values, dtype=np.uint16).reshape(-1, 1)

    def cut(whole: Codes) -> Iterator[Codes]:
        places = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
        return iter(np.split(whole, places))

    assert same_records(cut(codes), cut(codes))
    assert not same_records(cut(codes), cut(np.concatenate([codes, np.zeros((1, 1), dtype=np.uint16)])))
    for place in range(len(codes)):
        other = codes.copy()
        other[place] += 1
        assert not same_records(cut(other), cut(codes))
        assert not same_records(cut(codes[:place]), cut(codes))


def test_a_file_is_hashed_while_it_is_written(tmp_path: Path) -> None:
    folder = NewFolder(lambda name, write: write_file(tmp_path / name, write, mode=0o600, time=0))
    folder.write("small.txt", b"content")
    folder.fill("records.parquet", lambda file: formats.write_parquet(formats.record_parts(repeated(70)), file))
    for name, stored in folder.written.items():
        data = (tmp_path / name).read_bytes()
        assert stored == (len(data), sha256(data))
    assert not hasattr(HashedFile, "fileno"), "whoever writes past it would not be hashed"


PEAK = """
import sys
from pathlib import Path
import numpy as np
from frostglass.released.synthetic import Repeated, SyntheticRecords
from frostglass.bundle.format import formats
from tests.bundle.support import contents, recounted, sealed, verified

def peak():
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) // 1000

formats.CELLS_AT_A_TIME = 2**18
made = contents()
own = made.records.fitted[:2].copy()
total = int(sys.argv[1])
records = SyntheticRecords(made.codebook.domain, made.records.fitted, made.records.receipts,
                           Repeated(total, np.array([5, total - 1]), own))
made = recounted(made, records)
bundle = sealed(Path(sys.argv[2]), made)
sealing = peak()
assert verified(bundle.path, made) == {}
print(sealing, peak())
"""


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not say how much memory was used")
def test_memory_for_sealing_and_verifying_does_not_grow_with_the_records(tmp_path: Path) -> None:
    """A million records are more than 200 MB where all are written at once."""
    peaks = []
    for total in (100_000, 1_000_000):
        command = [sys.executable, "-c", PEAK, str(total), str(tmp_path / str(total))]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        peaks.append([int(each) for each in done.stdout.split()])
    assert peaks[1][0] - peaks[0][0] < 60, peaks
    assert peaks[1][1] - peaks[0][1] < 60, peaks
