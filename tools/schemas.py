"""Write the JSON Schemas that the package ships, from the models that they describe: ``make schemas``."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from frostglass import codebooks
from frostglass.bundle.format import manifest
from frostglass.codebooks.import_document import MapDocument
from frostglass.desk.release_file import ReleaseFile
from frostglass.sensitive.importing.description import Description


def generated() -> dict[str, str]:
    """Text of every schema, by its path inside the package."""
    schemas: dict[str, dict[str, object]] = {
        "codebooks/codebook.schema.json": codebooks.json_schema(),
        "codebooks/import_map.schema.json": MapDocument.model_json_schema(by_alias=True),
        "sensitive/importing/casefiles.schema.json": Description.model_json_schema(),
        "bundle/format/manifest.schema.json": manifest.json_schema(),
        "desk/release.schema.json": ReleaseFile.model_json_schema(),
    }
    return {path: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for path, schema in schemas.items()}


def main() -> None:
    """Write them where the package finds them."""
    for path, text in generated().items():
        Path(str(files("frostglass"))).joinpath(path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
