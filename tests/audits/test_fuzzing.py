"""The short form of the fuzzing, and files that it once found a fault with."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audits.figures import SHORT
from audits.inputs import fuzzing
from audits.inputs.fuzz_targets import TARGETS, run
from frostglass.errors import FrostglassError


def test_every_figure_of_the_fuzzing_is_good() -> None:
    assert [each.line() for each in fuzzing.audit(SHORT) if not each.ok] == []


@pytest.mark.parametrize("target", TARGETS)
def test_sound_files_are_read(target: str, tmp_path: Path) -> None:
    """Otherwise the changed ones would all be refused at the door."""
    for each in TARGETS[target].seeds():
        if target == "CSV tables" and (b";" in each[:8] or each[:2] == b"\xff\xfe"):
            continue  # in another delimiter or encoding, on purpose
        TARGETS[target].read(each, tmp_path)


def _half_a_character() -> bytes:
    return TARGETS["ledger lines"].seeds()[0].replace(b'"by":"ada"', b'"by":"\\ud800"', 1)


def _text_that_is_none() -> bytes:
    """The measurements of a bundle with texts that are no UTF-8."""
    table = pq.read_table(io.BytesIO(TARGETS["measurements"].seeds()[0]))
    bad = pa.array([b"\xff\xfe"] * table.num_rows, pa.large_binary())
    texts = pa.LargeStringArray.from_buffers(len(bad), *bad.buffers()[1:])
    stream = io.BytesIO()
    place = table.schema.get_field_index("rho")
    pq.write_table(table.set_column(place, "rho", texts), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("target", "data"),
    [
        ("ledger lines", _half_a_character()),
        ("measurements", _text_that_is_none()),
        ("release.toml", b"epsilon = " + b"[" * 5_000),
        ("release.toml", b"epsilon = " + b"9" * 5_000),
        ("casefiles.toml", b"snapshot = " + b"9" * 5_000),
    ],
    ids=["half a character", "no text", "deep settings", "a long number", "a long number in a description"],
)
def test_what_fuzzing_found_stays_mended(target: str, data: bytes, tmp_path: Path) -> None:
    with pytest.raises(FrostglassError):
        TARGETS[target].read(data, tmp_path)
    run(TARGETS[target], data, tmp_path)


def test_a_damaged_bundle_leaves_no_thread_that_aborts_the_process() -> None:
    """Arrow's threads once outlived the failure now and then, so this is tried several times."""
    program = (
        "from audits.inputs.fuzz_targets import TARGETS, run\n"
        "from pathlib import Path\n"
        "data = bytearray(TARGETS['measurements'].seeds()[0])\n"
        "for place in range(40, len(data) // 2, 97):\n"
        "    data[place] ^= 255\n"
        "run(TARGETS['measurements'], bytes(data), Path('.'))\n"
    )
    for _ in range(3):
        assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0
