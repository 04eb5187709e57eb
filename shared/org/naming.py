"""What other organisations are called on pages: the hub tells; as long as it has not, their codes stand."""

import contextlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.contracts.orgs import NAMES, NamesAnswer, NamesRequest
from shared.kit import clock
from shared.kit.bus import BusAway, Declined
from shared.org.kit import OrgKit

HUB, JOINT = "hub", "联席办"
"""the joint office asks and books for itself, by the code of its service"""
PAUSE = timedelta(minutes=1)
"""So long what the hub said is good, and so long it is left in peace when it said nothing."""


class Names:
    """Kept in the process: no page waits for a hub that hangs but the first in a while, and that a second."""

    def __init__(self, org: OrgKit) -> None:
        self._bus = org.kit.bus
        self._known = {org.profile.code: org.profile.short_name, HUB: JOINT}
        self._asked_at: datetime | None = None

    async def of(self, codes: Iterable[str]) -> list[str]:
        """The name of each, or its code; an empty one is nobody's."""
        wanted = [code for code in codes if code]
        if wanted:
            await self._ask()
        return [self._known.get(code, code) for code in wanted]

    async def to_choose(self, chosen: Iterable[str]) -> dict[str, str]:
        """Names by code of all that are known and of those that were chosen already."""
        await self._ask()
        return self._known | {code: self._known.get(code, code) for code in chosen if code}

    async def _ask(self) -> None:
        now = clock.now()
        if self._asked_at is None or now - self._asked_at > PAUSE:
            self._asked_at = now  # before the answer: one page asks
            with contextlib.suppress(BusAway, Declined):
                answer = await self._bus.request(HUB, NAMES, NamesRequest(), NamesAnswer, timeout=1)
                self._known |= answer.names
