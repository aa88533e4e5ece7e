"""JSON case files: one record at a time, scalars as they were written, and whatever is no such file refused."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator, Mapping
from typing import NoReturn

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from frostglass.errors import FrostglassError, InputError
from frostglass.tables import json_reader, text_table
from frostglass.tables.json_reader import json_records
from frostglass.tables.text_table import Note

SECRET = "Xylophonia"


def read(content: bytes | str, notes: list[Note] | None = None) -> list[Mapping[str, object]]:
    file = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    return list(json_records(file, note=None if notes is None else notes.append))


def refusal(content: bytes | str) -> FrostglassError:
    with pytest.raises(InputError) as caught:
        read(content)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


def says(content: bytes | str) -> tuple[str, str]:
    error = refusal(content)
    return error.code, str(error)


class Trickle(io.BytesIO):
    """Gives at most so many bytes at a time, as a pipe does."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self.size = size

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self.size)


# --------------------------------------------------------------------------------------------- what is read exactly


@pytest.mark.parametrize("form", ["[{}]", "{}", "\n [ {} ] \r\n", "\ufeff{}\n", "\ufeff[{}]"])
def test_every_scalar_is_the_text_that_was_written(form: str) -> None:
    record = '{"a": "x", "b": 1.50, "c": -0, "d": 1E3, "e": true, "f": false, "g": null, "h": "", "i": "007"}'
    assert read(form.replace("{}", record)) == [
        {"a": "x", "b": "1.50", "c": "-0", "d": "1E3", "e": "true", "f": "false", "g": None, "h": "", "i": "007"}
    ]


def test_lists_and_objects_stay_what_they_are_with_text_inside() -> None:
    assert read('[{"a": [1, true, null, "x", [false, {"b": 2.0}]], "c": {"d": [], "e": {"f": true}}}]') == [
        {"a": ["1", "true", None, "x", ["false", {"b": "2.0"}]], "c": {"d": [], "e": {"f": "true"}}}
    ]


def test_free_text_may_be_long_and_hold_any_character_but_nul() -> None:
    story = 'é\u200b\u202e\U0001f600\x01\t\n\r"\\' * 9_000
    for ascii_only in (True, False):
        assert read(json.dumps([{"story": story}], ensure_ascii=ascii_only)) == [{"story": story}]


def test_a_number_of_any_length_is_its_digits() -> None:
    digits = "9" * 100_000
    assert read(f'[{{"a": {digits}, "b": -1.{digits}e+99}}]') == [{"a": digits, "b": f"-1.{digits}e+99"}]


def test_lines_may_end_as_they_do_on_windows_and_blank_ones_are_counted() -> None:
    notes: list[Note] = []
    assert read('\n{"a":1}\r\n\r\n \n{"a":2} \t\n{"a":3}\n\n', notes) == [{"a": "1"}, {"a": "2"}, {"a": "3"}]
    assert [(note.code, note.count) for note in notes] == [("FG-IN-017", 3)]


def test_a_byte_order_mark_is_skipped_and_noted() -> None:
    notes: list[Note] = []
    assert read(b'\xef\xbb\xbf[{"a": 1}]', notes) == [{"a": "1"}]
    assert [note.code for note in notes] == ["FG-IN-008"]


@pytest.mark.parametrize("content", ["[]", " [ ] \n"])
def test_an_empty_array_has_no_records(content: str) -> None:
    """Whether that is acceptable is the caller's decision."""
    assert read(content) == []


def test_an_empty_object_is_a_record() -> None:
    assert read("{}") == read("[{}]") == [{}]


@pytest.mark.long
def test_records_come_one_at_a_time_and_the_file_is_never_in_memory() -> None:
    """A file of 40 MB, while less than 25 MB is ever needed."""

    def endless() -> Iterator[bytes]:
        record = json.dumps({"story": "x" * 1_000}).encode()
        yield b"["
        for _ in range(40_000):
            yield record + b","
        yield record + b"]"

    class Stream(io.BytesIO):
        parts = endless()

        def read(self, size: int | None = -1, /) -> bytes:
            return b"".join(part for _, part in zip(range(1_000), self.parts, strict=False))

    tracemalloc.start()
    try:
        assert sum(1 for _ in json_records(Stream())) == 40_001
        assert tracemalloc.get_traced_memory()[1] < 25_000_000
    finally:
        tracemalloc.stop()


def test_a_record_is_handed_out_before_the_next_one_is_looked_at() -> None:
    records = json_records(io.BytesIO(b'[{"a": 1}, oh]'))
    assert next(records) == {"a": "1"}
    with pytest.raises(InputError, match="FG-IN-103"):
        next(records)


# ---------------------------------------------------------------------------------------------------- the file


@pytest.mark.parametrize("content", ["", " \n\t", "\ufeff", "\ufeff \n"])
def test_001_a_file_of_nothing_is_refused(content: str) -> None:
    assert refusal(content).code == "FG-IN-001"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_006_utf_16_is_recognised(encoding: str) -> None:
    assert refusal(json.dumps([{"a": SECRET}]).encode(encoding)).code == "FG-IN-006"


def test_007_bytes_that_are_not_utf_8_are_placed_wherever_the_file_is_cut() -> None:
    for content, place in (
        (b'[{"a": "Xylophonia",\n "b": "caf\xe9"}]', "line 2, byte 11 of the line"),
        (b'[{"a": "\xc3\xa9\xe2\x82"}]', "line 1, byte 11 of the line"),
        (b'{"a": 1}\n{"a": "\xed\xa0\x80"}', "line 2, byte 8 of the line"),
        (b'{"a": 1}\n\n{"a": "\xe2\x82', "line 3, byte 8 of the line"),
    ):
        for size in range(4, len(content) + 1):
            with pytest.raises(InputError, match="FG-IN-007") as caught:
                list(json_records(Trickle(content, size)))
            assert place in str(caught.value)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (f'[{{"a": "{SECRET}"}},\n{{"a": "\0"}}]', "line 2 "),
        (f'[{{"a": "{SECRET}"}},\n{{"a": "\\u0000"}}]', "record 2 (line 2)"),
        ('[{"a": [["x\\u0000"]]}]', "record 1 "),
        ('[{"\\u0000": 1}]', "record 1 "),
        ('[{"a": {"\\u0000": 1}}]', "record 1 "),
    ],
)
def test_009_a_nul_is_refused_written_or_escaped(content: str, place: str) -> None:
    code, message = says(content)
    assert (code, place in message) == ("FG-IN-009", True)


def test_009_what_only_looks_like_an_escaped_nul_is_text() -> None:
    assert read('[{"a": "\\\\u0000"}]') == [{"a": "\\u0000"}]


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"%PDF"])
def test_010_another_format_is_named(head: bytes) -> None:
    assert refusal(head + b"x" * 100).code == "FG-IN-010"


def test_025_more_records_than_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_table, "MOST_ROWS", 2)
    assert len(read('{"a":1}\n{"a":1}\n')) == 2
    assert refusal('{"a":1}\n{"a":1}\n{"a":1}\n').code == "FG-IN-025"
    assert refusal('[{"a":1},{"a":1},{"a":1}]').code == "FG-IN-025"


# ------------------------------------------------------------------------------------------------------ the grammar


@pytest.mark.parametrize(
    "record",
    [
        f"{{'a': '{SECRET}'}}",
        f'{{"a": {SECRET}}}',
        f'{{"a": "{SECRET}",}}',
        f'{{"a" "{SECRET}"}}',
        f'{{"a": "{SECRET}" "b": 1}}',
        f'{{"a": "{SECRET}\n"}}',
        f'{{"a": "{SECRET}\t"}}',
        f'{{"a": "\\x{SECRET}"}}',
        f'{{"a": "\\u12{SECRET}"}}',
        '{"a": 01}',
        '{"a": +1}',
        '{"a": .5}',
        '{"a": 1.}',
        '{"a": 0x10}',
        '{"a": True}',
        '{"a": nan}',
        '{"a": 1 /* no */}',
        "{1: 2}",
        '{"a": [1, 2}',
        '{"a":\u00a01}',
    ],
)
def test_100_what_is_no_json_is_refused_with_line_and_record(record: str) -> None:
    for before, after in (('[{"a": 1},\n', ", {}]" + " " * 20), ('{"a": 1}\n', "\n{}" + "\n{}" * 9)):
        code, message = says(before + record + after)
        assert (code, "record 2" in message) == ("FG-IN-100", True)
        assert "line 2" in message or "line 3" in message


@pytest.mark.parametrize("content", ['[{"a": 1} {"a": 2}]', '[{"a": 1},,{}]', '[{"a": 1},]', "[,{}]", '[{"a": 1}}'])
def test_100_commas_must_stand_between_records(content: str) -> None:
    assert refusal(content).code == "FG-IN-100"


def test_the_line_of_a_fault_is_right_wherever_the_file_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_reader, "MOST_BYTES", 20)
    for content in ('[\n{"a": 1},\n{"a": 2},\n' + '{"a": 3},\n' * 20 + "{]}]", '{"a":\t1}\n' * 23 + "{]}\n"):
        for size in (1, 2, 7, 50, 1_000):
            with pytest.raises(InputError, match=r"FG-IN-100 line 24, .* record 2[34],"):
                list(json_records(Trickle(content.encode(), size)))


def test_101_a_file_that_breaks_off_anywhere_is_refused() -> None:
    record = f'{{"a": "{SECRET}\\u00e9", "b": [1.5, true, null], "c": {{"d": -1}}}}'
    array, lines = f"[{record}, {record}]", f"{record}\n{record}"
    for length in range(1, len(array)):
        assert refusal(array[:length]).code == "FG-IN-101"
    for length in range(len(record) + 2, len(lines)):
        assert refusal(lines[:length]).code == "FG-IN-101"


@pytest.mark.parametrize(
    "content",
    [
        f'"{SECRET}"',
        "12",
        "null",
        f"name,age\n{SECRET},5\n",
        "<html>",
        f'{{"cases": [{{"a": "{SECRET}"}}]}}',
        f'{{"page": {{"of": 1}}, "cases": [{{"a": "{SECRET}"}}]}}',
        f'{{\n  "cases": [\n    {{"a": "{SECRET}"}}\n  ]\n}}',
        f'{{\n  "version": 1,\n  "cases": [{{"a": "{SECRET}"}}]\n}}',
        f'{{\n  "a": "{SECRET}"\n}}\n',
    ],
)
def test_102_other_layouts_are_refused_with_the_way_out(content: str) -> None:
    code, message = says(content)
    assert code == "FG-IN-102"
    assert "as an array of objects, or as JSON Lines" in message


def test_102_a_record_with_child_records_is_no_wrapper() -> None:
    assert len(read('{"id": 1, "stays": [{"at": "x"}]}')) == 1
    assert len(read('[{"stays": [{"at": "x"}]}]')) == 1


@pytest.mark.parametrize("item", ["1", f'"{SECRET}"', "[]", "null", f'["{SECRET}"]', "true", "NaN"])
def test_103_what_is_no_object_is_no_record(item: str) -> None:
    code, message = says(f'[{{"a": 1}},\n{item}]')
    assert (code, "record 2 (line 2)" in message) == ("FG-IN-103", True)
    assert refusal(f'{{"a": 1}}\n{item}\n').code == "FG-IN-103"


@pytest.mark.parametrize(
    "record",
    [
        f'{{"{SECRET}": 1, "b": 2, "{SECRET}": 1}}',
        f'{{"a": {{"{SECRET}": 1, "{SECRET}": 2}}}}',
        f'{{"a": [[{{"{SECRET}": 1, "{SECRET}": 2}}]]}}',
        '{"a": 1, "\\u0061": 2}',
    ],
)
def test_104_a_key_that_comes_twice_is_refused_and_not_quoted(record: str) -> None:
    code, message = says(f"[{{}},\n{record}]")
    assert (code, "record 2 (line 2)" in message) == ("FG-IN-104", True)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_105_numbers_that_are_none_are_refused(word: str) -> None:
    assert refusal(f'[{{"a": {word}}}]').code == refusal(f'[{{"a": [{{"b": {word}}}]}}]').code == "FG-IN-105"


def nested(levels: int, *, lists: bool) -> str:
    """A record with so many levels."""
    if lists:
        return '{"a": ' + "[" * (levels - 1) + "1" + "]" * (levels - 1) + "}"
    return '{"a": ' * levels + "1" + "}" * levels


@pytest.mark.parametrize("lists", [True, False])
def test_106_records_nested_deeper_than_the_limit_are_refused(lists: bool) -> None:
    assert len(read(nested(12, lists=lists))) == len(read(f"[{nested(12, lists=lists)}]")) == 1
    for levels in (13, 900, 5_000, 100_000):
        assert refusal(nested(levels, lists=lists)).code == "FG-IN-106"


def test_106_brackets_without_end_are_refused_and_never_a_crash() -> None:
    for content in ('[{"a": ' + "[" * 500_000, '{"a":' * 150_000, "[" * 500_000):
        assert refusal(content).code in ("FG-IN-106", "FG-IN-103")


@pytest.mark.parametrize("form", ["[{}]", "{}", "[{{}}, {}]".replace("{{}}", '{"b": 1}')])
def test_107_a_record_is_at_most_so_many_bytes(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_reader, "MOST_BYTES", 100)
    for character in ("x", "é", "€", "\U0001f600"):
        size = len(character.encode())
        for length in (100, 101, 100 + size, 5_000):
            fill = (length - 8) // size
            record = f'{{"a":"{character * fill}"{" " * ((length - 8) % size)}}}'
            assert len(record.encode()) == length
            content = form.replace("{}", record)
            if length == 100:
                assert read(content)[-1] == {"a": character * fill}
            else:
                assert refusal(content).code == "FG-IN-107"


def test_107_a_text_without_end_is_refused_without_reading_all_of_it() -> None:
    class Endless(io.BytesIO):
        given = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.given += 1
            return b'[{"a": "' if self.given == 1 else b"x" * 1_000_000

    file = Endless()
    with pytest.raises(InputError, match="FG-IN-107"):
        list(json_records(file))
    assert file.given < 5


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f'[{{"a": 1}}]\n{SECRET}', "line 2 "),
        ("[] []", "line 1 "),
        ("[{}]\n{}", "line 2 "),
        (f'{{"a": 1}}\n{{"a": 2}}, {SECRET}', "line 2 "),
        ('{"a": 1},\n{"a": 2}', "line 1 "),
        ('{"a": 1} {"a": 2}', "line 1 "),
        ('{"a": 1}]', "line 1 "),
    ],
)
def test_108_what_follows_is_refused(content: str, line: str) -> None:
    code, message = says(content)
    assert (code, line in message) == ("FG-IN-108", True)


@pytest.mark.parametrize("text", ["\\ud800", "\\udfff", "\\udc00\\ud800", "x\\uD83Dy"])
def test_109_half_a_character_is_refused(text: str) -> None:
    for record in (
        f'{{"a": "{text}"}}',
        f'{{"{text}": 1}}',
        f'{{"a": [{{"b": "{text}"}}]}}',
        f'{{"a": {{"{text}": []}}}}',
    ):
        assert refusal(f"[{record}]").code == "FG-IN-109"


def test_109_both_halves_are_a_character() -> None:
    assert read('[{"a": "\\ud83d\\ude00"}]') == [{"a": "\U0001f600"}]


# ---------------------------------------------------------------------------------------- agreement with json.loads

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
)
KEYS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
RECORDS = st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=5)


def as_text(value: object) -> object:
    """What we make of a value that ``json.loads`` made of numbers as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [as_text(item) for item in value]
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    return value


def refuse(_: str) -> NoReturn:
    raise ValueError


def by_the_book(content: bytes) -> object:
    """What the standard library reads, strictly."""
    return as_text(json.loads(content.decode("utf-8-sig"), parse_int=str, parse_float=str, parse_constant=refuse))


@pytest.mark.long
@settings(max_examples=200)
@given(records=RECORDS, ascii_only=st.booleans(), indent=st.sampled_from([None, 0, 2]), size=st.integers(1, 40))
def test_arrays_agree_with_the_standard_library_wherever_they_are_cut(
    records: list[dict[str, object]], ascii_only: bool, indent: int | None, size: int
) -> None:
    content = json.dumps(records, ensure_ascii=ascii_only, indent=indent).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_reader, "MOST_BYTES", max(map(len, map(json.dumps, records)), default=0) * 6 + 50)
        assert list(json_records(Trickle(content, size))) == by_the_book(content)


@pytest.mark.long
@settings(max_examples=200)
@given(
    records=RECORDS, ascii_only=st.booleans(), ending=st.sampled_from(["\n", "\r\n", "\n\n"]), size=st.integers(1, 40)
)
def test_lines_agree_with_the_standard_library_wherever_they_are_cut(
    records: list[dict[str, object]], ascii_only: bool, ending: str, size: int
) -> None:
    lines = [json.dumps({"id": "1", **record}, ensure_ascii=ascii_only) for record in records or [{}]]
    content = "".join(line + ending for line in lines).encode()
    assert list(json_records(Trickle(content, size))) == [by_the_book(line.encode()) for line in lines]


FUZZED = b'[{"a": "\\u00e9\\ud83d\\ude00", "b": [1.5, true, {"c": null}]},\n{"a": "\xc3\xa9", "b": -1E+2}]'


BYTES = b'[]{}",:\\u0dN1e-.t \n\r\0\x1f\xc3\xff/'


@settings(max_examples=500)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(FUZZED)), st.integers(0, 2), st.sampled_from(BYTES)), min_size=1, max_size=4
    ),
    size=st.integers(1, 120),
)  # fmt: skip
@example(changes=[(0, 1, 123)], size=120)
def test_a_mutated_file_is_refused_or_read_as_the_standard_library_reads_it(
    changes: list[tuple[int, int, int]], size: int
) -> None:
    content = FUZZED
    for place, width, byte in changes:
        content = content[:place] + bytes([byte]) + content[place + width :]
    try:
        found = list(json_records(Trickle(content, size)))
    except FrostglassError as error:
        assert error.code.startswith("FG-IN-")  # noqa: PT017 - what is claimed of every error, if there is one
        return
    if content.lstrip(b" \t\r\n\xef\xbb\xbf").startswith(b"["):
        assert found == by_the_book(content)
    else:
        assert found == [by_the_book(line) for line in content.split(b"\n") if line.strip()]


@settings(max_examples=300)
@given(content=st.binary(max_size=40) | st.text('[]{}",:1 \na\\', max_size=25).map(str.encode))
def test_any_bytes_are_refused_or_read(content: bytes) -> None:
    try:
        read(content)
    except FrostglassError as error:
        assert error.code.startswith("FG-IN-")  # noqa: PT017 - what is claimed of every error, if there is one
