"""`quntuan setup`: the state folder of a server in containers: passwords, keys, certificates."""

import argparse
import shutil
from pathlib import Path

from deploy.commands.common import CommandError, packages
from deploy.containers import certificates, images
from deploy.containers.bus import Site, configure
from deploy.containers.state import State, copy, state, write
from deploy.local.packages import organisations
from deploy.topology.names import HUB


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--domain", default="quntuan.localhost", help="union.<domain>, hub.<domain> ...")
    parser.add_argument("--listen", default="127.0.0.1", help="address the proxy listens on")
    parser.add_argument("--port", type=int, default=8443, help="its port")
    parser.add_argument("--state", default="", help="folder; default QUNTUAN_STATE or deploy/state")
    parser.add_argument(
        "--site", default="", help="`hub` or an organisation's code; default: all on one server"
    )
    parser.add_argument(
        "--hub", action="append", default=[], help="organisation: the hub's leaf address, host:7422"
    )
    parser.add_argument("--hub-ca", default="", help="organisation: certificate of the hub's authority")
    parser.add_argument(
        "--match-key", default="", help="organisation: the key all organisations share, as a file"
    )
    parser.add_argument("--synthetic", action="store_true", help="a demo: synthetic people are accepted")


def run(arguments: argparse.Namespace) -> int:
    """Safe to repeat: what is there stays, what is missing is made."""
    here = state(arguments.state)
    known = [package.code for package in packages()]
    if arguments.site and arguments.site not in known:
        raise CommandError(f"没有这个服务 / no such service: {arguments.site}")
    services = [arguments.site] if arguments.site else known
    if arguments.match_key:
        copy(Path(arguments.match_key), here.secrets / "jobs" / "match-key")
    here.make(services)
    Site(arguments.site, arguments.hub).save(here)
    if arguments.hub_ca:
        copy(Path(arguments.hub_ca), here.bus / "ca.crt")
    configure(here, organisations(packages()))
    here.hand_out_seeds(services)
    names = [f"*.{arguments.domain}", arguments.domain]
    certificates.ensure(here.root / "authority", here.tls, names)
    if arguments.site == HUB:
        certificates.ensure(here.root / "authority", here.bus, names)
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
        "QUNTUAN_SITE": arguments.site,
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
    if not here.recovery_key.exists():
        if not shutil.which("docker"):
            raise CommandError("需要 docker / docker is needed")
        image = next(image.tag for image in images.every_image() if image.name == "postgres")
        keygen = ("run", "--rm", "--network=none", "--entrypoint=age-keygen", image)
        write(here.recovery_key, images.docker(*keygen))
    lines = here.recovery_key.read_text(encoding="ascii").splitlines()
    write(recipient, next(line for line in lines if "public key:" in line).rpartition(" ")[2] + "\n")
