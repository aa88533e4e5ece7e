"""The JSON Schema of the codebook file, generated from the tables that read it."""

from __future__ import annotations

from frostglass.codebooks.document import FORMAT, Document

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, object]:
    """JSON Schema (draft 2020-12) of a codebook in TOML or JSON: its shape. ``faults`` checks its meaning too."""
    schema = Document.model_json_schema(by_alias=True)
    return {
        "$schema": DIALECT,
        "$id": f"urn:frostglass:codebook:{FORMAT}",
        **schema,
        "title": "frostglass codebook",
    }
