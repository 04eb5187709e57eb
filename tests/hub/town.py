"""A hub and two owners of rooms on one bus, for tests of requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from deploy.local.bus import Bus
from services.hub.venues.answers import responders as answers
from services.hub.venues.models import BookingRequest
from services.hub.venues.moving import move_on
from services.hub.venues.projection import apply_venues
from services.hub.venues.requests import Wish, due, get_request, items_of, make_request
from shared.kit import clock
from shared.kit.context import Kit, make_kit
from shared.kit.events.responders import Responders
from shared.kit.settings import Settings
from shared.kit.staff import Staff
from shared.org.bookings import models as owned
from shared.org.bookings.handlers import responders
from shared.org.kit import OrgKit, make_org_kit
from shared.org.venues import Venue as OwnedVenue
from shared.org.venues import state_of as venue_state
from tests.fixtures.databases import FreshDatabases
from tests.fixtures.settings import settings_for
from tests.hub.telling import received
from tests.org.people import tree
from tests.org.pool import policy_of
from tests.org.rooms import at, venue

STAFF = Staff(
    id=uuid4(), login="clerk", name="顾清和", office="联席会议办公室", roles=("clerk",), scope_path="",
    permissions=frozenset({"*.read", "*.write"}), via="session",
)  # fmt: skip


@dataclass
class Owner:
    """An organisation that answers on the bus."""

    org: OrgKit
    answers: Responders
    hall: UUID


@dataclass
class Town:
    """A hub and two owners on one bus."""

    hub: Kit
    owners: dict[str, Owner]

    async def ask(self, *wishes: Wish) -> UUID:
        async with self.hub.database.transaction() as session:
            made = await make_request(session, STAFF, wishes, title="三方联谊", people=50, org="hub")
        await move_on(self.hub, made.id)
        return made.id

    async def stands(self, request_id: UUID) -> tuple[str, list[str]]:
        async with self.hub.database.transaction() as session:
            request = await get_request(session, request_id)
            return request.status, sorted(i.status for i in await items_of(session, request_id))

    async def at_owner(self, code: str) -> list[owned.Booking]:
        async with self.owners[code].org.kit.database.transaction() as session:
            return list(await session.scalars(select(owned.Booking).order_by(owned.Booking.created_at)))

    def wish(self, code: str, hour: float) -> Wish:
        return Wish(self.owners[code].hall, at(5, hour), at(5, hour + 2))

    async def in_an_hour(self, request_id: UUID) -> None:
        async with self.hub.database.transaction() as session:
            await session.execute(
                update(BookingRequest).where(BookingRequest.id == request_id).values(next_try_at=clock.now())
            )
            assert request_id in await due(session)
        await move_on(self.hub, request_id)


@pytest.fixture
async def town(databases: FreshDatabases, bus: Bus) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        hub = make_kit(settings_for("hub", await databases.fresh("hub"), bus))
        await hub.bus.start()
        stack.push_async_callback(hub.database.close)
        stack.push_async_callback(hub.bus.stop)
        owners = {
            code: await _owner(code, settings_for(code, await databases.fresh(code), bus), stack)
            for code in ("union", "league")
        }
        await asyncio.wait_for(hub.bus.wait_connected(), 10)
        async with hub.database.transaction() as session:
            for code, owner in owners.items():
                async with owner.org.kit.database.transaction() as theirs:
                    hall = await theirs.get_one(OwnedVenue, owner.hall)
                    state = await venue_state(theirs, owner.org, hall)
                await apply_venues(session, [received(code, state)])
        answering = Responders(hub.bus, answers(hub))
        await answering.start()
        stack.push_async_callback(answering.stop)
        await asyncio.wait_for(answering._starting, 10)  # type: ignore[arg-type]
        yield Town(hub, owners)


async def _owner(code: str, settings: Settings, stack: AsyncExitStack) -> Owner:
    import pkgutil

    kit = make_kit(settings)
    org = make_org_kit(kit, pkgutil.resolve_name(f"services.{code}.profile:PROFILE"), policy_of(code))
    async with kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
    await kit.bus.start()
    answers = Responders(kit.bus, responders(org))
    await answers.start()
    stack.push_async_callback(kit.database.close)
    stack.push_async_callback(kit.bus.stop)
    stack.push_async_callback(answers.stop)
    await asyncio.wait_for(answers._starting, 10)  # type: ignore[arg-type]
    return Owner(org, answers, hall.id)
