"""`quntuan setup`: the state folder of a server in containers - passwords, keys, certificates, configuration."""

import argparse
import shutil
from pathlib import Path

from deploy.commands.common import CommandError, packages
from deploy.containers import certificates, images
from deploy.containers.state import State, state, write
from deploy.local.packages import organisations
from deploy.topology.config import Listen, server_config
from deploy.topology.keys import ensure_keys


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--domain", default="quntuan.localhost", help="union.<domain>, hub.<domain> ...")
    parser.add_argument("--listen", default="127.0.0.1", help="address the proxy listens on")
    parser.add_argument("--port", type=int, default=8443, help="its port")
    parser.add_argument("--state", default="", help="folder; default QUNTUAN_STATE or deploy/state")
    parser.add_argument("--synthetic", action="store_true", help="a demo: synthetic people are accepted")


def run(arguments: argparse.Namespace) -> int:
    """Safe to repeat: what is there stays, what is missing is made."""
    here = state(arguments.state)
    services = [package.code for package in packages()]
    here.make(services)
    keys = ensure_keys(here.seeds, organisations(packages()))
    here.hand_out_seeds(services)
    listen = Listen(Path("/data/js"), 4222, 8222, host="0.0.0.0")  # noqa: S104 - inside its container
    write(here.bus / "nats.conf", server_config(organisations(packages()), keys, listen))
    certificates.ensure(here.root / "authority", here.tls, [f"*.{arguments.domain}", arguments.domain])
    make_recovery_key(here)
    write(here.env, environment(here, arguments))
    here.open_to_containers()
    print(
        f"已就绪 / ready: {here.root}\n"
        f"请把 {here.recovery_key} 移到别处保管:没有它,备份无法恢复;留在这里,备份等于没有加密。\n"
        "Carry recovery.key away from this server: backups cannot be read without it.\n"
        "下一步 / next: quntuan compose up --wait"
    )
    return 0


def environment(here: State, arguments: argparse.Namespace) -> str:
    """What compose is told: nothing secret."""
    told = {
        "QUNTUAN_STATE": str(here.root),
        "QUNTUAN_VERSION": images.release(),
        "QUNTUAN_DOMAIN": arguments.domain,
        "QUNTUAN_LISTEN": arguments.listen,
        "QUNTUAN_HTTPS_PORT": str(arguments.port),
        "QUNTUAN_PUBLIC_PORT": "" if arguments.port == 443 else f":{arguments.port}",
        "QUNTUAN_SYNTHETIC": "true" if arguments.synthetic else "false",
    }
    return "".join(f"{name}={value}\n" for name, value in told.items())


def make_recovery_key(here: State) -> None:
    """The pair for the backups: its public half stays on the server."""
    recipient = here.of("postgres") / "recipient"
    if recipient.exists():
        return
    if not shutil.which("docker"):
        raise CommandError("需要 docker / docker is needed")
    image = next(image.tag for image in images.every_image() if image.name == "postgres")
    text = images.docker("run", "--rm", "--network=none", "--entrypoint=age-keygen", image)
    write(here.recovery_key, text)
    write(recipient, next(line for line in text.splitlines() if "public key:" in line).rpartition(" ")[2] + "\n")
