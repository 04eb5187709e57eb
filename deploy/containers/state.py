"""The state folder of a server: secrets and configuration as files, made once by `quntuan setup`.

    secrets/<service>/  database seed secret-key [match-key]      mounted into that service alone
    secrets/jobs/       superuser, <service>-owner, nats/*.nk     mounted into the jobs alone
    secrets/postgres/   superuser recipient
    secrets/nats/       nats.conf, TLS of leaf nodes
    secrets/proxy/      TLS
    nodes/<server>/     at a hub whose bus is on three servers: the state folders of the others
    recovery.key        reads the backups: to be carried away from this server
    env                 names, versions and ports for compose, and what the operator adds: nothing secret

The folder itself is for its owner only; what is in it can be read by the containers it is mounted into:
they run as users of their own. Whole folders are mounted: a single file that is replaced would keep its
old content in a running container.
"""

import os
import secrets
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.packages import ROOT
from deploy.topology.names import HUB
from shared.kit.testing.databases import DatabaseRoles


@dataclass(frozen=True)
class State:
    """Where everything of one server is."""

    root: Path

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def seeds(self) -> Path:
        """Seeds of the bus's users: the jobs have all, a service its own."""
        return self.secrets / "jobs" / "nats"

    @property
    def bus(self) -> Path:
        return self.secrets / "nats"

    @property
    def tls(self) -> Path:
        return self.secrets / "proxy"

    @property
    def recovery_key(self) -> Path:
        return self.root / "recovery.key"

    @property
    def env(self) -> Path:
        return self.root / "env"

    def told(self) -> dict[str, str]:
        """The lines of `env`."""
        lines = self.env.read_text(encoding="utf-8").splitlines() if self.env.exists() else []
        return {name: value for name, sign, value in (line.partition("=") for line in lines) if sign}

    def of(self, service: str) -> Path:
        return self.secrets / service

    def node(self, name: str) -> "State":
        """Of another server of this bus, to be carried to it."""
        return State(self.root / "nodes" / name)

    def make(self, services: Sequence[str]) -> None:
        """Every password and key that is missing; none is ever replaced here."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        word = secret(self.secrets / "jobs" / "superuser")
        copy(word, self.secrets / "postgres" / "superuser")
        match_key = secret(self.secrets / "jobs" / "match-key") if set(services) - {HUB} else None
        for service in services:
            secret(self.secrets / "jobs" / f"{service}-owner")
            secret(self.of(service) / "database")
            secret(self.of(service) / "secret-key")
            if service != HUB and match_key:
                copy(match_key, self.of(service) / "match-key")

    def hand_out_seeds(self, services: Sequence[str]) -> None:
        """Each service gets the seed of its own user of the bus."""
        for service in services:
            copy(self.seeds / f"{service}-service.nk", self.of(service) / "seed")

    def packed(self) -> bytes:
        """All that another machine needs in its place, as a tar: without the key that is carried away."""
        without = f"--exclude=./{self.recovery_key.name}"
        tar = ["tar", "--create", "--directory", str(self.root), without, "."]
        return subprocess.run(tar, check=True, stdout=subprocess.PIPE).stdout

    def open_to_containers(self) -> None:
        """Readable below the root folder, which nobody but its owner can enter."""
        for path in (self.secrets, *self.secrets.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o444)


def database_roles(folder: Path, service: str) -> DatabaseRoles:
    """Roles and passwords of one service; `folder` is `secrets` here or as the jobs see it."""
    owner = (folder / "jobs" / f"{service}-owner").read_text(encoding="ascii").strip()
    return DatabaseRoles(service, owner, (folder / service / "database").read_text(encoding="ascii").strip())


def secret(path: Path) -> Path:
    """A file with 32 random bytes in hexadecimal digits, made when it is missing."""
    if not path.exists():
        write(path, secrets.token_hex(32) + "\n")
    return path


def copy(source: Path, target: Path) -> None:
    write(target, source.read_text(encoding="utf-8"))


def write(path: Path, text: str) -> None:
    """A whole new file or the old one, never a half; for its owner only until all is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


def state(folder: str = "") -> State:
    """The folder named, else QUNTUAN_STATE, else deploy/state."""
    return State(Path(folder or os.environ.get("QUNTUAN_STATE") or ROOT / "deploy" / "state").absolute())
