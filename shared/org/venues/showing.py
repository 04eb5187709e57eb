"""The page of one venue, as it is and after a step that was refused."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.calendar import day_kind, open_spans, weekly_lines
from shared.kit.errors import Problem, Stale
from shared.kit.staff import Staff
from shared.kit.web import render
from shared.kit.web.overtaken import overtaken
from shared.org.kit import OrgKit
from shared.org.naming import Names
from shared.org.past import LATEST, past_of
from shared.org.units import Unit
from shared.org.venues import titles
from shared.org.venues.models import Venue
from shared.org.venues.photos import photos_of
from shared.org.venues.reading import full_name, get_venue, opening_of, parts_of, sharing_of


class Shown:
    """Venues with their hours, rule and station's facts; other organisations by their names."""

    def __init__(self, org: OrgKit) -> None:
        self._org = org
        self._names = Names(org)

    async def again(
        self,
        request: Request,
        session: AsyncSession,
        staff: Staff,
        venue_id: UUID,
        problem: Problem,
        action: str,
        typed: Mapping[str, Any],
    ) -> Response:
        """The page with the dialog of `action` open, what was typed and what was wrong in it."""
        venue = await get_venue(session, venue_id)
        await session.refresh(venue)
        if isinstance(problem, Stale) and action == "inspection":
            seen = venue.haves.get("found", {})
            now = {"found": [c for c in titles.HAVES if seen.get(c)], "note": venue.haves.get("note", "")}
            problem.fields |= overtaken(now, typed, {"found": titles.HAVES})
        return await self.page(request, session, staff, venue, problem, action, typed)

    async def to_choose(self, typed: dict[str, Any]) -> dict[str, str]:
        """Organisations a form offers: those that are known, and whoever stands in its fields."""
        return await self._names.to_choose([typed["lead_org"], *typed["tenants"], *typed["partners"]])

    async def page(
        self,
        request: Request,
        session: AsyncSession,
        staff: Staff,
        venue: Venue,
        problem: Problem | None = None,
        action: str = "",
        typed: Mapping[str, Any] | None = None,
    ) -> Response:
        """The page."""
        org, hall = self._org, await get_venue(session, venue.hall_id)
        opening, sharing, today = opening_of(venue), sharing_of(venue), clock.today()
        return render(
            request,
            "venues/show.html",
            problem.status if problem else 200,
            venue=venue,
            hall=hall,
            full_name=full_name(venue, hall),
            parts=await parts_of(session, venue) if hall is venue else [],
            unit=await session.get_one(Unit, venue.unit_id),
            hours=weekly_lines(opening.weekly),
            exceptions=[e for e in opening.exceptions if e.last >= today],
            opening=opening,
            open_now=open_spans(opening, today),
            today_kind=day_kind(today),
            sharing=sharing,
            station=any(k.station for k in org.profile.all_venue_kinds if k.code == venue.kind),
            photos=await photos_of(session, venue.id),
            lead="".join(await self._names.of([venue.lead_org])),
            tenants=await self._names.of(venue.tenants),
            partners=await self._names.of(sharing.partners),
            kinds=kinds_of(org),
            words=titles,
            may_write=staff.can("venues.write") and venue.status == "active",
            problem=problem,
            conflict=isinstance(problem, Stale),
            latest=await past_of(session, "venue", venue.id, LATEST) if isinstance(problem, Stale) else [],
            action=action,
            typed=typed or {},
        )


def kinds_of(org: OrgKit) -> dict[str, str]:
    """Kinds of venues and what they are called."""
    return {k.code: k.title for k in org.profile.all_venue_kinds}
