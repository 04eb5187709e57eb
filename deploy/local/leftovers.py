"""What a killed `quntuan up` may leave running: found by the recorded process ids, ended with care."""

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.local.home import Home
from shared.kit.testing.process import Child

Known = dict[str, str | int]


class AlreadyRunningError(Exception):
    """Another `quntuan up` uses this state folder."""


@contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Hold the state folder's lock; the kernel lets go of it however this process ends."""
    home.claim()
    with home.lock.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            pid = file.read().strip() or "?"
            raise AlreadyRunningError(
                f"这套系统已在运行(进程 {pid})。请先在那个窗口按 Ctrl-C,或执行 kill {pid}\n"
                f"The suite is running already (process {pid}). Press Ctrl-C there, or: kill {pid}"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)


def record(home: Home, children: Iterable[Child]) -> None:
    """Write down who runs, for the start after a kill."""
    known = [{"name": c.name, "pid": c.pid, "command": command_of(c.pid)} for c in children if c.alive()]
    home.children.write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")


def end_leftovers(home: Home, patience: float = 10) -> list[str]:
    """End what an earlier, killed run left behind; the names of what was still there."""
    try:
        known = json.loads(home.children.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return []
    left = [child for child in known if _still(child)]
    _wait_for(left, 3)  # on Linux they were told when the parent died
    for sign in (signal.SIGINT, signal.SIGKILL):
        for child in filter(_still, left):
            with suppress(ProcessLookupError):
                os.kill(int(child["pid"]), sign)
        _wait_for(left, patience)
    home.children.unlink(missing_ok=True)
    return [str(child["name"]) for child in left]


def running(home: Home, name: str) -> int | None:
    """The process id of this child of a running suite."""
    try:
        known = json.loads(home.children.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return next((int(child["pid"]) for child in known if child["name"] == name and _still(child)), None)


def command_of(pid: int) -> str:
    """The command line of a process; empty when there is none (a zombie has none)."""
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            return (
                (proc / str(pid) / "cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="replace")
                .strip()
            )
        except (FileNotFoundError, ProcessLookupError):
            return ""
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()


def _wait_for(children: Iterable[Known], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(map(_still, children)) and time.monotonic() < deadline:
        time.sleep(0.05)


def _still(child: Known) -> bool:
    """The same program, not another that got the number since."""
    return bool(child["command"]) and command_of(int(child["pid"])) == child["command"]
