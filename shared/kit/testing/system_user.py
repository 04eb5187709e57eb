"""PostgreSQL refuses to run as root: the system user it runs as then, and what that user can reach."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "quntuan"


@dataclass(frozen=True)
class SystemUser:
    """An account without a shell that owns the database files when we are root."""

    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether this user may pass every folder on the way to `path` (which need not exist yet)."""
        return all(self._passes(folder) for folder in path.absolute().parents if folder.exists())

    def _passes(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        return bool(status.st_mode & (0o010 if status.st_gid == self.gid else 0o001))


def for_postgres() -> SystemUser | None:
    """None for an ordinary user; as root the account `quntuan`, made when it is missing."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        _create()
        entry = pwd.getpwnam(NAME)
    return SystemUser(NAME, entry.pw_uid, entry.pw_gid)


def _create() -> None:
    tool = shutil.which("useradd")
    if tool is None:
        raise RuntimeError(
            "以 root 运行时需要系统用户 quntuan,但没有 useradd 命令;请改用普通用户运行。"
            f" No useradd: make a system user {NAME}, or run as an ordinary user."
        )
    options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    done = subprocess.run([tool, *options, NAME], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 9):  # 9: another process made it meanwhile
        raise RuntimeError(f"useradd {NAME}: {done.stderr.strip()}")
