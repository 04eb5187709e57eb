"""The uploaded file until it is read: encrypted, in the database, because web and worker may be apart."""

import base64
from typing import IO
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.context import Kit
from shared.kit.errors import Invalid
from shared.kit.pii import FieldCipher
from shared.kit.pii.free_text import holds_number
from shared.org.imports.models import ImportFile

PIECE = 1_500_000
CONTEXT = "import_file"


def name_of(name: str) -> str:
    """The last part of the name a browser gave, without control characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    if holds_number(last):
        said = "文件名里不能有证件号或手机号"
        raise Invalid(said, hint="文件名会留在记录里。请改名后再上传。", fields={"file": said})
    return "".join(c for c in last if c.isprintable())[-120:] or "名册"


async def store(session: AsyncSession, cipher: FieldCipher, batch_id: UUID, source: IO[bytes]) -> None:
    """Keep the file until it has been read."""
    part = 0
    source.seek(0)
    while piece := source.read(PIECE):
        sealed = cipher.encrypt(base64.b64encode(piece).decode(), f"{CONTEXT}.{part}:{batch_id}")
        await session.execute(insert(ImportFile).values(batch_id=batch_id, part=part, sealed=sealed))
        part += 1


async def restore(session: AsyncSession, kit: Kit, batch_id: UUID) -> IO[bytes]:
    """The file again, unnamed among the working files; the caller closes it."""
    parts = await session.scalar(
        select(func.count()).select_from(ImportFile).where(ImportFile.batch_id == batch_id)
    )
    out = kit.working.file()
    for part in range(parts or 0):
        query = select(ImportFile.sealed).where(ImportFile.batch_id == batch_id, ImportFile.part == part)
        sealed: bytes | None = await session.scalar(query)
        if sealed is not None:
            out.write(base64.b64decode(kit.cipher.decrypt(sealed, f"{CONTEXT}.{part}:{batch_id}")))
    out.flush()
    out.seek(0)
    return out


async def forget(session: AsyncSession, batch_id: UUID) -> None:
    """The file is no longer needed."""
    await session.execute(delete(ImportFile).where(ImportFile.batch_id == batch_id))
