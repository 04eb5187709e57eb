"""Child processes that never outlive this one: spawn, watch, stop, tail of the log."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.kit.testing.system_user import SystemUser

PR_SET_PDEATHSIG = 1


class ServerError(RuntimeError):
    """A server did not start or died; the text carries the tail of its log."""


@dataclass
class Child:
    """A running child process and where its log is."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self.process.poll()

    def alive(self) -> bool:
        return self.exit_code is None

    def stop(self, sign: signal.Signals = signal.SIGTERM, timeout: float = 10) -> None:
        """Ask it to end; kill it when it does not end in time."""
        if self.alive():
            self.process.send_signal(sign)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, and reap."""
        if self.alive():
            self.process.kill()
        self.process.wait()

    def tail(self, lines: int = 20) -> str:
        return tail(self.log, lines)


def spawn(
    arguments: Sequence[str | Path],
    *,
    name: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
    user: SystemUser | None = None,
    directory: Path | None = None,
    when_orphaned: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start a child in its own session (Ctrl-C reaches us, not it) that is signalled when this process dies.

    Linux signals it when the *thread* that started it ends: call this from the main thread.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=None if environment is None else dict(environment),
            cwd=directory,
            start_new_session=True,
            preexec_fn=_die_with_parent(when_orphaned),  # noqa: PLW1509 - see above
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=() if user else None,
        )
    return Child(name, process, log)


def _die_with_parent(sign: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: after it only async-signal-safe calls
    parent = os.getpid()

    def arm() -> None:
        prctl(PR_SET_PDEATHSIG, int(sign))
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return arm


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a log; empty when there is none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as log:
            return "".join(deque(log, maxlen=lines))
    except FileNotFoundError:
        return ""


# below what systems give to outgoing connections (Linux 32768, others 49152): those took a port that the
# kernel had named free between the question and the server's start
_PORTS, _BLOCK = range(20_000, 32_000), 100
_mine = list[int]()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is free now and that no other process that asks here will be given."""
    while True:
        if not _mine:
            _mine.extend(_reserved())
        if not port_taken(port := _mine.pop()):
            return port


def _reserved() -> list[int]:
    """A block for this process alone; the sign is the UDP side of its first port, held until it ends."""
    blocks = list(_PORTS[::_BLOCK])
    random.shuffle(blocks)
    for first in blocks:
        sign = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sign.bind(("127.0.0.1", first))
        except OSError:
            sign.close()
            continue
        sign.detach()  # nobody closes it: it ends with the process
        return list(range(first, first + _BLOCK))
    raise ServerError(f"no ports left between {_PORTS[0]} and {_PORTS[-1]}")


def port_taken(port: int) -> bool:
    """Whether something listens on this port of 127.0.0.1 (or of all addresses)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def wait_until(ready: Callable[[], bool], child: Child, timeout: float, pause: float = 0.02) -> None:
    """Wait for the server; ServerError with its log when it dies or takes too long."""
    deadline = time.monotonic() + timeout
    while not ready():
        if not child.alive():
            raise ServerError(f"{child.name} ended with code {child.exit_code}\n{child.tail()}")
        if time.monotonic() > deadline:
            child.kill()
            raise ServerError(f"{child.name} was not ready after {timeout:.0f} s\n{child.tail()}")
        time.sleep(pause)
