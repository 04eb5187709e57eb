"""One connection, some statements, the last one's single value."""

from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine


async def run(url: str, *statements: str) -> object:
    """In one transaction."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        await engine.dispose()
