"""Where a run takes place: the suite of this machine's processes, or one in containers."""

from typing import Protocol

from deploy.bench.client import Clerk
from deploy.local.suite import Suite
from tests.faults.kills.line import Line


class Place(Protocol):
    """Services with staff and nobody else, and their databases."""

    def line(self, service: str) -> Line:
        """A member of staff of the service with a connection of their own."""

    def database(self, service: str) -> str:
        """The service's database as asyncpg alone opens it, for whoever may read everything."""


class Embedded:
    """The suite of `make up`."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    def line(self, service: str) -> Line:
        return Line(Clerk(self._suite.url(service)))

    def database(self, service: str) -> str:
        return self._suite.postgres.url(f"quntuan_{service}").replace("+asyncpg", "")
