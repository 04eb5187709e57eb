"""Members of staff who look people up at the hub, below HTTP."""

from uuid import UUID, uuid4

from services.hub.lookup import service
from services.hub.lookup.schemas import Ask, Narrow, Result
from shared.kit.staff import Staff
from tests.hub.conftest import Hub


def staff(name: str = "何静怡") -> Staff:
    return Staff(id=uuid4(), login="he", name=name, office="市妇联办公室", roles=("clerk",), scope_path="",
                 permissions=frozenset({"*.search", "*.open"}), via="session")  # fmt: skip


CLERK = staff()


async def look(hub: Hub, typed: str, who: Staff = CLERK, narrow: Narrow | None = None) -> Result:
    async with hub.database.transaction() as session:
        ask = Ask(text=typed, purpose="joint_activity")
        lookup_id = await service.look_up(hub.kit, session, who, ask)
        return await service.result(hub.kit, session, who, lookup_id, narrow or Narrow())


async def names(hub: Hub, typed: str) -> list[str]:
    return [r.name for r in (await look(hub, typed)).rows]


async def all_pages(hub: Hub, first: Result, narrow: Narrow, who: Staff = CLERK) -> list[UUID]:
    seen, cursor = [r.id for r in first.rows], first.next
    while cursor:
        async with hub.database.transaction() as session:
            page = await service.result(hub.kit, session, who, first.lookup_id, narrow, cursor)
        seen, cursor = seen + [r.id for r in page.rows], page.next
    return seen
