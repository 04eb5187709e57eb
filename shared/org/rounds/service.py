"""Use cases of a round before it is drawn: open it, wish, withdraw, cancel."""

from datetime import datetime, time, timedelta
from secrets import token_hex
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.bookings import Booker
from shared.contracts.rounds import WishIn
from shared.contracts.venues import Sharing
from shared.joint.rounds.auditing import in_words
from shared.kit import audit, clock
from shared.kit.clock import CHINA
from shared.kit.errors import Forbidden, Invalid, NotFound, Refused
from shared.kit.pii.free_text import refuse_words, word_faults
from shared.kit.staff import Staff
from shared.org.bookings.service import refuse_booker
from shared.org.kit import OrgKit
from shared.org.rounds.models import Round, SeasonWish
from shared.org.rounds.rules import dates_of, period_faults
from shared.org.rounds.schemas import NewRound
from shared.org.venues import get_venue, managed, opening_of, refuse_booking, sharing_of
from shared.org.venues.models import Venue

MOST_OF_ONE, MOST = 40, 400


async def open_round(session: AsyncSession, new: NewRound, staff: Staff) -> Round:
    """Wishes may be entered from now on. The seed is chosen now, its hash is shown at once."""
    faults = word_faults(title=new.title, note=new.note)
    faults.update(period_faults(new.first, new.last, new.closes_at, now=clock.now()))
    faults.refuse()
    for venue_id in new.venues:
        venue = await managed(session, venue_id, staff.scope_path)
        if venue.status != "active":
            raise Refused(f"“{venue.name}”已停用")
    made = Round(
        id=uuid4(), version=1, title=new.title, note=new.note, venues=list(dict.fromkeys(new.venues)),
        first=new.first, last=new.last, closes_at=new.closes_at, status="open", seed=token_hex(16),
        used={}, undone=[], opened_by=f"{staff.office} {staff.name}".strip(),
    )  # fmt: skip
    session.add(made)
    await session.flush()
    note(session, staff, "round.opened", made)
    return made


async def get_round(session: AsyncSession, round_id: UUID) -> Round:
    """The round, or NotFound."""
    found = await session.get(Round, round_id)
    if found is None:
        raise NotFound("没有这个轮次")
    return found


async def hold(session: AsyncSession, round_id: UUID) -> Round:
    """The round, locked: one wish after another, so the same one at once is one and no limit is passed."""
    query = select(Round).where(Round.id == round_id).with_for_update()
    found: Round | None = await session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound("没有这个轮次")
    return found


async def owned(session: AsyncSession, round_id: UUID, version: int, staff: Staff) -> Round:
    """The round for a step of its owner: locked, all of its venues in scope, as the asker saw it."""
    found = await hold(session, round_id)
    for venue_id in found.venues:
        await managed(session, venue_id, staff.scope_path)
    if found.version != version:
        raise Refused("这个轮次刚被别人改过", hint="请刷新页面，看过最新内容后再改。")
    found.version += 1
    return found


async def wish(
    session: AsyncSession, org: OrgKit, round_id: UUID, given: WishIn, booker: Booker, actor: audit.Actor
) -> SeasonWish:
    """Entered until the deadline; the same wish sent twice is one."""
    season = await hold(session, round_id)
    known = await session.get(SeasonWish, given.wish_id)
    if known is not None:
        return _same(known, round_id, given, booker)
    refuse_closed(season)
    refuse_booker(booker)
    refuse_words(title=given.title)
    if given.venue_id not in season.venues:
        raise NotFound("这个场地不在本轮次中")
    await _refuse_many(session, season, booker.org)
    await _refuse_impossible(session, org, season, given, booker)
    made = SeasonWish(
        id=given.wish_id, round_id=season.id, org=booker.org, booker=booker.model_dump(mode="json"),
        outcome="", turn=0, left_out={},
        **given.model_dump(exclude={"wish_id"}),
    )  # fmt: skip
    session.add(made)
    await session.flush()
    words = in_words(given)
    note(session, actor, "round.wished", season, "", org=booker.org, venue=str(given.venue_id), **words)
    return made


def _same(known: SeasonWish, round_id: UUID, given: WishIn, booker: Booker) -> SeasonWish:
    """The wish that was entered by this number, when this is it once more."""
    if known.org != booker.org or known.round_id != round_id:
        raise Forbidden("这不是您的组织的志愿")
    if any(getattr(known, name) != value for name, value in given.model_dump(exclude={"wish_id"}).items()):
        raise Refused("这项志愿已经填报，内容不同", hint="请刷新页面；要修改，先撤回再重新填报。")
    return known


async def withdraw(
    session: AsyncSession, round_id: UUID, wish_id: UUID, booker: Booker, actor: audit.Actor
) -> None:
    """Until the deadline, by whoever entered it."""
    refuse_booker(booker)
    season = await hold(session, round_id)
    refuse_closed(season)
    found = await session.get(SeasonWish, wish_id)
    if found is None or found.round_id != round_id or found.org != booker.org:
        raise NotFound("没有这个志愿")
    if found.booker["staff_id"] != str(booker.staff_id):
        raise Forbidden("只能撤回自己填报的志愿")
    await session.delete(found)
    note(session, actor, "round.unwished", season, org=booker.org, wish=str(wish_id))


async def cancel(session: AsyncSession, round_id: UUID, version: int, reason: str, staff: Staff) -> Round:
    """No drawing takes place; nothing was booked."""
    refuse_words(reason=reason)
    season = await owned(session, round_id, version, staff)
    if season.status not in ("open", "drawn"):
        raise Refused("这个轮次已经确认，不能取消")
    season.status = "cancelled"
    season.cancelled = reason
    note(session, staff, "round.cancelled", season, purpose=reason)
    return season


def refuse_closed(season: Round) -> None:
    """Refused once wishes cannot be entered or taken back any more."""
    if season.status != "open" or season.closes_at <= clock.now():
        raise Refused("这个轮次的填报已经截止")


async def _refuse_many(session: AsyncSession, season: Round, org: str) -> None:
    of_round = select(func.count()).select_from(SeasonWish).where(SeasonWish.round_id == season.id)
    if (await session.scalar(of_round.where(SeasonWish.org == org)) or 0) >= MOST_OF_ONE:
        raise Refused(f"每个组织在一个轮次中最多填报{MOST_OF_ONE}项")
    if (await session.scalar(of_round) or 0) >= MOST:
        raise Refused("这个轮次的志愿已满")


async def _refuse_impossible(
    session: AsyncSession, org: OrgKit, season: Round, given: WishIn, booker: Booker
) -> None:
    """Refused when not one of its dates could ever be had by the venue's rule."""
    venue = await get_venue(session, given.venue_id)
    if given.people > venue.capacity:
        raise Refused(f"这个场地最多容纳{venue.capacity}人")
    days = dates_of(given.weekday, given.on, season.first, season.last)
    if not days:
        raise Invalid("日期不在本轮次的使用期间内", fields={"on": "日期不在使用期间内"})
    problem: Invalid | Refused | None = None
    for day in days:
        start, end = (
            datetime.combine(day, time(), CHINA) + timedelta(minutes=m) for m in (given.opens, given.closes)
        )
        try:
            return refuse_time(org, venue, booker.org, start, end)
        except (Invalid, Refused) as refusal:
            problem = refusal
    assert problem is not None
    raise problem


def refuse_time(org: OrgKit, venue: Venue, asker: str, start: datetime, end: datetime) -> None:
    """The venue's rule, but for notice and horizon: the round is the owner's word on those."""
    sharing: Sharing = sharing_of(venue).model_copy(update={"notice_hours": 0, "horizon_days": 730})
    mine = asker == org.profile.code
    refuse_booking(
        opening_of(venue), sharing, mine=mine, org=asker, start=start, end=end, now=clock.now()
    )  # fmt: skip


def note(
    session: AsyncSession, actor: audit.Actor, action: str, season: Round, purpose: str = "", **detail: object
) -> None:
    """In the audit log."""
    audit.record(
        session, actor=actor, action=action, target=("round", season.id), purpose=purpose,
        detail={"title": season.title, **detail},
    )  # fmt: skip


audit.describe(
    {
        "round.opened": "发布轮次", "round.wished": "填报志愿", "round.unwished": "撤回志愿",
        "round.cancelled": "取消轮次", "round.drawn": "轮次分配", "round.undone": "撤销轮次分配",
        "round.confirmed": "确认轮次分配", "round.published": "公布轮次结果",
    }
)  # fmt: skip
