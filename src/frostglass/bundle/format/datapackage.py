"""datapackage.json: the bundle described for machines, as Data Package version 2.

Source: https://datapackage.org/standard/data-package/ (2.0); its profiles are named, never fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from frostglass.bundle.format.files import Stored
from frostglass.bundle.format.formats import STATED
from frostglass.bundle.format.manifest import COUNTS_CSV, RECORDS_CSV, Manifest
from frostglass.bundle.words import citation, guarantee_sentence
from frostglass.released.counts import RELEASED
from frostglass.terms.codebook import Codebook, Variable

PROFILE = "https://datapackage.org/profiles/2.0/{}.json"

# A Parquet file is declared as a file, under a format name that validators don't take for a table: they would decode
# it with libraries that few have, and check neither its size nor its hash.
MEDIA = {
    "csv": ("csv", "text/csv"),
    "parquet": ("apache-parquet", "application/vnd.apache.parquet"),
    "json": ("json", "application/json"),
    "html": ("html", "text/html"),
    "md": ("md", "text/markdown"),
}
"""Format and media type by the ending of a file's name."""

_COUNTS_TEXT = {
    "length": "Number of variables in the combination.",
    "variables": "Names of the variables, joined with |, in the codebook's order.",
    "values": "Their values, joined with |, in the same order; (missing) stands for a missing value.",
    "count": "Number of records.",
    "sd": "Standard deviation of the estimate, in records; empty beyond the measured lengths.",
    "low": "Lower end of the 95% interval.",
    "high": "Upper end of the 95% interval.",
    "status": "released; withheld combinations stand in counts.parquet alone.",
    "share": "Count divided by out_of, to four decimals; empty where that is none.",
    "share_low": "Lower end of the 95% interval of the share.",
    "share_high": "Upper end of the 95% interval of the share.",
    "out_of": "Number of records that the share is of: of those that meet all conditions but the first, those with a "
    "recorded value of the first variable, or with any flag of its group; all of them where it is a flag without a "
    "group, where the value is (missing), and where every record has one.",
}

_ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:)]")

_TYPES = {"Int64": "integer", "Float64": "number", "String": "string"}


def data_package(manifest: Manifest, codebook: Codebook, files: Mapping[str, Stored]) -> dict[str, object]:
    """The descriptor of ``files``, which are all of the bundle's but the manifest and the descriptor itself."""
    texts = codebook.release
    package: dict[str, object] = {
        "$schema": PROFILE.format("datapackage"),
        "name": manifest.release_id.lower(),
        "title": codebook.title,
        "description": f"{guarantee_sentence(manifest, codebook)} How to cite: {citation(manifest, codebook)}",
        "version": f"{codebook.version}+{manifest.release_id}",
        "created": f"{manifest.date.isoformat()}T00:00:00Z",
        "keywords": ["differential privacy", "synthetic data"],
        "resources": [_resource(name, stored, codebook) for name, stored in files.items()],
    }
    if texts.terms:
        package["licenses"] = [_licence(texts.terms)]
    if texts.provenance or codebook.publisher:
        package["sources"] = [{"title": texts.provenance or codebook.publisher}]
    if codebook.publisher:
        package["contributors"] = [{"title": codebook.publisher, "roles": ["publisher"]}]
    return package


def _licence(terms: str) -> dict[str, str]:
    """The terms in their own words; the standard wants an address or an identifier beside them."""
    address = _ADDRESS.search(terms)
    return {"title": terms, "path": address[0]} if address else {"title": terms, "name": "notspecified"}


def _resource(name: str, stored: Stored, codebook: Codebook) -> dict[str, object]:
    form, media = MEDIA[name.rsplit(".", 1)[1]]
    resource: dict[str, object] = {
        "name": name.replace(".", "-"),
        "path": name,
        "format": form,
        "mediatype": media,
        "bytes": stored.bytes,
        "hash": f"sha256:{stored.sha256}",
    }
    if form != "apache-parquet":
        resource["encoding"] = "utf-8"
    fields = {COUNTS_CSV: _counts_fields(), RECORDS_CSV: _records_fields(codebook)}.get(name)
    if fields:
        resource["type"] = "table"
        resource["dialect"] = {"$schema": PROFILE.format("tabledialect"), "lineTerminator": "\n"}
        resource["schema"] = _schema(fields)
    return resource


def _schema(fields: Sequence[Mapping[str, object]]) -> dict[str, object]:
    return {
        "$schema": PROFILE.format("tableschema"),
        "fieldsMatch": "equal",
        "missingValues": [{"value": "", "label": "missing"}],
        "fields": fields,
    }


def _records_fields(codebook: Codebook) -> list[dict[str, object]]:
    return [_records_field(variable, codebook) for variable in codebook.variables]


def _records_field(variable: Variable, codebook: Codebook) -> dict[str, object]:
    """Text with all its values; of a set variable, whole sets."""
    field: dict[str, object] = {
        "name": variable.name,
        "type": "string",
        "title": codebook.label(variable.name),
        "categories": [{"value": code, "label": codebook.value_label(variable.name, code)} for code in variable.codes],
        "constraints": _constraints(variable, codebook),
    }
    if variable.definition:
        field["description"] = variable.definition
    if variable.type == "ordinal":
        field["categoriesOrdered"] = True
    return field


def _constraints(variable: Variable, codebook: Codebook) -> dict[str, object]:
    always = {} if codebook.domain.attribute(variable.name).missing else {"required": True}
    return {"enum": list(variable.codes), **always}


def _counts_fields() -> list[dict[str, object]]:
    fields: dict[str, dict[str, object]] = {
        name: {"name": name, "type": _TYPES[str(kind)], "description": _COUNTS_TEXT[name]}
        for name, kind in STATED.items()
    }
    fields["status"]["categories"] = [{"value": RELEASED, "label": "released"}]
    fields["status"]["constraints"] = {"enum": [RELEASED]}
    return list(fields.values())
