"""A round as somebody may see it: the owner's drawing before it is published is the owner's alone."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.rounds import Choice, RoundLine, RoundState, WishState
from shared.joint.rounds.lots import hash_of
from shared.org.kit import OrgKit
from shared.org.rounds.drawing import wishes_of
from shared.org.rounds.models import Round, SeasonWish
from shared.org.venues import Venue, full_name, halls_of

SHOWN = 50


async def lines(session: AsyncSession, org: OrgKit) -> list[RoundLine]:
    """Rounds of this organisation, the newest first."""
    query = select(Round).order_by(Round.created_at.desc(), Round.id).limit(SHOWN)
    found = list(await session.scalars(query))
    names = {id_: c.name for r in found for id_, c in (await _choices(session, r)).items()}
    return [_line(org, each, names) for each in found]


async def state_for(session: AsyncSession, org: OrgKit, season: Round, asker: str) -> RoundState:
    """What somebody of `asker` may see."""
    choices = await _choices(session, season)
    wishes = await wishes_of(session, season.id)
    public = season.status == "published"
    seen = public or (asker == org.profile.code and season.status in ("drawn", "confirming"))
    named = {w.id: w for w in wishes}
    shown = [w for w in wishes if seen or w.org == asker]
    return RoundState(
        **_line(org, season, {id_: c.name for id_, c in choices.items()}).model_dump(),
        note=season.note,
        cancelled=season.cancelled,
        choices=tuple(choices.values()),
        wishes=tuple(_wish(w, choices, named, asker, seen=seen) for w in shown),
        wished=len(wishes),
        seed_hash=hash_of(season.seed),
        seed=season.seed if public else "",
        used=season.used if seen else {},
        undone=tuple(season.undone),
        opened_by=season.opened_by if asker == org.profile.code else "",
        drawn_at=season.drawn_at if seen else None,
        published_at=season.published_at,
    )


def _line(org: OrgKit, season: Round, names: Mapping[UUID, str]) -> RoundLine:
    return RoundLine(
        round_id=season.id, owner=org.profile.code, owner_name=org.profile.short_name, title=season.title,
        venues=tuple(names[v] for v in season.venues), first=season.first, last=season.last,
        closes_at=season.closes_at, status=season.status,
    )  # fmt: skip


async def _choices(session: AsyncSession, season: Round) -> dict[UUID, Choice]:
    venues = list(await session.scalars(select(Venue).where(Venue.id.in_(season.venues)).order_by(Venue.id)))
    halls = await halls_of(session, venues)
    return {
        v.id: Choice(venue_id=v.id, name=full_name(v, halls.get(v.hall_id)), capacity=v.capacity)
        for v in venues
    }


def _wish(
    wish: SeasonWish,
    choices: Mapping[UUID, Choice],
    named: Mapping[UUID, SeasonWish],
    asker: str,
    *,
    seen: bool,
) -> WishState:
    shown = WishState(
        wish_id=wish.id, org=wish.org, org_name=_name(wish), office=wish.booker["office"],
        rank=wish.rank, title=wish.title, people=wish.people, venue=choices[wish.venue_id].name,
        weekday=wish.weekday, on=wish.on, opens=wish.opens, closes=wish.closes, mine=wish.org == asker,
    )  # fmt: skip
    if not seen:
        return shown
    before = named.get(wish.before_id) if wish.before_id else None
    return shown.model_copy(
        update={
            "outcome": wish.outcome, "turn": wish.turn, "booked": wish.booked,
            "before": f"{_name(before)}“{before.title}”" if before else "",
            "left_out": {date.fromisoformat(day): why for day, why in sorted(wish.left_out.items())},
        }
    )  # fmt: skip


def _name(wish: SeasonWish) -> str:
    return str(wish.booker["org_name"] or wish.org)
