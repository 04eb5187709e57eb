"""What the operators' page shows beside quarantine and checks: channels sent, sources received, versions."""

import platform
from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.bus import Bus
from shared.kit.events.models import ChannelRow, GapRow, SourceRow
from shared.kit.web import gettext as _
from shared.kit.web import translate

MOST = 50

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
    "task": "后台任务",
    "mender": "补缺",
    "archive": "归档",
    "not connected": "未连接",
    "unknown": "未知",
    "invalid": "内容不合格式",
    "sync_interval of the bus is not `always`": "总线没有设为逐条落盘",
}
"""What staff call the checks, their figures and the reasons of ours."""


def said(text: object) -> str:
    """A code or a reason in words; a field or a server's own text after a colon stays as it is."""
    parts = str(text).replace("task:", "task: ").split(": ")
    return _("：").join(translate(TITLES.get(part, part)) for part in parts)


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
        nats = bus.client.connected_server_version
        known["NATS"] = f"{nats.major}.{nats.minor}.{nats.patch}"
    return known
