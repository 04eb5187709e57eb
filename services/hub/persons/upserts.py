"""INSERT ... SELECT ... ON CONFLICT DO UPDATE of one JSON array: one statement for any number of rows."""

from collections.abc import Sequence


def given(declaration: str) -> str:
    """The rows of parameter `:rows` as a table `x`, for FROM."""
    return f"json_to_recordset(cast(:rows as json)) as x({declaration})"


def columns_of(declaration: str) -> list[str]:
    """The names in a declaration of columns with their types."""
    return [part.split()[0] for part in declaration.split(",")]


def upsert(table: str, columns: Sequence[str], key: Sequence[str], rows: str, only: str = "") -> str:
    """Rows there (`t`) are changed where `only` lets those that come (`excluded`), or where they differ.

    `rows`: the SELECT that gives the columns in their order.
    """
    rest = [name for name in columns if name not in key]
    there, coming = (", ".join(f"{row}.{name}" for name in rest) for row in ("t", "excluded"))
    return (
        f"insert into {table} as t ({', '.join(columns)}) {rows}"
        f" on conflict ({', '.join(key)}) do update set {', '.join(f'{c} = excluded.{c}' for c in rest)}"
        f" where {only or f'({there}) is distinct from ({coming})'}"
    )
