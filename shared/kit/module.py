"""A module is one vertical slice a service mounts: routes, projections, answers, loops, events."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Envelope, Event, Received
from shared.kit.web import NavItem

Project = Callable[[AsyncSession, Sequence[Received]], Awaitable[None]]
"""Apply events of the declared types, in order, inside the projector's transaction. Must be idempotent."""

Answer = Callable[[Any], Awaitable[BaseModel]]
Loop = Callable[[asyncio.Event], Awaitable[None]]
"""A background loop of the worker role; returns soon after the event is set."""

Start = Callable[[], Awaitable[None]]
"""Done once at each start of the worker role, before the loops; must be idempotent."""


@dataclass(frozen=True)
class Named:
    """What a thing is called where it may only be shown masked, and where those with a right open it."""

    text: str
    href: str = ""
    permission: str = ""


Naming = Callable[[AsyncSession, Collection[UUID]], Awaitable[Mapping[UUID, Named]]]
"""Names of things by their ids; what is gone has none."""


@dataclass(frozen=True)
class Projection:
    """Which event types a module consumes and how; errors of one event quarantine that event only.

    `prepare` is what needs nothing but the event: done while the database works on earlier ones, and not at
    all for events fetched from their owner.
    """

    events: tuple[type[Event], ...]
    apply: Project
    prepare: Callable[[Envelope, Event], Any] | None = None


@dataclass(frozen=True)
class Responder:
    """Answers a request on the bus: `quntuan.rpc.<service>.<name>`."""

    name: str
    request: type[BaseModel]
    answer: Answer


@dataclass(frozen=True)
class Module:
    """What a composition root mounts. `title` is shown to staff; everything else is optional."""

    name: str
    title: str
    api: APIRouter | None = None
    pages: APIRouter | None = None
    metadata: tuple[MetaData, ...] = ()
    publishes: tuple[type[Event], ...] = ()
    projections: tuple[Projection, ...] = ()
    responders: tuple[Responder, ...] = ()
    loops: tuple[Loop, ...] = ()
    starts: tuple[Start, ...] = ()
    templates: Path | None = None
    nav: tuple[NavItem, ...] = field(default=())
    namings: Mapping[str, Naming] = field(default_factory=dict)
    """by kind of thing, as the audit log writes it"""
