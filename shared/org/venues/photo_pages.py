"""Photos on the page of a venue: shown by their hash, added, put first, deleted."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Path, Request, UploadFile
from fastapi.responses import Response

from shared.kit.db import Tx
from shared.kit.errors import Invalid, Refused
from shared.kit.staff import Staff, require
from shared.kit.types import FreeText200
from shared.kit.web import gettext as _
from shared.kit.web import see_other
from shared.org.venues.photos import add_photo, content_of, delete_photo, put_first
from shared.org.venues.pictures import LARGEST, MEDIA_TYPE
from shared.org.venues.showing import Shown

Reader = Annotated[Staff, Depends(require("venues.read"))]
Writer = Annotated[Staff, Depends(require("venues.write"))]
Hash = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


def photo_routes(router: APIRouter, shown: Shown) -> None:
    """Routes below /venues."""

    @router.get("/{venue_id:uuid}/photos/{hash_}.jpg")
    async def show(session: Tx, _staff: Reader, venue_id: UUID, hash_: Hash) -> Response:
        """A picture: what has this name never changes."""
        return Response(await content_of(session, venue_id, hash_), media_type=MEDIA_TYPE, headers=HEADERS)

    @router.post("/photos")
    async def add(
        request: Request,
        session: Tx,
        staff: Writer,
        venue: Annotated[UUID, Form()],
        file: Annotated[UploadFile | None, File()] = None,
        alt: Annotated[FreeText200, Form()] = "",
    ) -> Response:
        """One more; what cannot be taken is told in the dialog on the venue's page."""
        content = await file.read(LARGEST + 1) if file else b""
        try:
            async with session.begin_nested():
                await add_photo(session, venue, content, alt, staff, staff.scope_path)
        except (Invalid, Refused) as problem:
            return await shown.again(request, session, staff, venue, problem, "photo", {"alt": alt})
        return see_other(f"/venues/{venue}", _("已添加照片"))

    @router.post("/{venue_id:uuid}/photos/{photo_id:uuid}/first")
    async def first(session: Tx, staff: Writer, venue_id: UUID, photo_id: UUID) -> Response:
        """Before the others."""
        await put_first(session, venue_id, photo_id, staff, staff.scope_path)
        return see_other(f"/venues/{venue_id}", _("已设为首图"))

    @router.post("/{venue_id:uuid}/photos/{photo_id:uuid}/delete")
    async def delete(session: Tx, staff: Writer, venue_id: UUID, photo_id: UUID) -> Response:
        """It is gone."""
        await delete_photo(session, venue_id, photo_id, staff, staff.scope_path)
        return see_other(f"/venues/{venue_id}", _("已删除照片"))
