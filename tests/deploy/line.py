"""The line between two sites: a TCP relay on loopback that a test can cut and mend."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Line:
    """Listens on `port`; what comes goes to `to`, while the line is whole."""

    def __init__(self, to: int) -> None:
        self.to, self.port = to, 0
        self.whole = True
        self._open: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Every connection ends, no new one begins."""
        self.whole = False
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self.whole = True

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if self.whole:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
                self._open.add(far_writer)
                with contextlib.suppress(OSError):
                    await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
                far_writer.close()
                self._open.discard(far_writer)
        except (OSError, asyncio.CancelledError):
            return  # cut, or the test is over
        finally:
            self._open.discard(writer)
            writer.close()


@asynccontextmanager
async def line(to: int) -> AsyncIterator[Line]:
    made = Line(to)
    server = await asyncio.start_server(made.accept, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.cut()
        server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
