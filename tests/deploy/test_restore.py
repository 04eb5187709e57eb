"""Backup and restore by the image's own scripts: no acknowledged row is lost, none that was given up comes back."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.machine import Machine, eventually, machine


@pytest.fixture
def server() -> Iterator[Machine]:
    """With one base backup and a row since."""
    with machine() as found:
        found.up()
        found.sql("create table told (word text)")
        found.backup()
        found.write("first")
        yield found


def test_what_a_restore_gave_up_never_comes_back_and_what_followed_does(server: Machine) -> None:
    """Base backups of what was given up are passed over; each restore is a history of its own."""
    before = server.instant()
    server.write("mistake")
    server.backup()
    mistaken = server.instant()
    server.write("more")
    assert server.restored(before) == ["first"]
    server.write("second")
    assert server.restored() == ["first", "second"]
    server.write("third")
    assert server.restored() == ["first", "second", "third"]
    assert server.sql("select timeline_id from pg_control_checkpoint()") == "4"
    # to an instant before all of this the way is open too: as it was then
    assert server.restored(mistaken) == ["first", "mistake"]


def test_a_restore_that_was_never_started_is_repeated(server: Machine) -> None:
    before = server.instant()
    server.write("mistake")
    server.lose()
    assert server.restore(before).returncode == 0
    assert server.restore(before).returncode == 1  # there is a cluster now
    assert server.restored(before) == ["first"]


def test_a_base_backup_follows_a_restore_at_once(server: Machine) -> None:
    watch = server.start("quntuan-backup", "watch")
    (base,) = server.bases()
    eventually((server.folder / "tmp/healthy").exists, watch)
    assert server.restored() == ["first"]
    eventually(lambda: len(server.bases()) == 2, watch)
    watch.stop(signal.SIGTERM)
    assert server.bases()[0] == base
    server.write("second")
    assert server.restored() == ["first", "second"]


def test_a_restore_reads_what_it_needs_and_nothing_else(server: Machine) -> None:
    """Nothing is unpacked beforehand; a needed file that cannot be read is not the end of the archive."""
    (server.wal / "000000010000000000000000.age").write_text("not readable, and long before the base backup")
    assert server.restored() == ["first"]
    assert [path.name for path in server.volume.rglob("*") if path.parent == server.volume / "18"] == ["data"]
    server.write("second")
    newest = max(server.wal.glob("0*[0-9A-F].age"))
    newest.write_bytes(newest.read_bytes()[:-9])
    server.lose()
    done = server.restore()
    assert done.returncode == 1
    assert "recovery failed" in done.stderr
    assert not (server.volume / "18/data").exists()


@pytest.mark.parametrize("instant", ["2026-11-25 12:00", "2026-11-25T12:00:00+08:00", "yesterday"])
def test_an_instant_is_written_in_one_way(instant: str) -> None:
    with machine() as empty:
        done = empty.restore(instant)
        assert (done.returncode, "2026-11-25T12:00:00Z" in done.stderr) == (1, True)


def test_the_archive_takes_no_other_content_for_a_name_it_has() -> None:
    with machine() as empty:
        plain = empty.folder / "tmp/000000020000000000000005"
        for content, status in (("first", 0), ("first", 0), ("other", 1), ("first", 0)):
            plain.write_text(content)
            assert archive(empty, plain) == status
        (empty.wal / f"{plain.name}.sum").unlink()
        assert archive(empty, plain) == 1


def archive(server: Machine, path: Path) -> int:
    return server.run("quntuan-archive", str(path), path.name).returncode
