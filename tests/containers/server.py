"""One server of the compose manifest, in a project and a state folder of its own."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from deploy.commands.compose import prefix
from deploy.containers.state import State
from deploy.local.packages import ROOT
from shared.kit.testing.process import free_port
from tests.faults.kills.clients import identity_of, name_of
from tests.journeys.visitor import Visitor


class ByName(httpx.HTTPTransport):
    """Every name is this machine: nothing asks a name server."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return super().handle_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host="127.0.0.1"),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": request.url.host},
            )
        )


class Server:
    """`quntuan` and docker compose as an operator of a checkout uses them."""

    command: Sequence[str] = (sys.executable, "-m", "deploy.cli")
    home = ROOT
    """Where the operator is."""

    def __init__(self, folder: Path) -> None:
        self.state = State(folder)
        self.port = free_port()
        self.environment = {
            **os.environ,
            "QUNTUAN_STATE": str(folder),
            "COMPOSE_PROJECT_NAME": f"quntuan-test-{self.port}",
            "QUNTUAN_HEALTH_INTERVAL": "3s",
            "QUNTUAN_ARCHIVE_TIMEOUT": "10s",
        }

    @property
    def project(self) -> str:
        return self.environment["COMPOSE_PROJECT_NAME"]

    @property
    def prefix(self) -> list[str]:
        """Docker compose on its manifest."""
        return prefix(self.state)

    def quntuan(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == 0 or not check, f"{arguments}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done

    def compose(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            [*self.prefix, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == 0 or not check, f"{arguments}: {done.stderr[-4000:]}\n{self.reasons()}"
        return done.stdout

    def up(self) -> None:
        self.compose("up", "--detach", "--wait")

    def reasons(self) -> str:
        """What is not healthy and what it says."""
        rows = self.rows()
        unwell = [row["Service"] for row in rows if row["Health"] not in {"healthy", ""}]
        logs = subprocess.run(
            [*self.prefix, "logs", "--tail", "15", *unwell],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return f"{[(r['Service'], r['State'], r['Health']) for r in rows]}\n{logs.stdout[-4000:]}"

    def rows(self) -> list[dict[str, Any]]:
        done = subprocess.run(
            [*self.prefix, "ps", "--all", "--format", "json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def healthy(self, *services: str) -> bool:
        well = {row["Service"] for row in self.rows() if row["Health"] == "healthy"}
        return well >= set(services)

    def inspected(self) -> list[dict[str, Any]]:
        """Docker's own word on every container of this server."""
        ids = self.compose("ps", "--all", "--quiet").split()
        done = subprocess.run(["docker", "inspect", *ids], check=True, capture_output=True, text=True)
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def readiness(self) -> str:
        """What each worker says of itself: lags, gaps, quarantine."""
        ask = ("busybox", "wget", "-q", "-O", "-", "http://127.0.0.1:8000/readyz")
        workers = [row["Service"] for row in self.rows() if row["Service"].endswith("-worker")]
        return "\n".join(f"{w}: {self.compose('exec', '-T', w, *ask, check=False)}" for w in workers)

    def kill_process(self, service: str) -> None:
        """SIGKILL the main process as a crash would: `docker kill` would count as somebody's wish."""
        (row,) = [row for row in self.rows() if row["Service"] == service]
        inspect = ["docker", "inspect", "--format", "{{.State.Pid}}", row["ID"]]
        pid = subprocess.run(inspect, check=True, capture_output=True, text=True).stdout.strip()
        os.kill(int(pid), 9)

    def cut(self, service: str, network: str) -> None:
        """Take its container off this network, as a cable that was pulled."""
        self._network("disconnect", service, network)

    def join(self, service: str, network: str) -> None:
        """Put it back."""
        self._network("connect", service, network)

    def _network(self, change: str, service: str, network: str) -> None:
        (row,) = [row for row in self.rows() if row["Service"] == service]
        subprocess.run(["docker", "network", change, f"{self.project}_{network}", row["ID"]], check=True)

    def doctor(self) -> tuple[int, list[str]]:
        """Its exit status, and its lines that are not well."""
        done = self.quntuan("doctor", "--state", "", check=False)
        assert "PostgreSQL" in done.stdout, done.stderr[-2000:]
        return done.returncode, [line for line in done.stdout.splitlines() if line[:1] in {"!", "✗"}]

    def recount(self) -> str:
        """How every row of the hub compares with its owner, in one word."""
        return self.quntuan("recount", "--state", "").stdout.split()[-1]

    def rebuild(self) -> None:
        """The hub's projection anew, beside the one in use, then in its place."""
        assert "已重建并切换" in self.quntuan("rebuild", "--state", "").stdout

    def sql(self, service: str, query: str) -> str:
        word = (self.state.secrets / "jobs" / "superuser").read_text().strip()
        return self.compose(
            *(
                "exec",
                "-T",
                "-e",
                f"PGPASSWORD={word}",
                "postgres",
                "psql",
                "-h",
                "127.0.0.1",
                "-U",
                "postgres",
            ),
            *("-Atc", query, f"quntuan_{service}"),
        ).strip()

    def visitor(self, service: str, login: str) -> Visitor:
        """Through the proxy, by name, over TLS checked against our own authority."""
        url = f"https://{service}.quntuan.localhost:{self.port}"
        visitor = Visitor(url)
        visitor.client.close()
        transport = ByName(verify=self.authority())
        visitor.client = httpx.Client(base_url=url, headers={"origin": url}, transport=transport, timeout=60)
        return visitor.sign_in(login)

    def authority(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.state.tls / "ca.crt")

    def protocol(self) -> str | None:
        """What a browser that knows HTTP/2 agrees on with the proxy."""
        with self.connection("hub", "h2", "http/1.1") as secure:
            return secure.selected_alpn_protocol()

    def announced(self, visitor: Visitor, path: str, length: int) -> str:
        """The proxy's or the service's answer to the head of so long a body, none of which is sent."""
        name = visitor.client.base_url.host
        head = visitor.client.build_request(
            "POST", path, headers={"content-length": str(length), "x-csrf-token": visitor.csrf}
        ).headers
        lines = [f"POST {path} HTTP/1.1", *(f"{key}: {value}" for key, value in head.items())]
        with self.connection(name.partition(".")[0]) as secure:
            secure.sendall("\r\n".join([*lines, "", ""]).encode())
            return secure.recv(65536).decode()

    @contextmanager
    def connection(self, service: str, *protocols: str) -> Iterator[ssl.SSLSocket]:
        """TLS to the proxy, for this service by name."""
        context = self.authority()
        context.set_alpn_protocols(protocols)
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=f"{service}.quntuan.localhost") as secure,
        ):
            yield secure

    def down(self) -> None:
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "20", check=False)


class Bundled(Server):
    """From a copy of the bundle, by what lies in it: nothing of the checkout is asked."""

    def __init__(self, bundle: Path, folder: Path) -> None:
        self.home = shutil.copytree(bundle, folder, copy_function=os.link)
        super().__init__(self.home / "state")
        del self.environment["QUNTUAN_STATE"]
        self.command = ("./quntuan",)

    @property
    def prefix(self) -> list[str]:
        return [str(self.home / "quntuan"), "compose"]

    def down(self) -> None:
        super().down()
        (self.home / "images.tar.gz").unlink()  # pytest keeps the folders of some runs


NEWCOMERS = [name_of(number) for number in range(20)]


def admit_newcomers(clerk: Visitor, numbers: Iterable[int] = range(len(NEWCOMERS))) -> None:
    """Onto the roll, one form each; they agree to be shown at the hub."""
    unit = clerk.json("GET", "/api/v1/units")["items"][0]["id"]
    for number in numbers:
        fields = {
            "name": name_of(number),
            "identity": identity_of(number),
            "joined_on": "2024-10-08",
            "consent": "yes",
        }
        clerk.json("POST", "/api/v1/members", json={"unit_id": unit, "fields": fields})


def eventually(check: Callable[[], bool], seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True
