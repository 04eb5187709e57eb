"""Whom and what entries are about: masked names by the modules that own the things, with links."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.audit import AuditEntry
from shared.kit.module import Named, Naming

Names = Mapping[tuple[str, UUID], Named]


async def names_of(
    session: AsyncSession, entries: Iterable[AuditEntry], namings: Mapping[str, Naming]
) -> Names:
    """What is known of the things these entries name."""
    wanted = defaultdict[str, set[UUID]](set)
    for entry in entries:
        for kind, key in _things(entry):
            wanted[kind].add(key)
    found: dict[tuple[str, UUID], Named] = {}
    for kind in wanted.keys() & namings.keys():
        named = await namings[kind](session, wanted[kind])
        found |= {(kind, key): each for key, each in named.items()}
    return found


def named_in(entry: AuditEntry, names: Names) -> list[Named]:
    """The things of one entry that have a name."""
    return [names[thing] for thing in _things(entry) if thing in names]


def _things(entry: AuditEntry) -> Iterable[tuple[str, UUID]]:
    """Its target, and what its detail names by kind: `{"person": id}`."""
    for kind, key in ((entry.target_kind, entry.target_id), *entry.detail.items()):
        if isinstance(key, str):
            try:
                yield kind, UUID(key)
            except ValueError:
                continue
