"""What the hub holds of persons, whole, and how it differs from what it should hold."""

from typing import Any

from tests.faults.town import Town

STATE = {
    "affiliation": "id, org, member_id, version, withdrawn, name, former_names, standing, sex, birth_year, district, identity,"
    " phone, card, name_birth_phone, birth_phone_sex, name_birth_sex, unit_id, shown::text, told_at",
    "person": "*", "person_name": "*", "person_tail": "*", "belonging": "*",
    "edge": "a, b, rule, state, revoked_at is null",
}  # fmt: skip


async def everything(town: Town) -> dict[str, set[Any]]:
    """The hub's projection as it stands."""
    return {
        table: {tuple(map(str, row)) for row in await town.rows("hub", f"select {columns} from {table}")}
        for table, columns in STATE.items()
    }


def unlike(found: dict[str, set[Any]], wanted: dict[str, set[Any]]) -> dict[str, Any]:
    """A few rows of each table that differ (a whole difference would take pytest minutes to show)."""
    return {
        table: (sorted(found[table] - rows)[:2], sorted(rows - found[table])[:2])
        for table, rows in wanted.items()
        if found[table] != rows
    }
