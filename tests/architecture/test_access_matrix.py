"""Every route of every service has a row in access_matrix.txt, and asks exactly what the row says."""

import pytest

from deploy.services import every_service
from shared.kit.staff import access_of
from tests.architecture.matrix import written


def declared() -> set[tuple[str, ...]]:
    """(kind of service, method, path, what is asked) of every route; the organisations must agree."""
    out: set[tuple[str, ...]] = set()
    for code, service in every_service().items():
        kind = "hub" if code == "hub" else "organisation"
        for access in access_of(service.app.routes):
            asks = (
                "everybody"
                if access.public
                else "NOTHING DECLARED"
                if access.permissions is None
                else (", ".join(sorted(access.permissions)) or "signed in")
            )
            out.add((kind, access.method, access.path, asks))
    return out


def show(rows: set[tuple[str, ...]]) -> str:
    return "\n".join(" | ".join(row) for row in sorted(rows))


def test_no_route_is_without_a_row() -> None:
    assert show(declared() - written()) == ""


def test_no_row_is_without_a_route() -> None:
    assert show(written() - declared()) == ""


def test_every_route_declares_what_it_asks() -> None:
    assert [row for row in declared() if row[3] == "NOTHING DECLARED"] == []


@pytest.mark.parametrize("kind", ["hub", "organisation"])
def test_few_routes_are_open_to_everybody(kind: str) -> None:
    opened = {row[2] for row in declared() if row[0] == kind and row[3] == "everybody"}
    # a calendar program has no session: its link carries a keyed hash nobody can guess
    feeds = {"/venues/feeds/{kind}/{key}/{mac}.ics"} if kind == "organisation" else set()
    assert opened == {"/healthz", "/readyz", "/metrics", "/signin", "/lang/{locale}"} | feeds
