"""Small programs that tests start, kill or run as another user: `python -m tests.deploy.programs <name>`."""

import os
import sys
import tempfile
import time
from pathlib import Path

from deploy.local.bus import Bus
from shared.kit.testing.nats import program
from shared.kit.testing.postgres import PostgresServer, binaries
from shared.kit.testing.process import free_port
from shared.kit.testing.system_user import SystemUser

NOBODY = SystemUser("nobody", 65534, 65534)


def start_servers(folder: Path) -> tuple[PostgresServer, Bus]:
    """A small PostgreSQL and a NATS in `folder`."""
    postgres = PostgresServer(folder / "data", free_port(), "word", folder / "log", {"fsync": "off"})
    postgres.start()
    bus = Bus(folder / "nats", folder / "seeds", free_port(), free_port(), folder / "nats.log", ["union"])
    bus.start()
    return postgres, bus


def run_until_killed(folder: Path) -> None:
    """Start both, tell their process ids, wait for the SIGKILL."""
    postgres, bus = start_servers(folder)
    assert postgres.child is not None
    assert bus.server.child is not None
    print(postgres.child.pid, bus.server.child.pid, flush=True)
    time.sleep(60)


def as_ordinary_user() -> None:
    """Start, restart and stop both without being root; when we are, become nobody first."""
    if os.geteuid() == 0:
        os.environ["QUNTUAN_PG_BIN"] = str(binaries(NOBODY))
        os.environ["QUNTUAN_NATS_BIN"] = str(program())  # found now: our own Python may be out of reach then
        "warm".encode("idna")  # what Python loads late must be loaded while we can read it
        os.setgroups([])
        os.setgid(NOBODY.gid)
        os.setuid(NOBODY.uid)
        os.environ["HOME"] = "/"
    with tempfile.TemporaryDirectory() as name:
        postgres, bus = start_servers(Path(name))
        owner = (Path(name) / "data").stat().st_uid
        postgres.stop()
        postgres.start()
        bus.stop()
        postgres.stop()
        print(f"owner {owner} of {os.geteuid()}", flush=True)


if __name__ == "__main__":
    as_ordinary_user() if sys.argv[1] == "ordinary" else run_until_killed(Path(sys.argv[2]))
