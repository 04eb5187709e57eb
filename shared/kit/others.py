"""The other systems a service works with: what staff call them, and whether they answer."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

HUB = {"hub": "大群团协同平台"}


class Other(Protocol):
    """Another system this one listens to, and since when it does not answer."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def silent_since(self) -> datetime | None: ...


Others = Callable[[AsyncSession], Awaitable[Sequence[Other]]]


async def nobody(_session: AsyncSession) -> Sequence[Other]:
    """For a service that does not ask others whether they are there."""
    return ()


async def others_of(app: FastAPI, session: AsyncSession) -> Sequence[Other]:
    """Those the service asks."""
    asked: Others = app.state.others
    return await asked(session)


async def names_of_systems(app: FastAPI, session: AsyncSession) -> Mapping[str, str]:
    """By code, the service's own included."""
    own = app.state.web.profile
    return HUB | {own.code: own.name} | {o.code: o.name for o in await others_of(app, session)}
