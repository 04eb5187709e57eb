"""What has ended stays ended: a search after twelve hours, a unit that was closed."""

from datetime import timedelta

import pytest

from shared.kit import clock
from shared.kit.errors import NotFound, Problem
from shared.org.kit import OrgKit
from shared.org.members import leave_many, step_many
from shared.org.members.search import KEPT, recall, remember
from shared.org.units import close_unit
from tests.org.imports_tools import CLERK_1
from tests.org.people import CLERK, admit, tree


async def test_a_search_is_forgotten_after_twelve_hours(org: OrgKit, monkeypatch: pytest.MonkeyPatch) -> None:
    began = clock.now()
    assert timedelta(hours=12) == KEPT
    async with org.kit.database.transaction() as session:
        query = await remember(session, org, CLERK_1, "单文慧")
        monkeypatch.setattr(clock, "now", lambda: began + timedelta(hours=11, minutes=59))
        assert await recall(session, org, CLERK_1, query) == "单文慧"
        monkeypatch.setattr(clock, "now", lambda: began + timedelta(hours=12, minutes=1))
        with pytest.raises(NotFound, match="过期"):
            await recall(session, org, CLERK_1, query)


async def test_nobody_is_restored_into_a_closed_unit(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        member = await admit(session, org, one)
        await leave_many(session, org, [member], clock.today(), org.policy.leave_reasons[0], CLERK)
        await close_unit(session, org, one.id, version=one.version, reason="区划调整", actor=CLERK)
        with pytest.raises(Problem, match=one.name):
            await step_many(session, org, [member], "restore", CLERK, "误操作")
        assert member.standing == "left"
