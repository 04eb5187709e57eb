"""Data begun with one crypto profile are not opened with another."""

from collections.abc import Awaitable, Callable

import pytest

from shared.kit.db import Database
from shared.kit.settings import Settings
from shared.kit.settled import OtherProfileError, hold_to


async def test_another_profile_is_refused_with_the_settings_name(
    make_settings: Callable[[str], Awaitable[Settings]],
) -> None:
    settings = await make_settings("union")
    other = settings.model_copy(update={"crypto_profile": "sm"})
    database = Database(settings)
    try:
        await hold_to(database, settings)
        await hold_to(database, settings)
        with pytest.raises(OtherProfileError, match="QUNTUAN_CRYPTO_PROFILE"):
            await hold_to(database, other)
        await hold_to(database, settings)
    finally:
        await database.close()


async def test_a_database_that_is_away_is_no_objection(
    make_settings: Callable[[str], Awaitable[Settings]],
) -> None:
    settings = await make_settings("union")
    away = settings.model_copy(update={"database_url": "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"})
    database = Database(away)
    try:
        await hold_to(database, away)
    finally:
        await database.close()
