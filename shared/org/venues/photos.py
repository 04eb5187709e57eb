"""Photos of a venue: added, put first, deleted; kept in the owner's database."""

import asyncio
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit
from shared.kit.errors import Invalid, NotFound, Refused
from shared.kit.pii.free_text import refuse_words
from shared.org.venues.models import Venue, VenuePhoto
from shared.org.venues.pictures import picture_of
from shared.org.venues.reading import managed

MOST = 8


async def photos_of(session: AsyncSession, venue_id: UUID) -> list[VenuePhoto]:
    """In their order; the pictures themselves are not read."""
    query = select(VenuePhoto).where(VenuePhoto.venue_id == venue_id)
    return list(await session.scalars(query.order_by(VenuePhoto.position, VenuePhoto.id)))


async def content_of(session: AsyncSession, venue_id: UUID, hash_: str) -> bytes:
    """The picture of that hash, or NotFound."""
    query = select(VenuePhoto.content).where(VenuePhoto.venue_id == venue_id, VenuePhoto.hash == hash_)
    found: bytes | None = await session.scalar(query.limit(1))
    if found is None:
        raise NotFound("没有这张照片")
    return found


async def add_photo(
    session: AsyncSession, venue_id: UUID, file: bytes, alt: str, actor: audit.Actor, scope: str = ""
) -> VenuePhoto:
    """After the others. The same picture twice is one."""
    if not alt:
        raise Invalid("请写一句照片说明", fields={"alt": "看不到照片的人靠它了解场地"})
    refuse_words(alt=alt)
    venue = await _held(session, venue_id, scope)
    picture = await asyncio.to_thread(picture_of, file)
    known = await photos_of(session, venue_id)
    if twin := next((p for p in known if p.hash == picture.hash), None):
        return twin
    if len(known) >= MOST:
        raise Refused(f"一个场地最多{MOST}张照片", hint="可以先删除不用的照片。")
    last = max((p.position for p in known), default=0)
    photo = VenuePhoto(
        id=uuid4(), venue_id=venue.id, position=last + 1, alt=alt, content=picture.content,
        hash=picture.hash, width=picture.width, height=picture.height,
    )  # fmt: skip
    session.add(photo)
    await session.flush()
    _note(session, actor, "venue.photo_added", venue)
    return photo


async def put_first(
    session: AsyncSession, venue_id: UUID, photo_id: UUID, actor: audit.Actor, scope: str = ""
) -> None:
    """Before the others."""
    venue = await _held(session, venue_id, scope)
    photo = await _photo(session, venue_id, photo_id)
    first = await session.scalar(select(func.min(VenuePhoto.position)).where(VenuePhoto.venue_id == venue_id))
    photo.position = (first or 0) - 1
    _note(session, actor, "venue.photo_first", venue)


async def delete_photo(
    session: AsyncSession, venue_id: UUID, photo_id: UUID, actor: audit.Actor, scope: str = ""
) -> None:
    """It is gone."""
    venue = await _held(session, venue_id, scope)
    await session.delete(await _photo(session, venue_id, photo_id))
    _note(session, actor, "venue.photo_deleted", venue)


async def _held(session: AsyncSession, venue_id: UUID, scope: str) -> Venue:
    """The managed venue, locked: its photos are counted and ordered by one at a time."""
    venue = await managed(session, venue_id, scope)
    await session.refresh(venue, with_for_update=True)
    return venue


async def _photo(session: AsyncSession, venue_id: UUID, photo_id: UUID) -> VenuePhoto:
    found = await session.get(VenuePhoto, photo_id)
    if found is None or found.venue_id != venue_id:
        raise NotFound("没有这张照片")
    return found


def _note(session: AsyncSession, actor: audit.Actor, action: str, venue: Venue) -> None:
    audit.record(session, actor=actor, action=action, target=("venue", venue.id), detail={"name": venue.name})


audit.describe(
    {
        "venue.photo_added": "添加场地照片",
        "venue.photo_first": "设为场地首图",
        "venue.photo_deleted": "删除场地照片",
    }
)
