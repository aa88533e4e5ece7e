"""The published JSON Schema is the one that the code reads by, and accepts what the code accepts."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files

import jsonschema
import pytest

from frostglass import codebooks
from tests.codebooks.support import EVERYTHING, HEAD


def shipped_schema() -> dict[str, object]:
    text = (files("frostglass.codebooks") / "codebook.schema.json").read_text(encoding="utf-8")
    schema: dict[str, object] = json.loads(text)
    return schema


def test_the_shipped_schema_is_the_generated_one() -> None:
    text = (files("frostglass.codebooks") / "codebook.schema.json").read_text(encoding="utf-8")
    generated = json.dumps(codebooks.json_schema(), indent=2, ensure_ascii=False) + "\n"
    assert text == generated, "the format changed: run `make schemas`"


def test_the_schema_is_valid_under_its_dialect() -> None:
    assert shipped_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(shipped_schema())


@pytest.mark.parametrize("identifier", codebooks.shipped())
def test_shipped_codebooks_validate_as_toml_and_as_canonical_json(identifier: str) -> None:
    validator = jsonschema.Draft202012Validator(shipped_schema())
    toml = (files("frostglass.codebooks") / "shipped" / f"{identifier}.toml").read_text(encoding="utf-8")
    validator.validate(tomllib.loads(toml))
    validator.validate(json.loads(codebooks.load(identifier).canonical))


def test_the_file_with_every_key_validates() -> None:
    validator = jsonschema.Draft202012Validator(shipped_schema())
    validator.validate(tomllib.loads(EVERYTHING.replace("date = 2024-02-29", 'date = "2024-02-29"')))


@pytest.mark.parametrize(
    "text",
    [
        '[[variable]]\nname = "a"\ntype = "flagg"\n',
        '[[variable]]\nname = "a"\ntype = "flag"\ncolour = "red"\n',
        '[[variable]]\nname = "a"\ntype = "nominal"\ncategories = [1, 2]\n',
        '[[variable]]\nname = "a"\ntype = "flag"\nderive = { op = "copi", from = "b" }\n',
        '[[variable]]\nname = "a"\ntype = "flag"\n[[constraint]]\nkind = "not_null"\n',
        '[release]\nciting = "x"\n',
    ],
)
def test_the_schema_refuses_what_the_code_refuses(text: str) -> None:
    assert codebooks.faults(HEAD + text)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(shipped_schema()).validate(tomllib.loads(HEAD + text))
