"""A client that costs next to nothing, for httpx would be measured too: one connection each."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from deploy.bench.client import Clerk


@dataclass
class Line:
    """A kept-alive connection of a signed-in clerk."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes
    place: tuple[str | None, int | None]

    @classmethod
    async def open(cls, clerk: Clerk) -> "Line":
        """A new connection with the clerk's cookies."""
        url = urlsplit(str(clerk.http.base_url))
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        cookies = "; ".join(f"{c.name}={c.value}" for c in clerk.http.cookies.jar)
        head = (
            f"host: {url.netloc}\r\norigin: {url.scheme}://{url.netloc}\r\ncookie: {cookies}\r\n"
            f"x-csrf-token: {clerk.csrf}\r\ncontent-type: application/json\r\n"
        )
        return cls(reader, writer, head.encode(), (url.hostname, url.port))

    async def ask(
        self, method: str, path: str, body: object = None, accept: str = "application/json"
    ) -> bytes:
        """The answer's body; RuntimeError on a refusal."""
        status, answer = await self.answer(method, path, body, accept)
        if status // 100 != 2:
            raise RuntimeError(f"{method} {path.partition('?')[0]}: {answer[:300].decode()}")
        return answer

    async def answer(
        self, method: str, path: str, body: object = None, accept: str = "application/json"
    ) -> tuple[int, bytes]:
        """Status and body, whatever they are."""
        content = b"" if body is None else orjson.dumps(body)
        first = f"{method} {path} HTTP/1.1\r\naccept: {accept}\r\ncontent-length: {len(content)}\r\n"
        if self.reader.at_eof():  # idle for too long, while the driver was measured
            self.reader, self.writer = await asyncio.open_connection(*self.place)
        self.writer.write(first.encode() + self.head + b"\r\n" + content)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        return int(head[9:12]), await self.reader.readexactly(length)

    def close(self) -> None:
        self.writer.close()
