"""JSON Schema snapshots of every event payload, one file per type and version."""

import json

from shared.contracts.event import CATALOGUE


def schema_files() -> dict[str, str]:
    """File name -> text; the test of contracts compares them with the released ones."""
    return {
        f"{type_}.json": json.dumps(cls.model_json_schema(), ensure_ascii=False, indent=2, sort_keys=True)
        + "\n"
        for type_, cls in sorted(CATALOGUE.items())
    }
