"""What `quntuan setup` is asked: well formed, in its place, and no other server than this one was before."""

import argparse
import re
from ipaddress import ip_address

from deploy.commands.common import CommandError
from deploy.containers.bus import Site
from deploy.containers.state import State
from deploy.topology.names import HUB

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
HOST = re.compile(rf"{LABEL.pattern}(\.{LABEL.pattern})*")
LEAF = re.compile(rf"{HOST.pattern}:\d{{2,5}}")


def refuse_nonsense(arguments: argparse.Namespace) -> None:
    """What no server can have: told now, not found out by whoever wonders why nothing comes up."""
    wrong = [
        *(["--port 1-65535"] if arguments.port is not None and not 0 < arguments.port < 65536 else []),
        *(["--listen"] if arguments.listen and not _is_address(arguments.listen) else []),
        *(["--domain"] if arguments.domain and not HOST.fullmatch(arguments.domain) else []),
        *(f"--hub host:port ({hub})" for hub in arguments.hub if not LEAF.fullmatch(hub)),
        *(f"--node ({node})" for node in arguments.node if not LABEL.fullmatch(node)),
    ]
    if wrong:
        raise CommandError(f"写法不对 / not well formed: {', '.join(wrong)}")


def refuse_another(here: State, site: Site, before: Site | None) -> None:
    """What a server is, is said once: its names, volumes and streams follow from it."""
    if before is None:
        return
    if before.code != site.code or before.labels != site.labels:
        was = before.code or "全部 / all on one server"
        raise CommandError(
            f"这里已是 {was}:--site、--node 不能再改,另一台服务器请用另一个状态文件夹 /"
            f" {here.root} is {was} already; another server has another state folder"
        )


def refuse_misplaced(here: State, site: Site, arguments: argparse.Namespace) -> None:
    """What belongs to another kind of server, and what this kind cannot be without."""
    if len(site.nodes) not in {0, 3}:
        raise CommandError("总线用一台或三台服务器 / a bus is on one server or on three: --node three times")
    if site.node and arguments.renew_certificates:
        raise CommandError("请在总线的第一台服务器上运行 / to be run on the first server of the bus")
    if site.nodes and site.code != HUB:
        raise CommandError("--node 用于 --site hub / --node is for the hub's site")
    if site.code == HUB and arguments.match_key:
        raise CommandError("匹配密钥不能交给协同平台 / the hub must not have the match key")
    if site.code in {"", HUB} and (arguments.hub or arguments.hub_ca):
        raise CommandError("--hub、--hub-ca 用于组织的站点 / are for an organisation's site")
    if site.code not in {"", HUB} and not (site.hub and (arguments.hub_ca or (here.bus / "ca.crt").exists())):
        raise CommandError("组织的站点还要 --hub、--hub-ca / an organisation's site needs both")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
