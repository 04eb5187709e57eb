"""The bundle in an empty folder, as on a server without a network and without this repository."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.containers.images import every_image
from tests.containers.server import Bundled

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]


def changed(file: Path) -> None:
    """One bit in its middle; the bundle it was copied from keeps its own."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.unlink()
    file.write_bytes(content)


def cut_short(file: Path) -> None:
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("images.tar.gz", changed),
        ("images.tar.gz", cut_short),
        ("sites/hub.yaml", changed),
        ("quntuan", changed),
        ("compose.yaml", Path.unlink),
    ],
)
def test_a_bundle_that_is_not_what_was_made_loads_nothing(
    bundle: Path, tmp_path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    copy = shutil.copytree(bundle, tmp_path / "copy", copy_function=os.link)
    harm(copy / name)
    done = load(copy)
    assert done.returncode == 1
    assert name in done.stdout
    assert "no image was loaded" in done.stderr
    assert "Loaded image" not in done.stdout
    shutil.rmtree(copy)


@pytest.fixture
def server(bundle: Path, tmp_path: Path) -> Iterator[Bundled]:
    """Loaded onto an engine that has none of these images by name."""
    tags = [image.tag for image in every_image()]
    subprocess.run(["docker", "rmi", "--force", *tags], check=True, capture_output=True)
    server = Bundled(bundle, tmp_path / "server")
    assert server.quntuan("compose", "up", check=False).returncode == 1  # nothing was set up
    loaded = load(server.home)
    assert loaded.returncode == 0, loaded.stderr
    assert {line.removeprefix("Loaded image: ") for line in loaded.stdout.splitlines()} >= set(tags)
    server.quntuan("setup", "--synthetic", "--port", str(server.port))
    try:
        yield server
    finally:
        server.down()


def test_one_server_from_the_bundle_alone(server: Bundled) -> None:
    """Up, signed in over TLS, well; a backup carries it over a lost database; down."""
    server.up()
    assert [line for line in server.doctor()[1] if "没有系统管理员" in line]
    made = server.quntuan("accounts", "--state", "", "new", "zhou.min", "周敏").stdout
    assert made.count("zhou.min") == 4
    assert server.quntuan("accounts", "show").stdout.count("待改密码") == 4
    server.compose("run", "--rm", "--no-deps", "demo")
    clerk = server.visitor("union", "clerk")
    founded = clerk.json("GET", "/api/v1/units")["items"][0]
    assert server.protocol() == "h2"
    assert server.recount() == "equal"
    assert [line for line in server.doctor()[1] if "磁盘" not in line] == []

    assert "state folder" in server.quntuan("backup").stdout
    key = shutil.move(server.state.recovery_key, server.home.parent / "carried-away.key")
    assert server.quntuan("restore", "--key", str(key), check=False).returncode == 1  # a database is there
    server.compose("down", "--timeout", "20")
    subprocess.run(["docker", "volume", "rm", f"{server.project}_pg"], check=True, capture_output=True)
    assert "restored from" in server.quntuan("restore", "--key", str(key)).stdout
    server.quntuan("setup")  # what was said at first still holds: the port is the same
    server.up()
    assert founded in server.visitor("union", "clerk").json("GET", "/api/v1/units")["items"]
    server.compose("down", "--timeout", "20")
    assert server.rows() == []


def load(folder: Path) -> subprocess.CompletedProcess[str]:
    """As whoever received it does, from anywhere."""
    return subprocess.run(
        [folder / "load.sh"],
        cwd="/",
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
