"""`quntuan up` as a newcomer and an impatient operator use it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from deploy.local.leftovers import command_of
from deploy.local.packages import ROOT, discover
from deploy.local.ports import SERVERS, setting_of
from shared.kit.testing.process import Child, free_port, spawn

CODES = [package.code for package in discover()]
READY = "Ctrl-C"


class Checkout:
    """A state folder with its own ports, and the command on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ports = {name: free_port() for name in (*CODES, *SERVERS)}
        chosen = {setting_of(name): str(port) for name, port in self.ports.items()}
        self.environment = {
            **os.environ,
            **chosen,
            "QUNTUAN_HOME": str(home),
            "QUNTUAN_DEMO_PEOPLE": "0",
            "COLUMNS": "200",
        }
        self.log = home.with_suffix(".out")
        self.running: Child | None = None

    def command(self, name: str, *more: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._arguments(name), *more],
            env=self.environment,
            input=answer,
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )

    def up(self) -> Child:
        """Start it and return when it says it is ready; what it said is in `said()`."""
        self.log.unlink(missing_ok=True)
        self.running = spawn(
            self._arguments("up"), name="up", log=self.log, environment=self.environment, directory=ROOT
        )
        assert eventually(lambda: READY in self.said() or not self.alive(), 120), self.said()
        assert READY in self.said(), self.said()
        return self.running

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def alive(self) -> bool:
        return self.running is not None and self.running.alive()

    def ready(self, code: str) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.ports[code]}/readyz", timeout=2).is_success
        except httpx.TransportError:
            return False

    def pid_of(self, code: str) -> int:
        """The process of one service, by its own record."""
        records = (self.home / "children.json").read_text()
        return next(
            int(record["pid"])
            for record in httpx.Response(200, text=records).json()
            if record["name"] == code
        )

    def listening(self) -> list[str]:
        return [name for name, port in self.ports.items() if _listens(port)]

    def _arguments(self, name: str) -> list[str]:
        return [sys.executable, "-m", "deploy.cli", name]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually(check: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def checkout(server_folder: Path) -> Iterator[Checkout]:
    checkout = Checkout(server_folder / f"up-{free_port()}")
    yield checkout
    if checkout.running:
        checkout.running.stop(timeout=30)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_day_with_the_suite(checkout: Checkout) -> None:
    """Start, second start refused, crash of a service; recount, rebuild; stop; killed; started again; reset."""
    assert "系统没有运行" in checkout.command("recount").stderr
    first = checkout.up()
    assert all(f"http://127.0.0.1:{checkout.ports[code]}" in checkout.said() for code in CODES)
    assert all(checkout.ready(code) for code in CODES)
    assert "已在运行" in checkout.command("up").stderr
    assert "已在运行" in checkout.command("reset", "--yes").stderr

    os.kill(checkout.pid_of("union"), signal.SIGKILL)
    assert eventually(lambda: "union 意外退出" in checkout.said())
    assert eventually(lambda: checkout.ready("union"))

    for command, said in (("recount", "完全一致"), ("rebuild", "已重建并切换"), ("recount", "完全一致")):
        done = checkout.command(command)
        assert (done.returncode, done.stderr) == (0, ""), command
        assert said in done.stdout
        assert "None" not in done.stdout

    first.stop(timeout=30)
    assert "已停止" in checkout.said()
    assert (first.process.returncode, checkout.listening()) == (0, [])

    secret = (checkout.home / "secrets" / "union-secret-key").read_text()
    second = checkout.up()
    pids = [checkout.pid_of(code) for code in CODES]
    second.kill()
    third = checkout.up()
    assert [command_of(pid) for pid in pids] == [""] * len(pids)
    assert (checkout.home / "secrets" / "union-secret-key").read_text() == secret
    third.stop(timeout=30)

    assert checkout.command("reset", "--yes").returncode == 0
    assert not checkout.home.exists()


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_other_algorithms_are_refused_in_clear_words(checkout: Checkout) -> None:
    checkout.up().stop(timeout=30)
    checkout.environment["QUNTUAN_CRYPTO_PROFILE"] = "sm"
    done = checkout.command("up")
    assert done.returncode == 1
    assert done.stderr.startswith("数据是按算法组 intl 写入的，现在的设置是 sm。")
    assert "Traceback" not in done.stdout + done.stderr
    assert checkout.listening() == []


def test_a_taken_port_is_named_with_the_setting_that_moves_it(checkout: Checkout) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", checkout.ports["hub"]))
        other.listen()
        done = checkout.command("up")
    assert done.returncode == 1
    assert f"端口 {checkout.ports['hub']}(hub)已被别的程序占用" in done.stderr
    assert "QUNTUAN_HUB_PORT=" in done.stderr
    assert checkout.listening() == []


def test_two_services_on_one_port_are_refused_at_once(checkout: Checkout) -> None:
    checkout.environment[setting_of("union")] = str(checkout.ports["hub"])
    done = checkout.command("up")
    assert done.returncode == 1
    for said in ("同时设给了", "QUNTUAN_HUB_PORT", "QUNTUAN_UNION_PORT"):
        assert said in done.stderr
    assert checkout.listening() == []


def test_a_taken_port_is_told_before_anything_is_installed(checkout: Checkout, tmp_path: Path) -> None:
    """By the interpreter of the machine, which has no package of ours, in a checkout without .venv."""
    for part in ("deploy", "shared/kit", "services"):
        shutil.copytree(ROOT / part, tmp_path / part)
    for file in ("shared/__init__.py", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path / file)
    command = [f"{sys.base_prefix}/bin/python3", "deploy/bootstrap.py", "up"]
    with socket.socket() as other:
        other.bind(("127.0.0.1", checkout.ports["nats"]))
        other.listen()
        done = subprocess.run(
            command, cwd=tmp_path, env=checkout.environment, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert "QUNTUAN_NATS_PORT=" in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(("answer", "code"), [("", 1), ("n\n", 1), ("是\n", 0), ("yes\n", 0)])
def test_reset_asks_first(checkout: Checkout, answer: str, code: int) -> None:
    kept = checkout.home / "kept"
    checkout.home.mkdir()
    (checkout.home / "quntuan-home").touch()
    kept.touch()
    done = checkout.command("reset", answer=answer)
    assert (done.returncode, kept.exists()) == (code, code == 1), done.stderr
    assert str(checkout.home) in done.stdout


def test_secrets_are_for_their_owner_only(checkout: Checkout) -> None:
    checkout.command("migrate")
    secrets = checkout.home / "secrets"
    assert secrets.stat().st_mode & 0o777 == 0o700
    files = [path for path in secrets.rglob("*") if path.is_file()]
    assert len(files) > len(CODES)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
