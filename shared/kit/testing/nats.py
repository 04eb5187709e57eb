"""nats-server as a foreground child: start, kill, restart, stop. The config is the caller's."""

import os
import shutil
import signal
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import httpx

from shared.kit.testing.process import Child, ServerError, spawn, wait_until


@dataclass
class NatsServer:
    """One server that reads `config`; it must listen on these ports of 127.0.0.1."""

    config: Path
    port: int
    monitor_port: int
    log: Path
    child: Child | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def monitor_url(self) -> str:
        return f"http://127.0.0.1:{self.monitor_port}"

    def start(self, timeout: float = 30) -> None:
        """Start it and return when it answers its health check."""
        self.child = self._spawn()
        wait_until(self._healthy, self.child, timeout)

    def stop(self) -> None:
        if self.child:
            self.child.stop(signal.SIGTERM, timeout=15)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self.child:
            self.child.kill()

    def _spawn(self) -> Child:
        return spawn([program(), "-c", self.config], name="NATS", log=self.log)

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"{self.monitor_url}/healthz", timeout=1).is_success
        except httpx.TransportError:
            return False


def program() -> Path:
    """The server: QUNTUAN_NATS_BIN, else the wheel's in this environment, else the one on PATH."""
    named = os.environ.get("QUNTUAN_NATS_BIN")
    if named:
        return Path(named)
    for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent)):
        if (Path(folder) / "nats-server").is_file():
            return Path(folder) / "nats-server"
    found = shutil.which("nats-server")
    if found is None:
        raise ServerError("没有 nats-server;请设 QUNTUAN_NATS_BIN / nats-server is missing")
    return Path(found)
