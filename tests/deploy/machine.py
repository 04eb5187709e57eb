"""The scripts of the PostgreSQL image on a machine without containers: their folders lie elsewhere, nothing else differs."""

import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.packages import ROOT
from shared.kit.testing import system_user
from shared.kit.testing.postgres import binaries
from shared.kit.testing.process import Child, free_port, spawn

FOLDERS = re.compile(r"/backup|/run/secrets|/tmp|/var/lib/postgresql")
WORD = "the key\n"
AGE = """#!/bin/bash
# Instead of Debian's age, which not every machine has that runs these tests (tests/containers uses the real one):
# the same words, a seal that is checked, nothing encrypted.
set -e
out=/dev/stdout in=/dev/stdin key=''
while [ $# -gt 0 ]; do
  case $1 in --encrypt | --decrypt) act=$1 ;; -R) shift ;; -i) key=$2; shift ;; -o) out=$2; shift ;; *) in=$1 ;; esac
  shift
done
if [ "$act" = --encrypt ]; then { echo sealed; cat "$in"; } >"$out"; exit; fi
if [ "$key" = - ]; then word=$(cat); else word=$(cat "$key"); fi
[ "$word" = "the key" ]
{ read -r seal && [ "$seal" = sealed ] && cat; } <"$in"
"""


class Machine:
    """A server, its archive, its backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.user = system_user.for_postgres()
        self.child: Child | None = None
        programs = binaries(self.user)
        self.environment = {
            "PATH": f"{folder}/bin:{programs}:/usr/bin:/bin",
            "PGDATA": str(folder / "var/lib/postgresql/18/data"),
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
            "PGPASSWORD": "word",
            "LANG": "C.UTF-8",
            "BACKUP_POLL": "1",
        }
        self._furnish()

    def _furnish(self) -> None:
        for name in ("bin", "backup", "run/secrets", "tmp", "var/lib/postgresql"):
            (self.folder / name).mkdir(parents=True)
        for script in (ROOT / "deploy/images/postgres").iterdir():
            text = FOLDERS.sub(lambda found: f"{self.folder}{found[0]}", script.read_text(encoding="utf-8"))
            (self.folder / "bin" / script.name).write_text(text, encoding="utf-8")
        (self.folder / "bin/age").write_text(AGE)
        for program in (self.folder / "bin").iterdir():
            program.chmod(0o755)
        (self.folder / "run/secrets/superuser").write_text("word\n")
        (self.folder / "run/secrets/recipient").write_text("whom it is for\n")
        if self.user:
            for path in (self.folder, *self.folder.rglob("*")):
                self.user.own(path)

    @property
    def wal(self) -> Path:
        return self.folder / "backup/wal"

    @property
    def volume(self) -> Path:
        return self.folder / "var/lib/postgresql"

    def run(self, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.environment,
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            user=self.user.uid if self.user else None,
            group=self.user.gid if self.user else None,
            extra_groups=() if self.user else None,
        )

    def start(self, *command: str) -> Child:
        return spawn(
            command,
            name=command[0],
            log=self.folder / f"{command[0]}.log",
            environment=self.environment,
            user=self.user,
            directory=self.folder,
            when_orphaned=signal.SIGINT,
        )

    def up(self) -> None:
        options = (f"port={self.port}", "listen_addresses=127.0.0.1", "fsync=off", "shared_buffers=16MB")
        self.child = self.start("quntuan-postgres", "postgres", *(w for o in options for w in ("-c", o)))
        eventually(lambda: self.run("pg_isready", "-q").returncode == 0, self.child)

    def down(self) -> None:
        if self.child:
            self.child.stop(signal.SIGINT, timeout=60)

    def sql(self, query: str) -> str:
        done = self.run("psql", "-XAtqc", query)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def backup(self) -> None:
        done = self.run("quntuan-backup", "once")
        assert done.returncode == 0, done.stderr

    def bases(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "backup/base").glob("*.tar.age"))

    def write(self, word: str) -> None:
        """A row that is acknowledged and archived."""
        self.sql(f"insert into told values ('{word}')")
        last = self.sql("select pg_walfile_name(pg_switch_wal() - 1)")
        eventually((self.wal / f"{last}.age").exists, self.child)

    def rows(self) -> list[str]:
        return self.sql("select word from told order by word").split()

    def instant(self) -> str:
        """Now, as an operator writes it: after all that was, before all that will be."""
        time.sleep(1.1)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        time.sleep(1.1)
        return now

    def lose(self) -> None:
        """The volume is gone."""
        self.down()
        for path in self.volume.iterdir():
            shutil.rmtree(path)

    def restore(self, *until: str) -> subprocess.CompletedProcess[str]:
        return self.run("quntuan-restore", *until, given=WORD)

    def restored(self, *until: str) -> list[str]:
        """What is there after the volume was lost and brought back."""
        self.lose()
        done = self.restore(*until)
        assert done.returncode == 0, done.stderr
        self.up()
        return self.rows()


def eventually(holds: Callable[[], bool], child: Child | None) -> None:
    """Until it holds; a server that died is named with the end of its log."""
    deadline = time.monotonic() + 60
    while not holds():
        assert child is None or child.alive(), child.tail()
        assert time.monotonic() < deadline, child.tail() if child else ""
        time.sleep(0.1)


@contextmanager
def machine() -> Iterator[Machine]:
    """Where the account that owns the database can go; a socket's path is short."""
    with tempfile.TemporaryDirectory(prefix="qt") as folder:
        found = Machine(Path(folder))
        try:
            yield found
        finally:
            found.down()
