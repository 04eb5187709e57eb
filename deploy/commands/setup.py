"""`quntuan setup`: the state folder of a server in containers: passwords, keys, certificates."""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from deploy.commands.asked import refuse_another, refuse_misplaced, refuse_nonsense
from deploy.commands.common import CommandError, packages
from deploy.containers import certificates, images
from deploy.containers.bus import Site, configure
from deploy.containers.state import State, copy, state, write
from deploy.local.packages import organisations
from deploy.topology.names import HUB

USUAL = {
    "QUNTUAN_DOMAIN": "quntuan.localhost",
    "QUNTUAN_LISTEN": "127.0.0.1",
    "QUNTUAN_HTTPS_PORT": "8443",
    "QUNTUAN_SYNTHETIC": "false",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Nothing has a default here: what is not said stays as it was said before."""
    parser.add_argument("--domain", help="union.<domain>, hub.<domain> ...; at first quntuan.localhost")
    parser.add_argument("--listen", help="address the proxy listens on; at first 127.0.0.1")
    parser.add_argument("--port", type=int, help="its port; at first 8443")
    parser.add_argument("--state", default="", help="folder; default QUNTUAN_STATE or deploy/state")
    parser.add_argument("--site", help="`hub` or an organisation's code; at first: all on one server")
    parser.add_argument(
        "--hub", action="append", default=[], help="organisation: the hub's leaf address, host:7422"
    )
    parser.add_argument(
        "--node", action="append", default=[], help="hub: a server of its bus, <node>.<domain>; three"
    )
    parser.add_argument("--hub-ca", help="organisation: certificate of the hub's authority")
    parser.add_argument("--match-key", help="organisation: the key all organisations share, as a file")
    parser.add_argument(
        "--synthetic", action=argparse.BooleanOptionalAction, help="a demo: synthetic people are accepted"
    )
    parser.add_argument(
        "--renew-certificates", action="store_true", help="certificates made here anew; all else stays"
    )


def run(arguments: argparse.Namespace) -> int:
    """Safe to repeat: what is there stays, what is missing is made."""
    here = state(arguments.state)
    refuse_nonsense(arguments)
    domain = arguments.domain or here.told().get("QUNTUAN_DOMAIN") or USUAL["QUNTUAN_DOMAIN"]
    before = Site.before(here)
    site = said(before or Site(), arguments, domain)
    refuse_another(here, site, before)
    refuse_misplaced(here, site, arguments)
    names = [f"*.{domain}", domain]
    if not site.node:
        make(here, site, arguments, names)
    if arguments.renew_certificates:
        renew(here, site, names)
    told = environment(here, site, arguments)
    write(here.env, "".join(f"{name}={value}\n" for name, value in told.items()))
    here.open_to_containers()
    tell_next(here, site, before, arguments)
    return 0


def said(before: Site, arguments: argparse.Namespace, domain: str) -> Site:
    """What this server is: said now, or else before. Servers of a bus are in the domain that holds now."""
    nodes = [f"{label}.{domain}" for label in arguments.node or before.labels]
    return replace(before, code=arguments.site or before.code, hub=arguments.hub or before.hub, nodes=nodes)


def tell_next(here: State, site: Site, before: Site | None, arguments: argparse.Namespace) -> None:
    """What is to be done now, here."""
    command = f"QUNTUAN_STATE={here.root} quntuan" if arguments.state else "quntuan"
    print(f"已就绪 / ready: {here.root}\n下一步 / next: {command} compose up --detach --wait")
    if before and (arguments.hub or arguments.hub_ca):
        print(f"生效 / to take effect: {command} compose restart nats")
    if before is None and site.code not in {"", HUB} and not arguments.match_key:
        print(
            f"这里生成了匹配密钥 {here.secrets / 'jobs' / 'match-key'}:各组织须用同一把(--match-key) /"
            " a match key was made here: all organisations need the same"
        )
    if not site.node:
        print(f"然后 / then: {command} backup; {command} accounts --state '' new <login> <姓名>")


def make(here: State, site: Site, arguments: argparse.Namespace, names: Sequence[str]) -> None:
    """Secrets, configuration of the bus, certificates for these names."""
    known = [package.code for package in packages()]
    if site.code and site.code not in known:
        raise CommandError(f"没有这个服务 / no such service: {site.code}")
    services = [site.code] if site.code else known
    bring(arguments.match_key, here.secrets / "jobs" / "match-key", once=True)
    here.make(services)
    site.save(here)
    bring(arguments.hub_ca, here.bus / "ca.crt")
    configure(here, organisations(packages()))
    here.hand_out_seeds(services)
    for folder in with_certificates(here, site):
        certificates.ensure(here.root / "authority", folder, names)
    make_recovery_key(here)
    if here.recovery_key.exists():
        print(
            f"请把 {here.recovery_key} 移到别处保管:没有它,备份无法恢复;留在这里,备份等于没有加密。\n"
            "Carry recovery.key away from this server: backups cannot be read without it."
        )


def with_certificates(here: State, site: Site) -> list[Path]:
    """The proxy's folder; at the hub those of its bus too, one on each of its servers."""
    buses = [here, *map(here.node, site.nodes[1:])] if site.code == HUB else []
    return [here.tls, *(server.bus for server in buses)]


def renew(here: State, site: Site, names: Sequence[str]) -> None:
    """Before they end; what the authority's certificate was given to goes on trusting them."""
    for folder in with_certificates(here, site):
        done = certificates.renew(here.root / "authority", folder, names)
        said = "已换新 / renewed" if done else "不是本机签发,未动 / not made here, left alone"
        print(f"{folder / 'server.crt'}: {said}")
    print("生效 / to take effect: quntuan compose restart proxy nats")


def bring(named: str | None, target: Path, *, once: bool = False) -> None:
    """A file of another server; `once`: what is there already is not exchanged."""
    if not named:
        return
    if not Path(named).is_file():
        raise CommandError(f"没有这个文件 / no such file: {named}")
    given = Path(named).read_bytes().strip()
    if not given.isascii():
        raise CommandError(f"不是要的文件 / not the file that is wanted: {named}")
    if once and target.exists() and target.read_bytes().strip() != given:
        raise CommandError(
            f"这里已有另一把 / another one is here: {target}\n"
            "换掉后,已录入的人同其他组织的不再匹配;没有数据时才可删去再来 /"
            " who was entered before would not be matched any more; delete it only while there is no data"
        )
    copy(Path(named), target)


def environment(here: State, site: Site, arguments: argparse.Namespace) -> dict[str, str]:
    """What compose is told, nothing secret: said now, or before, or usual; the operator's own lines stay."""
    synthetic = None if arguments.synthetic is None else str(arguments.synthetic).lower()
    asked = (arguments.domain, arguments.listen, arguments.port, synthetic)
    said = {name: str(value) for name, value in zip(USUAL, asked, strict=True) if value is not None}
    told = {**USUAL, **here.told(), **said}
    port = told["QUNTUAN_HTTPS_PORT"]
    return {
        **told,
        "QUNTUAN_STATE": str(here.root),
        "QUNTUAN_SITE": site.code,
        "QUNTUAN_MANIFEST": site.manifest,
        "QUNTUAN_REPLICAS": str(len(site.nodes) or 1),
        "QUNTUAN_VERSION": images.release(),
        "QUNTUAN_PUBLIC_PORT": "" if port == "443" else f":{port}",
    }


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
