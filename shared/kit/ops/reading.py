"""What the operators' page shows beside quarantine and checks: channels sent, sources received, versions."""

import platform
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.bus import Bus
from shared.kit.events.models import ChannelRow, GapRow, SourceRow

MOST = 50


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


TITLES = {
    "database": "数据库",
    "schema": "数据库结构",
    "bus": "消息总线",
    "bus_sync": "总线落盘",
    "relay": "发送",
    "projector": "接收",
    "events": "消息机制",
    "violations": "被拒次数",
    "outbox": "待编号",
    "unpublished": "待发送",
    "position": "已读到",
    "pending": "待接收",
    "gaps": "缺号",
    "quarantine": "隔离",
    "applied_seconds_ago": "距上次处理（秒）",
    "crashes": "中断次数",
}
"""What staff call the checks and their figures."""


async def channels(session: AsyncSession) -> Sequence[ChannelRow]:
    """What this service says: numbered and sent, by channel."""
    return (await session.scalars(select(ChannelRow).order_by(ChannelRow.channel).limit(MOST))).all()


async def sources(session: AsyncSession) -> Sequence[SourceRow]:
    """What this service hears: the newest number applied, by source."""
    query = select(SourceRow).order_by(SourceRow.source, SourceRow.channel).limit(MOST)
    return (await session.scalars(query)).all()


async def gaps(session: AsyncSession) -> Sequence[GapRow]:
    """Numbers that did not come and are still asked for."""
    query = select(GapRow).where(GapRow.closed_at.is_(None)).order_by(GapRow.id).limit(MOST)
    return (await session.scalars(query)).all()


async def versions(session: AsyncSession, bus: Bus) -> dict[str, str]:
    """What runs here."""
    revisions = await session.scalars(text("select version_num from alembic_version order by 1"))
    known = {"schema": "、".join(revisions), "Python": platform.python_version()}
    known["PostgreSQL"] = str(await session.scalar(text("show server_version"))).partition(" ")[0]
    if bus.connected:
        known["NATS"] = str(bus.client.connected_server_version)
    return known
