"""Files with people in the clear while they are made: a private folder, emptied at the next start."""

import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import IO


class WorkingFiles:
    """A private folder of one process below the service's own; it lives as long as its lock is held."""

    def __init__(self, root: Path, service: str) -> None:
        """`root`: where the service's folder is made; in a container a file system in memory."""
        self._home = root / f"quntuan-{service}-{os.getuid()}"
        self._made: tuple[Path, int] | None = None

    @property
    def folder(self) -> Path:
        """Where programs may make files by name."""
        self._made = self._made or self._begin()
        return self._made[0]

    def begin(self) -> None:
        """Remove what killed processes left, and make a folder of our own."""
        self._made = self._made or self._begin()

    def file(self) -> IO[bytes]:
        """One without a name: it ends with the process, however that ends."""
        return tempfile.TemporaryFile(dir=self.folder)

    def close(self) -> None:
        """The process ends in order: its folder goes at once."""
        if self._made is not None:
            folder, lock = self._made
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
            self._made = None

    def _begin(self) -> tuple[Path, int]:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = self._home.lstat()
        if held.st_uid != os.getuid() or stat.S_IMODE(held.st_mode) != 0o700:
            raise PermissionError(f"{self._home} must be a folder of this user alone (mode 0700)")
        home = _locked(self._home, wait=True)
        try:
            self._empty()
            made = Path(tempfile.mkdtemp(dir=self._home))
            return made, _locked(made)
        finally:
            os.close(home)

    def _empty(self) -> None:
        for left in self._home.iterdir():
            try:
                lock = _locked(left)
            except BlockingIOError:  # another process of the service works there
                continue
            shutil.rmtree(left)
            os.close(lock)


def _locked(folder: Path, *, wait: bool = False) -> int:
    """The folder's descriptor, locked until it is closed; BlockingIOError when another process holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor
