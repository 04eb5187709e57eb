"""What of a schema's change would break a consumer or a producer of the older one."""

from typing import Any


def breaks(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[str]:
    """Removed, retyped and newly required fields, in the schema and its definitions."""
    out: list[str] = []
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, schema in before.items():
        if name not in after:
            out.append(f"{prefix}{name}: removed")
        elif _shape(schema) != _shape(after[name]):
            out.append(f"{prefix}{name}: changed")
    fresh = set(new.get("required", [])) - set(old.get("required", []))
    out += [f"{prefix}{name}: newly required" for name in sorted(fresh)]
    for name, schema in old.get("$defs", {}).items():
        out += breaks(schema, new.get("$defs", {}).get(name, {}), f"{prefix}{name}.")
    return out


def _shape(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without what only people read."""
    return {k: v for k, v in schema.items() if k not in {"title", "description", "default", "examples"}}
