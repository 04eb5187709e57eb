"""The state folder of `quntuan up` (.quntuan/ or QUNTUAN_HOME): what is where, secrets made once."""

import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.local.packages import ROOT
from shared.kit.testing import system_user
from shared.kit.testing.databases import DatabaseRoles


class ForeignFolderError(Exception):
    """The state folder named holds other things."""


@dataclass(frozen=True)
class Home:
    """Everything `up` keeps between two starts; `forget` removes all of it."""

    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def nats(self) -> Path:
        return self.root / "nats"

    @property
    def seeds(self) -> Path:
        return self.root / "secrets" / "nats"

    @property
    def working(self) -> Path:
        """Files that hold people in the clear while a service makes them."""
        return self.root / "working"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def children(self) -> Path:
        """Process ids of a running suite, for the next start when this one is killed."""
        return self.root / "children.json"

    @property
    def demo(self) -> Path:
        """How many demo people the first start was asked for."""
        return self.root / "demo-people"

    @property
    def postgres(self) -> Path:
        """The cluster's folder; elsewhere when the database's system user cannot reach the state folder."""
        inside = self.root / "postgres" / "data"
        user = system_user.for_postgres()
        if user is None or user.reaches(inside):
            return inside
        mark = hashlib.sha256(str(self.root).encode()).hexdigest()[:12]
        return Path("/var/lib/quntuan") / mark / "data"

    @property
    def mark(self) -> Path:
        """A file that says the folder is ours: nothing else is ever emptied."""
        return self.root / "quntuan-home"

    def claim(self) -> None:
        """Make the folder ours, or refuse one that holds other things."""
        if self.mark.exists():
            return
        if self.root.is_dir() and any(self.root.iterdir()):
            raise ForeignFolderError(
                f"文件夹 {self.root} 里有别的东西,不会使用也不会清空。请把 QUNTUAN_HOME 指向一个空文件夹。\n"
                f"{self.root} holds other things; it is neither used nor emptied. "
                "Let QUNTUAN_HOME name an empty folder."
            )
        self.root.mkdir(parents=True, exist_ok=True)
        self.mark.touch()

    def prepare(self) -> None:
        """Make the folders: others may pass (the database's user must), only the owner reads the secrets."""
        self.claim()
        for folder, mode in ((self.root, 0o711), (self.root / "secrets", 0o700), (self.logs, 0o700)):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(mode)

    def secret_file(self, name: str) -> Path:
        """A file with 32 random bytes in hexadecimal digits, made when first asked for."""
        path = self.root / "secrets" / name
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32))
        return path

    def secret(self, name: str) -> str:
        return self.secret_file(name).read_text(encoding="ascii").strip()

    def roles(self, code: str) -> DatabaseRoles:
        """Database, roles and their passwords of one service."""
        return DatabaseRoles(code, self.secret(f"{code}-database-owner"), self.secret(f"{code}-database"))

    def forget(self) -> None:
        """Remove everything: data, secrets, logs. Only of a folder that is ours."""
        self.claim()
        postgres = self.postgres
        shutil.rmtree(self.root, ignore_errors=True)
        if not postgres.is_relative_to(self.root):
            shutil.rmtree(postgres.parent, ignore_errors=True)


def home() -> Home:
    """The folder QUNTUAN_HOME, else `.quntuan` in the checkout."""
    return Home(Path(os.environ.get("QUNTUAN_HOME") or ROOT / ".quntuan").expanduser().absolute())
