"""`quntuan keys`: whose servers the hub's lets in, and the key of an organisation's own server."""

import argparse

from deploy.commands.common import CommandError, packages
from deploy.commands.compose import set_up
from deploy.containers import bus
from deploy.containers.state import State
from deploy.local.packages import organisations
from deploy.topology.keys import is_public, public_key
from deploy.topology.names import HUB, is_code

KEEP = "留存新钥匙 / to keep what is new: quntuan backup"
RESTART = "生效 / to take effect: quntuan compose restart nats"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", default="", help="folder; default QUNTUAN_STATE or deploy/state")
    doing = parser.add_subparsers(required=True, metavar="what", dest="what")
    doing.add_parser("show", help="organisation: its server's public key. hub: everybody's")
    doing.add_parser("new", help="organisation: make the next key; tell it to the hub, then switch")
    doing.add_parser("switch", help="organisation: use the next key from now on")
    for name in ("admit", "revoke"):
        change = doing.add_parser(name, help=f"hub: {name} a server's public key")
        change.add_argument("code")
        change.add_argument("key")
        if name == "admit":
            change.add_argument(
                "--new", action="store_true", help="an organisation this release does not know"
            )


def run(arguments: argparse.Namespace) -> int:
    """Each says what to do next."""
    here = set_up(arguments.state)
    site = bus.Site.of(here)
    if arguments.what in {"admit", "revoke"}:
        _at(site, hub=True)
        return _change(here, arguments)
    if arguments.what == "show" and site.code == HUB:
        for code, keys in bus.admitted(here).items():
            print(code, *keys)
        return 0
    _at(site, hub=False)
    seed = bus.leaf_seed(here, site.code)
    following = seed.with_suffix(".next")
    if arguments.what == "switch":
        if not following.exists():
            raise CommandError("请先 quntuan keys new / quntuan keys new comes first")
        following.replace(seed)
        _configure(here)
        print(RESTART)
    if arguments.what != "show":
        print(KEEP)
    print(site.code, public_key(following if arguments.what == "new" else seed))
    return 0


def _change(here: State, arguments: argparse.Namespace) -> int:
    if arguments.what == "admit":
        _check(here, arguments)
        bus.admit(here, arguments.code, arguments.key)
    elif not bus.revoke(here, arguments.code, arguments.key):
        raise CommandError("没有这把钥匙 / that key is not admitted")
    _configure(here)
    # a reload would let in a new key, but leaves who is connected alone
    print(f"{RESTART}\n然后 / then: quntuan compose run --rm provision\n{KEEP}")
    for node in bus.Site.of(here).nodes[1:]:
        print(f"也交给 / carry to {node}: {here.node(node).bus / 'nats.conf'}, quntuan setup, {RESTART}")
    return 0


def _check(here: State, arguments: argparse.Namespace) -> None:
    """A key that is none would keep the bus from starting; a code, once admitted, is known for good."""
    if not is_public(arguments.key):
        raise CommandError(
            "这不是公钥,请复制对方 quntuan keys show 所示 / not a public key: copy what keys show says"
        )
    if (other := bus.holder(here, arguments.key)) not in {"", arguments.code}:
        raise CommandError(f"这把钥匙属于 {other} / that key is {other}'s: quntuan keys revoke it first")
    known = {*organisations(packages()), *bus.admitted(here)}
    if arguments.code not in known and not (arguments.new and is_code(arguments.code)):
        raise CommandError(
            f"没有组织 {arguments.code} / no such organisation; known: {' '.join(sorted(known))}; or --new"
        )


def _configure(here: State) -> None:
    bus.configure(here, organisations(packages()))
    here.open_to_containers()


def _at(site: bus.Site, *, hub: bool) -> None:
    if (site.code == HUB) != hub or not site.code:
        where = "联席平台 / the hub's site" if hub else "组织 / an organisation's site"
        raise CommandError(f"这条命令用于 / this is for {where}")
