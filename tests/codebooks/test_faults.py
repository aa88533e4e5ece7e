"""Every fault of a codebook file is named: its place, what is wrong, the way out, and all of them at once."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frostglass import codebooks
from frostglass.codebooks.complaints import at
from frostglass.codebooks.faults import Path
from frostglass.codebooks.reading import read_codebook
from frostglass.errors import CodebookError
from tests.codebooks.support import EVERYTHING, HEAD, faults

FLAG = '[[variable]]\nname = "a"\ntype = "flag"\n'
OTHER = '[[variable]]\nname = "b"\ntype = "nominal"\ncategories = ["x", "y"]\n'


def nominal(categories: str) -> str:
    return f'[[variable]]\nname = "a"\ntype = "nominal"\ncategories = [{categories}]\n'


def integer(rest: str) -> str:
    return f'[[variable]]\nname = "a"\ntype = "integer"\n{rest}\n'


def atoms(listed: str, rest: str = "") -> str:
    return f'[[variable]]\nname = "a"\ntype = "set"\natoms = [{listed}]\n{rest}\n'


def constraint(rest: str) -> str:
    return f"{FLAG}{OTHER}[[constraint]]\n{rest}\n"


OWN_WORDS = ("(missing)", "(all)", "( All )", "（all）", "(total)", "(not listed)", "*", "＊", "(всего)")

CASES = [
    # names
    (FLAG + FLAG, "variable[1].name", "is taken"),
    (FLAG + FLAG.replace('"a"', '"A"'), "variable[1].name", "cannot be told from 'a'"),
    (FLAG + FLAG.replace('"a"', '"b"\naliases = ["a"]'), "variable[1].aliases[0]", "is taken"),
    (FLAG.replace('"a"', '"a|b"'), "variable[0].name", "joins the names"),
    (FLAG.replace('"a"', '"a=b"'), "variable[0].name", "'='"),
    (FLAG.replace('"a"', '"@a"'), "variable[0].name", "formula"),
    (FLAG.replace('"a"', '""'), "variable[0].name", "is empty"),
    (FLAG.replace('"a"', '" a"'), "variable[0].name", "space"),
    (FLAG + OTHER.replace("type", "number = 1\ntype"), "variable[1].number", "number 1 is taken by 'a'"),
    (FLAG + "number = 0\n", "variable[0].number", "greater than or equal to 1"),
    # the words of tables and questions
    *((FLAG.replace('"a"', f'"{word}"'), "variable[0].name", "kept for the tables") for word in OWN_WORDS),
    *((nominal(f'"x", "{word}"'), "variable[0].categories[1]", "kept for the tables") for word in OWN_WORDS[1:]),
    *((atoms(f'"x", "{word}"'), "variable[0].atoms[1]", "kept for the tables") for word in OWN_WORDS[1:]),
    (integer('bands = [[0, 1, "(all)"], [2, 3, "b"]]'), "variable[0].bands[0]", "kept for the tables"),
    (
        atoms('"x", "y", "z"', 'max_atoms = 2\noverflow = "other_label"\nother = "(others)"'),
        "variable[0].other",
        "kept for the tables",
    ),
    (FLAG.replace('"a"', '"a~"'), "variable[0].name", "ends in '~'"),
    (FLAG.replace('"a"', '"＝a"'), "variable[0].name", "some spreadsheets"),
    (nominal('"x", "＋y"'), "variable[0].categories[1]", "some spreadsheets"),
    (atoms('"x", "y + z"'), "variable[0].atoms[1]", "joins the values of a set"),
    (atoms('"x", { code = "y", label = "Y + Z" }'), "variable[0].atoms[1].label", "joins the values of a set"),
    (FLAG + 'label = "(all)"\n', "variable[0].label", "is what tables show"),
    (nominal('"x", { code = "y", label = "(Missing)" }'), "variable[0].categories[1].label", "is what tables show"),
    (nominal('"x", { code = "y", label = "(out of)" }'), "variable[0].categories[1].label", "is what tables show"),
    (nominal('"x", { code = "y", label = "X" }'), "variable[0].categories[0]", "reads like the label of 'y'"),
    # codes
    (nominal('"x", "x"'), "variable[0].categories[1]", "listed twice"),
    (nominal('"x", "X"'), "variable[0].categories[1]", "cannot be told from 'x'"),
    (nominal('"x", "x "'), "variable[0].categories[1]", "cannot be told from 'x'"),
    (
        nominal('{ code = "x", aliases = ["q"] }, { code = "y", aliases = "Q" }'),
        "variable[0].categories[1].aliases",
        "cannot",
    ),
    (
        nominal('{ code = "x", aliases = ["Y"] }, "y"'),
        "variable[0].categories[0].aliases[0]",
        "cannot be told from 'y'",
    ),
    (
        nominal('"x", { code = "y", label = "L" }, { code = "z", label = "l " }'),
        "variable[0].categories[2].label",
        "used twice",
    ),
    (nominal('"x"'), "variable[0].categories", "only one"),
    (nominal(""), "variable[0].categories", "empty"),
    (nominal('"x", "a|b"'), "variable[0].categories[1]", "'|'"),
    (nominal('"x", "(Missing)"'), "variable[0].categories[1]", "missing value"),
    (nominal('"x", "=1+1"'), "variable[0].categories[1]", "formula"),
    (nominal('"x", "-1"'), "variable[0].categories[1]", "formula"),
    (nominal('"x", "+1"'), "variable[0].categories[1]", "formula"),
    (nominal('"x", "@sum"'), "variable[0].categories[1]", "formula"),
    (nominal('"x", "a\\u200bb"'), "variable[0].categories[1]", "U+200B"),
    (nominal('"x", "a\\u00a0b"'), "variable[0].categories[1]", "U+00A0"),
    (nominal('"x", "a\\u202eb"'), "variable[0].categories[1]", "control character U+202E"),
    (nominal('"x", "a\\u0000b"'), "variable[0].categories[1]", "control character U+0000"),
    (nominal('"x", "a\\nb"'), "variable[0].categories[1]", "U+000A"),
    (nominal('"x", "e\\u0301"'), "variable[0].categories[1]", "NFC"),
    (nominal(f'"x", "{"y" * 201}"'), "variable[0].categories[1]", "longer than 200"),
    (nominal(", ".join(f'"c{n}"' for n in range(201))), "variable[0].categories", "201 codes are more than the 200"),
    ('missing_in = ["NA", "N/A"]\n' + nominal('"x", "NA", "N/A"'), "variable[0].categories", "missing values"),
    ('missing_in = [".", " ."]\n' + FLAG, "codebook.missing_in[1]", "listed twice"),
    (nominal('"x", 2'), "variable[0].categories[1]", "2 is a number"),
    (nominal('"x", true'), "variable[0].categories[1]", "true or false"),
    ('[[variable]]\nname = "a"\ntype = "ordinal"\n', "variable[0].categories", "needs categories"),
    (FLAG + "range = [0, 3]\n", "variable[0].range", "have no range"),
    (FLAG + 'overflow = "error"\n', "variable[0].overflow", "have no overflow"),
    (nominal('"x", { code = "y", color = "red" }'), "variable[0].categories[1].color", "must look like"),
    (nominal('"x", { code = "y", label = { EN = "why" } }'), "variable[0].categories[1].label", "must look like"),
    # integers
    (integer(""), "variable[0]", "needs either range or bands"),
    (integer('range = [0, 3]\nbands = [[0, 1, "x"], [2, 3, "y"]]'), "variable[0]", "needs either range or bands"),
    (integer("range = [3, 0]"), "variable[0].range", "from a lower to a higher"),
    (integer("range = [-3, 3]"), "variable[0].range", "negative"),
    (integer("range = [0, 200]"), "variable[0].range", "201 codes"),
    (integer("range = [0, 9999999999]"), "variable[0].range", "codes are more than"),
    (integer('range = [0, "9"]'), "variable[0].range[1]", "whole number"),
    (integer('bands = [[5, 1, "x"], [6, 7, "y"]]'), "variable[0].bands[0]", "from 5 down to 1"),
    (integer('bands = [[0, 5, "x"], [5, 7, "y"]]'), "variable[0].bands[1]", "overlaps"),
    (integer('bands = [[0, 5, "x"], [6, 7, "x"]]'), "variable[0].bands[1][2]", "listed twice"),
    (integer('bands = [[0, 5, "x"], [6, 7, "-"]]'), "variable[0].bands[1][2]", "formula"),
    (integer('bands = [[0, 5, "1"], [6, 9, "2"]]'), "variable[0].bands[1][2]", "outside its band"),
    (integer('bands = [[0, 5, "x"]]'), "variable[0].bands", "only one"),
    (integer("bands = [[0, 5]]"), "variable[0].bands[0]", "more than 2 entries"),
    (
        integer('bands = [[0, 5, "x"], [6, 7, "y"]]\ncategories = ["z"]'),
        "variable[0].categories[0]",
        "not the code of a band",
    ),
    # sets
    ('[[variable]]\nname = "a"\ntype = "set"\n', "variable[0].atoms", "needs atoms"),
    (atoms('"x", "y;z"'), "variable[0].atoms[1]", "set separator"),
    (atoms('"x", { code = "y", aliases = ["y;z"] }'), "variable[0].atoms[1].aliases[0]", "set separator"),
    (atoms('"x", "y"', 'admitted_sets = ["x;z"]'), "variable[0].admitted_sets[0]", "'z' is not an atom"),
    (atoms('"x", "y"', 'admitted_sets = ["x"]'), "variable[0].admitted_sets[0]", "admitted anyway"),
    (atoms('"x", "y"', 'admitted_sets = ["x;x"]'), "variable[0].admitted_sets[0]", "twice"),
    (atoms('"x", "y"', 'admitted_sets = ["x;y", "y;x"]'), "variable[0].admitted_sets[1]", "listed twice"),
    (atoms('"x", "y"', 'admitted_sets = ["x;y"]\nmax_atoms = 2'), "variable[0].max_atoms", "exclude each other"),
    (atoms(", ".join(f'"c{n}"' for n in range(60)), "max_atoms = 60"), "variable[0].max_atoms", "codes are more than"),
    (atoms('"x", "y"', 'overflow = "other_label"'), "variable[0].other", "go together"),
    (atoms('"x", "y"', 'other = "z"'), "variable[0].overflow", "go together"),
    (atoms('"x", "y"', 'overflow = "other_label"\nother = "X"'), "variable[0].other", "cannot be told from 'x'"),
    (atoms('"x", "y"', 'overflow = "drop"'), "variable[0].overflow", "'drop' is not known"),
    ('set_separator = "|"\n' + FLAG, "codebook.set_separator", "cannot separate"),
    # direct identifiers
    (
        FLAG + '[[variable]]\nname = "id"\ntype = "nominal"\nrole = "direct_identifier"\ncategories = ["x"]\n',
        "variable[1].categories",
        "never released",
    ),
    (
        '[[variable]]\nname = "id"\ntype = "nominal"\nrole = "direct_identifier"\n',
        "variable",
        "no variable is released",
    ),
    (
        '[[variable]]\nname = "id"\ntype = "flag"\nrole = "direct_identifier"\n'
        + constraint('kind = "not_null"\nof = ["id"]'),
        "constraint[0].of[0]",
        "direct identifier",
    ),
    # groups, constraints, charts
    (FLAG + 'denominator_group = "g"\n[[group]]\nname = "gg"\n', "variable[0].denominator_group", "did you mean 'gg'"),
    (FLAG + '[[group]]\nname = "g"\nof = ["z"]\n', "group[0].of[0]", "no variable 'z'"),
    (FLAG + '[[group]]\nname = "g"\n[[group]]\nname = "g"\n', "group[1].name", "declared twice"),
    (
        FLAG + '[[group]]\nname = "g"\nof = "a"\n[[group]]\nname = "h"\nof = "a"\n',
        "group[1].of",
        "belongs to group 'g'",
    ),
    (constraint('kind = "not_null"\nof = ["c"]'), "constraint[0].of[0]", "no variable 'c'"),
    (constraint('kind = "not_null"\nof = ["a", "a"]'), "constraint[0].of[1]", "named twice"),
    (constraint('kind = "not_null"\nof = []'), "constraint[0].of", "at least 1"),
    (constraint('kind = "implies"\nif = { b = "z" }\nthen = { a = "1" }'), "constraint[0].if.b", "no code 'z'"),
    (constraint('kind = "implies"\nif = { b = "x" }\nthen = { c = "1" }'), "constraint[0].then.c", "no variable 'c'"),
    (constraint('kind = "forbid"\ncombination = { a = ["0"] }'), "constraint[0].combination.a[0]", "no code '0'"),
    (constraint('kind = "requires_any"\nif_any = ["a"]\nof = ["bb"]'), "constraint[0].of[0]", "did you mean 'b'"),
    (constraint('kind = "max_atoms"\nof = ["b"]\nat_most = 1'), "constraint[0].of[0]", "not a set variable"),
    (
        constraint('kind = "complete_rate"\nof = ["a"]\nat_least = 0.9\nbasis = "structural"'),
        "constraint[0].basis",
        "must be empirical",
    ),
    (
        constraint('kind = "complete_rate"\nof = ["a"]\nat_least = 99'),
        "constraint[0].at_least",
        "less than or equal to 1",
    ),
    (constraint('kind = "not_nul"\nof = ["a"]'), "constraint[0].kind", "did you mean 'not_null'"),
    (constraint('of = ["a"]'), "constraint[0].kind", "is missing"),
    (
        constraint('name = "n"\nkind = "not_null"\nof = "a"\n[[constraint]]\nname = "n"\nkind = "not_null"\nof = "b"'),
        "constraint[1].name",
        "declared twice",
    ),
    (
        constraint('kind = "not_null"\nof = "a"\n[[constraint]]\nkind = "forbid"\ncombination = { a = "1" }'),
        "constraint",
        "no record can satisfy",
    ),
    (FLAG + '[[chart]]\ntitle = "t"\nkind = "bars"\nvariables = ["z"]\n', "chart[0].variables[0]", "no variable 'z'"),
    # keys, types, head
    (FLAG + 'labell = "x"\n', "variable[0].labell", "did you mean 'label'"),
    (FLAG + "[synthesis]\nepsilonn = 1\n", "synthesis.epsilonn", "did you mean 'epsilon'"),
    (FLAG + "[synthesis]\nepsilon = 50\n", "synthesis.epsilon", "between 0.01 and 20"),
    (FLAG + "[synthesis]\nepsilon = nan\n", "synthesis.epsilon", "finite"),
    (FLAG + "[synthesis]\ndelta = 0.5\n", "synthesis.delta", "delta must lie between"),
    (FLAG + 'role = "secret"\n', "variable[0].role", "'secret' is not known"),
    (FLAG + 'sensitive_zeros = "no"\n', "variable[0].sensitive_zeros", "true or false"),
    (FLAG + "definition = 3\n", "variable[0].definition", "must be a text"),
    (FLAG + 'definition = "a\\u0007"\n', "variable[0].definition", "control character"),
    ("date = 2024-02-30\n" + FLAG, "line 3, column 8", "not TOML"),
    ('date = "2024-13-01"\n' + FLAG, "codebook.date", "must look like"),
    ('id = "again"\n' + FLAG, "line 3, column 13", "not TOML"),
    ("unit = NO\n" + FLAG, "line 3, column 8", "not TOML"),
]
"""A file after a good head, the place of its one fault, and words of the message."""


@pytest.mark.parametrize(("text", "path", "words"), CASES)
def test_a_fault_is_named_with_its_place_and_the_fix(text: str, path: str, words: str) -> None:
    found = [fault for fault in faults(text) if words in fault.message]
    assert found, [str(fault) for fault in faults(text)]
    assert found[0].path == path or found[0].path.startswith(path + "."), found[0].path
    assert found[0].fix
    assert str(found[0]).endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        '[[variable]]\nname = "income>50K"\ntype = "nominal"\ncategories = ["<=50K", ">50K"]\n',
        '[[variable]]\nname = "a"\ntype = "nominal"\ncategories = ["x", { code = "y", aliases = ["-1", "=y"] }]\n',
        'missing_in = ["NA"]\n[[variable]]\nname = "a"\ntype = "nominal"\ncategories = ["NA", "ZA"]\n',
        '[[variable]]\nname = "a"\ntype = "nominal"\ncategories = ["x", { code = "y", aliases = ["Y"] }]\n',
        '[[variable]]\nname = "a"\ntype = "nominal"\ncategories = ["a=b", "c;d"]\n',
        '[[variable]]\nname = "a"\ntype = "flag"\naliases = ["A"]\n',
        '[[variable]]\nname = "a~b"\ntype = "flag"\naliases = ["a~", "(all)"]\n',
        '[[variable]]\nname = "all"\ntype = "nominal"\ncategories = ["all", "(-99)", "(0-1 yr)", "x (all)", "[all]"]\n',
        '[[variable]]\nname = "a"\ntype = "nominal"\ncategories = ["x + y", { code = "y", aliases = ["(all)"] }]\n',
        '[[variable]]\nname = "a"\ntype = "integer"\nbands = [[-9, -1, "below 0"], [1, 1, "1"], [2, 9, "2"]]\n',
        '[[variable]]\nname = "a"\ntype = "flag"\ndefinition = """two\nlines"""\n',
        '[[variable]]\nname = "a"\ntype = "flag"\nlabel = { fa = "می\\u200cخواهم", en = "\\u05d0" }\n',
    ],
)
def test_what_only_looks_like_a_fault_is_accepted(text: str) -> None:
    assert faults(text) == ()


def test_all_faults_are_named_at_once_whether_of_shape_or_of_meaning() -> None:
    text = """
[codebook]
id = "Bad Id"
languag = "en"
[[variable]]
type = "nominall"
categories = ["x", 3, "x", "=y"]
[[variable]]
name = "b"
type = "flag"
derive = { op = "mapp", from = "c" }
denominator_group = "g"
[[constraint]]
kind = "implies"
if = { b = "2", d = "x" }
[[constraint]]
kind = "not_null"
of = ["e"]
"""
    assert [fault.path for fault in codebooks.faults(text)] == [
        "codebook.id",
        "codebook.languag",
        "variable[0].type",
        "variable[0].categories[1]",
        "variable[0].categories[2]",
        "variable[0].categories[3]",
        "variable[0].name",
        "variable[1].derive.op",
        "variable[1].denominator_group",
        "constraint[0].then",
        "constraint[1].of[0]",
    ]


def test_a_fault_of_shape_is_not_reported_again_as_one_of_meaning() -> None:
    text = OTHER.replace('["x", "y"]', '["x", 2]') + '[[constraint]]\nkind = "forbid"\ncombination = { b = "2" }\n'
    assert [fault.path for fault in faults(text)] == ["variable[0].categories[1]"]


def test_a_fault_inside_a_variable_names_the_variable() -> None:
    assert faults(FLAG + "colour = 1\n")[0].message.startswith("a: unknown key 'colour'")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = 1\na = 2\n", "overwrite"),
        ('a = "', "not TOML"),
        ("a = " + "[" * 100_000, "nested"),
        ("a = " + "[" * 60 + "]" * 60, "nested"),
        ("a." * 50 + "b = 1", "nested"),
        ("a = 1" + "0" * 5000, "out of range"),
        ("a = 1e99999999999999999999", "out of range"),
        ("", "'codebook' is missing"),
        ("codebook = 1\nvariable = 2", "must be a table"),
        ('format = 2\n[codebook]\nid = "x"\n' + FLAG, "file format"),
    ],
)
def test_what_cannot_be_read_at_all_is_a_fault_and_no_crash(text: str, words: str) -> None:
    assert words in codebooks.faults(text)[0].message


RAW = tomllib.loads(EVERYTHING, parse_float=Decimal)
PIECES: list[object] = [None, 0, -1, True, "", "x", "x/y", [], {}, ["x", "x"], [[1, 2, "x"]], {"op": "map"}, 10**30]


def places(node: object, path: Path = ()) -> Iterator[Path]:
    """Paths of everything inside a raw table."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


def put(raw: object, path: Path, piece: object) -> None:
    """Set what stands at a path; None removes it."""
    for step in path[:-1]:
        raw = at(raw, step)
    if isinstance(raw, (dict, list)):
        raw[path[-1]] = copy.deepcopy(piece)  # type: ignore[index]  # a key of a dict, a position of a list
        if piece is None:
            del raw[path[-1]]  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_file_makes_the_checks_fail_and_what_passes_them_survives_a_round_trip(data: st.DataObject) -> None:
    raw: dict[str, object] = copy.deepcopy(RAW)
    for _ in range(data.draw(st.integers(1, 4))):
        if present := list(places(raw)):
            put(raw, data.draw(st.sampled_from(present)), data.draw(st.sampled_from(PIECES)))
    codebook, found = read_codebook(raw)
    assert (codebook is None) == bool(found)
    if codebook is not None:
        assert codebooks.from_canonical(codebook.canonical) == codebook


def test_the_file_with_every_key_has_no_fault() -> None:
    assert codebooks.faults(EVERYTHING) == ()
    assert codebooks.faults(HEAD + FLAG) == ()


def test_a_sealed_codebook_is_read_whatever_words_were_reserved_since() -> None:
    text = HEAD + nominal('"x", "[all]"')
    book = codebooks.loads(text, source="b.toml")
    sealed = book.canonical.replace(b'"[all]"', b'"(all)"')
    assert codebooks.from_canonical(sealed, sealed=True).variable("a").codes == ("x", "(all)")
    with pytest.raises(CodebookError, match="kept for the tables"):
        codebooks.from_canonical(sealed)
