"""Who may call what: the rows of access_matrix.txt."""

from pathlib import Path

MATRIX = Path(__file__).with_name("access_matrix.txt")


def written() -> set[tuple[str, ...]]:
    lines = [
        line for line in MATRIX.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
    ]
    rows = [tuple(part.strip() for part in line.split("|")) for line in lines]
    assert all(len(row) == 4 for row in rows)
    return set(rows)
