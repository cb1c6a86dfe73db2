"""JSON Schemas of the five files, for editors that complete and check while one writes."""

from __future__ import annotations

from typing import Any

from sixgates.config.stack import FILES


def schema_of(file: str) -> dict[str, Any]:
    """The schema of one file by its name, such as `providers.yaml`; raises KeyError for any other name."""
    schema = FILES[file].model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": file}
