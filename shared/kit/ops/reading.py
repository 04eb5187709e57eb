"""What the operators' page shows beside quarantine and checks: channels sent, sources received, versions."""

import platform
from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.bus import Bus
from shared.kit.events.catalogue import catalogue
from shared.kit.events.models import ChannelRow, GapRow, SourceRow
from shared.kit.web.i18n import HAN

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
    "unsent_seconds": "最早一条已等（秒）",
    "position": "已读到",
    "pending": "待接收",
    "gaps": "缺号",
    "quarantine": "隔离",
    "applied_seconds_ago": "距上次处理（秒）",
    "crashes": "中断次数",
    "task:relay": "发送任务",
    "task:projector": "接收任务",
    "task:mender": "补发任务",
    "task:archive": "归档任务",
    "unknown": "未知",
}
"""What staff call the checks and their figures."""
REASONS = {
    "not connected": "没有连上消息总线",
    "sync_interval of the bus is not `always`": "消息总线没有设为每条消息都写入磁盘",
    "not sent for ": "有消息一直没有发出，请查看后台进程和消息总线",
    "not applied for ": "有消息一直没有处理，请查看后台进程",
    "unknown: ": "暂时读不到",
    "invalid: ": "内容不合约定",
    "not JSON": "不是有效的消息",
    "larger than ": "消息太大",
    "too deep ": "消息的层次或项目太多",
    "a text is too long ": "文字太长或含有不允许的字符",
    "a number is out of range": "数字超出范围",
    "the envelope says ": "消息写的来源与实际来源不符",
    "unknown type ": "不认识的消息类型",
    "addressed to ": "不是发给本系统的消息",
    "time ": "消息的时间在将来",
}
"""How the beginnings of technical reasons are told; the original stands beside."""


def in_words(reason: str) -> str:
    """A reason in the language of staff; a technical one nobody foresaw is called so."""
    if HAN.search(reason):
        return reason
    return next((said for begins, said in REASONS.items() if reason.startswith(begins)), "处理时出错")


def type_title(type_: str | None) -> str:
    """What staff call an event type."""
    known = catalogue().get(type_ or "")
    return known.title if known else "不认识的消息类型"


async def channels(session: AsyncSession) -> Sequence[ChannelRow]:
    """What this service says: numbered and sent, by channel."""
    return (await session.scalars(select(ChannelRow).order_by(ChannelRow.channel).limit(MOST))).all()


async def sources(session: AsyncSession, known: Sequence[str]) -> Sequence[SourceRow]:
    """What this service hears: the newest number applied by source, in the order of `known`, others last."""
    query = select(SourceRow).order_by(SourceRow.source, SourceRow.channel).limit(MOST)
    place = {code: number for number, code in enumerate(known)}
    return sorted(await session.scalars(query), key=lambda row: place.get(row.source, len(place)))


async def gaps(session: AsyncSession) -> Sequence[GapRow]:
    """Numbers that did not come and are still asked for."""
    query = select(GapRow).where(GapRow.closed_at.is_(None)).order_by(GapRow.id).limit(MOST)
    return (await session.scalars(query)).all()


async def versions(session: AsyncSession, bus: Bus) -> dict[str, str]:
    """What runs here."""
    revisions = await session.scalars(text("select version_num from alembic_version order by 1"))
    known = {"schema": ", ".join(revisions), "Python": platform.python_version()}
    known["PostgreSQL"] = str(await session.scalar(text("show server_version"))).partition(" ")[0]
    if bus.connected:
        nats = bus.client.connected_server_version
        known["NATS"] = f"{nats.major}.{nats.minor}.{nats.patch}"
    return known
