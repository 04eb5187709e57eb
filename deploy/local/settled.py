"""Before anything is written: the databases are those of the chosen algorithms."""

import asyncio

from deploy.local.suite import Suite
from deploy.settings import settings_of
from shared.kit.db import Database
from shared.kit.settled import hold_to


def hold_suite(suite: Suite) -> None:
    """OtherProfileError, whose text is for the person at the terminal, when one was begun with others."""
    asyncio.run(_hold([suite.environment(package.code) for package in suite.packages]))


async def _hold(environments: list[dict[str, str]]) -> None:
    for environment in environments:
        settings = settings_of(environment)
        database = Database(settings)
        try:
            await hold_to(database, settings)
        finally:
            await database.close()
