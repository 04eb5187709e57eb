"""Calendar subscriptions (RFC 5545): per venue, organisation and person, behind links nobody can guess."""

import hmac
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from icalendar import Calendar, Event
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.db import Tx
from shared.kit.errors import NotFound
from shared.kit.staff import Staff, public, require
from shared.kit.web import render
from shared.org.bookings.models import Booking
from shared.org.kit import OrgKit
from shared.org.venues import Search, Venue, list_venues

Reader = Annotated[Staff, Depends(require("bookings.read"))]
Kind = Literal["venue", "org", "staff"]
BACK = timedelta(days=31)
MOST = 2000


def feed_routes(router: APIRouter, org: OrgKit) -> None:
    """Routes below /venues."""

    @router.get("/feeds/{kind}/{key}/{mac}.ics", dependencies=[Depends(public)])
    async def feed(session: Tx, kind: Kind, key: str, mac: str) -> Response:
        """The calendar of a venue, an organisation or a person; a wrong link leads nowhere."""
        if not hmac.compare_digest(mac.encode(), _mac(org, kind, key).encode()):
            raise NotFound("没有这个日历")
        found = await _bookings(session, kind, key)
        return Response(calendar(org, found), media_type="text/calendar; charset=utf-8")

    @router.get("/calendar")
    async def links(request: Request, session: Tx, staff: Reader) -> Response:
        """The links a calendar program subscribes to."""
        venues = await list_venues(session, Search(unit_path=staff.scope_path))
        return render(
            request, "bookings/calendar.html", mine=address(org, "staff", str(staff.id)),
            whole=address(org, "org", org.profile.code), org_name=org.profile.short_name,
            venues=[(v.name, address(org, "venue", str(v.id))) for v in venues],
        )  # fmt: skip


def address(org: OrgKit, kind: Kind, key: str) -> str:
    """The private link."""
    return f"{org.kit.settings.base_url}/venues/feeds/{kind}/{key}/{_mac(org, kind, key)}.ics"


def calendar(org: OrgKit, found: list[tuple[Booking, str]]) -> bytes:
    """Bookings with their venues' names as one calendar; no name of a person is in it."""
    out = Calendar()
    out.add("prodid", f"-//quntuan//{org.profile.code}//ZH")
    out.add("version", "2.0")
    out.add("x-wr-calname", f"{org.profile.short_name}场地预订")
    for booking, venue in found:
        entry = Event()
        entry.add("uid", f"{booking.id}@{org.profile.code}.quntuan")
        entry.add("sequence", booking.version)
        entry.add("dtstamp", booking.changed_at)
        entry.add("dtstart", booking.start)
        entry.add("dtend", booking.end)
        entry.add("summary", booking.title)
        entry.add("location", venue)
        entry.add("status", _STATUS.get(booking.status, "CANCELLED"))
        out.add_component(entry)
    return bytes(out.to_ical())


_STATUS = {"confirmed": "CONFIRMED", "waiting": "TENTATIVE"}


async def _bookings(session: AsyncSession, kind: Kind, key: str) -> list[tuple[Booking, str]]:
    query = select(Booking, Venue.name).join(Venue, Venue.id == Booking.venue_id)
    query = query.where(
        Booking.changed_at > clock.now() - BACK * 12, Booking.status.notin_(("held", "expired"))
    )
    if kind == "venue":
        query = query.where(Booking.venue_id == UUID(key))
    elif kind == "staff":
        query = query.where(Booking.staff_id == UUID(key))
    rows = await session.execute(query.order_by(Booking.changed_at.desc()).limit(MOST))
    return [(booking, name) for booking, name in rows if booking.end > clock.now() - BACK]


def _mac(org: OrgKit, kind: str, key: str) -> str:
    return hmac.new(org.kit.key("feeds"), f"{kind}:{key}".encode(), "sha256").hexdigest()[:40]
