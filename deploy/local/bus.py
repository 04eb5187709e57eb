"""NATS with the generated configuration: start it, let an organisation join, provision."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import nats
from nats.aio.client import Client

from deploy.topology.config import Listen, server_config
from deploy.topology.keys import ensure_keys, seed_file
from deploy.topology.limits import Limits
from deploy.topology.provision import provision
from shared.kit.testing.nats import NatsServer
from shared.kit.testing.process import ServerError, tail


@dataclass
class Bus:
    """One server for these organisations; `folder` holds its configuration and streams, `seeds` the keys."""

    folder: Path
    seeds: Path
    port: int
    monitor_port: int
    log: Path
    codes: list[str] = field(default_factory=list)
    made_by: Callable[[Path, int, int, Path], NatsServer] = NatsServer
    """How the server is run (tests have other ways)."""

    def __post_init__(self) -> None:
        self.server = self.made_by(self.folder / "nats.conf", self.port, self.monitor_port, self.log)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def monitor_url(self) -> str:
        return self.server.monitor_url

    def start(self) -> None:
        """Write the configuration, start the server."""
        self._configure()
        self.server.start()

    async def provision(self, limits: Limits | None = None) -> None:
        """Make streams, sources and consumers of everybody known; safe to repeat."""
        await provision(self.url, self.seeds, self.codes, limits)

    async def join(self, code: str) -> None:
        """A later organisation: configuration, reload, provision. Nothing is restarted."""
        if code not in self.codes:
            self.codes.append(code)
        if self.server.child is None:
            raise ServerError("NATS is not running")
        await self.join_running(self.server.child.pid)

    async def join_running(self, pid: int) -> None:
        """The same for a server that another process started: everybody in `codes` is known afterwards."""
        self._configure()
        await self._reload(pid)
        await self.provision()

    async def reload(self, config: str) -> None:
        """Let the running server take this configuration."""
        if self.server.child is None:
            raise ServerError("NATS is not running")
        self.server.config.write_text(config, encoding="utf-8")
        await self._reload(self.server.child.pid)

    async def _reload(self, pid: int) -> None:
        # The server (2.15.1) takes a new account's imports from an old one only at the second reload.
        for _ in range(2):
            before = await self._config_loaded()
            os.kill(pid, signal.SIGHUP)
            await self._wait_for_reload(before)

    def stop(self) -> None:
        self.server.stop()

    def seed(self, code: str, user: str = "service") -> Path:
        """The file with the seed of this service's user, or of its `ops` user."""
        return seed_file(self.seeds, code, user)

    async def connect(self, code: str, user: str = "service") -> Client:
        """A raw client with exactly the rights of that user."""
        return await nats.connect(
            self.url,
            nkeys_seed=str(self.seed(code, user)),
            inbox_prefix=f"_INBOX_{code}".encode(),
            allow_reconnect=False,
        )

    def _configure(self) -> None:
        keys = ensure_keys(self.seeds, self.codes)
        listen = Listen(self.folder / "jetstream", self.port, self.monitor_port)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.server.config.write_text(server_config(self.codes, keys, listen), encoding="utf-8")

    async def _config_loaded(self) -> str:
        """When the server last read its configuration."""
        async with httpx.AsyncClient() as client:
            return str((await client.get(f"{self.monitor_url}/varz")).json()["config_load_time"])

    async def _wait_for_reload(self, before: str, patience: float = 10) -> None:
        deadline = time.monotonic() + patience
        while await self._config_loaded() == before:
            if time.monotonic() > deadline:
                raise ServerError(f"NATS did not take the new configuration\n{tail(self.log)}")
            await asyncio.sleep(0.05)
