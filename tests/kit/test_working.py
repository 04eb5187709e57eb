"""Files in the clear: private, in one folder, and none outlives the process for longer than to the next start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.kit.working import WorkingFiles

KILLED = """
import os, signal, sys
from pathlib import Path
from shared.kit.working import WorkingFiles
files = WorkingFiles(Path(sys.argv[1]), "union")
(files.folder / "roll.xml").write_text("name and number")
unnamed = files.file()
unnamed.write(b"name and number")
unnamed.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def left(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def test_what_a_killed_process_left_is_gone_with_the_next_start(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -9
    assert left(tmp_path) == ["roll.xml"], "and the unnamed file is gone at once"
    files = WorkingFiles(tmp_path, "union")
    files.begin()
    assert left(tmp_path) == []
    files.close()
    assert [path.name for path in tmp_path.rglob("*")] == [f"quntuan-union-{os.getuid()}"]


def test_processes_of_one_service_leave_each_other_alone(tmp_path: Path) -> None:
    first, second, other = (WorkingFiles(tmp_path, code) for code in ("union", "union", "league"))
    (first.folder / "at-work").touch()
    second.begin()
    other.begin()
    assert left(tmp_path) == ["at-work"]
    for folder in (first.folder, first.folder.parent):
        assert folder.stat().st_mode & 0o777 == 0o700
    for files in (first, second, other):
        files.close()


def test_a_folder_others_may_read_or_a_link_is_not_used(tmp_path: Path) -> None:
    home = tmp_path / f"quntuan-union-{os.getuid()}"
    home.mkdir(mode=0o755)
    with pytest.raises(PermissionError, match="0700"):
        WorkingFiles(tmp_path, "union").begin()
    home.rename(tmp_path / "elsewhere")
    home.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError, match="0700"):
        WorkingFiles(tmp_path, "union").begin()
