"""The JSON Schemas of the repository, the one description of what may be on the wire."""

import functools
import json
from pathlib import Path

import jsonschema

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"


@functools.cache
def store() -> dict:
    documents = [json.loads(path.read_text()) for path in SCHEMAS.rglob("*.json")]
    return {d["$id"]: d for d in documents if isinstance(d, dict) and "$id" in d}


@functools.cache
def validator(schema_id: str):
    schema = store()[schema_id]
    resolver = jsonschema.RefResolver(base_uri=schema_id, referrer=schema, store=store())
    return jsonschema.Draft202012Validator(schema, resolver=resolver,
                                           format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def validator_for(topic: str, payload: dict):
    if topic.endswith("/status"):
        return validator("urn:openegiz:schema:status")
    return validator(f"urn:openegiz:schema:telemetry:{payload.get('sensor_type')}")
