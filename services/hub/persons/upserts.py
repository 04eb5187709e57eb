"""INSERT ... SELECT FROM one JSON array ON CONFLICT DO UPDATE: whatever the number of rows, one statement."""

# ruff: noqa: S608 - statements are put together from constants of this package; values are parameters

from collections.abc import Sequence


def given(declaration: str) -> str:
    """The rows of parameter `:rows` as a table `x`, for FROM."""
    return f"json_to_recordset(cast(:rows as json)) as x({declaration})"


def upsert(table: str, declaration: str, key: Sequence[str], only: str = "") -> str:
    """Rows there (`t`) are changed where `only` lets those that come (`excluded`), or where they differ."""
    columns = [part.split()[0] for part in declaration.split(",")]
    rest = [name for name in columns if name not in key]
    there, coming = (", ".join(f"{row}.{name}" for name in rest) for row in ("t", "excluded"))
    return (
        f"insert into {table} as t ({', '.join(columns)})"
        f" select {', '.join(columns)} from {given(declaration)}"
        f" on conflict ({', '.join(key)}) do update set {', '.join(f'{c} = excluded.{c}' for c in rest)}"
        f" where {only or f'({there}) is distinct from ({coming})'}"
    )
