"""The bus's configuration in the state folder: one server for all, a hub's site, an organisation's site."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from deploy.containers.state import State, write
from deploy.topology.config import Listen, PublicKeys, server_config
from deploy.topology.keys import ensure_keys, public_key, seed_file
from deploy.topology.names import HUB, Organisation
from deploy.topology.sites import Cluster, Tls, hub_config, site_config

INSIDE = Path("/etc/nats")
"""Where the containers see the bus's folder."""
LEAF_PORT, CLUSTER_PORT = 7422, 6222


@dataclass(frozen=True)
class Site:
    """What this server is: everything, the hub, or one organisation with the hub's leaf addresses."""

    code: str = ""
    hub: Sequence[str] = ()
    nodes: Sequence[str] = ()
    """The hub's: the servers of its bus, when they are three; its services are on the first."""
    node: str = ""
    """Which of them, on the others."""

    @classmethod
    def of(cls, state: State) -> "Site":
        return cls(**json.loads((state.root / "site.json").read_text(encoding="utf-8")))

    @classmethod
    def before(cls, state: State) -> "Site | None":
        """What was said of this server; None on the first time."""
        return cls.of(state) if (state.root / "site.json").exists() else None

    @property
    def labels(self) -> list[str]:
        """The servers of its bus, without their domain."""
        return [node.partition(".")[0] for node in self.nodes]

    @property
    def manifest(self) -> str:
        """Below deploy/, or in a bundle."""
        if not self.code:
            return "compose.yaml"
        if self.node:
            return "sites/hub-node.yaml"
        return "sites/hub.yaml" if self.code == HUB else "sites/organisation.yaml"

    def save(self, state: State) -> None:
        write(state.root / "site.json", json.dumps(asdict(self)))


def configure(state: State, codes: Sequence[str]) -> None:
    """Write nats.conf anew from keys and admitted sites."""
    site = Site.of(state)
    own = [code for code in codes if code == site.code] if site.code else codes
    keys = ensure_keys(state.seeds, own)
    everywhere = "0.0.0.0"  # noqa: S104 - inside its container
    listen = Listen(Path("/data/js"), 4222, 8222, host=everywhere, name=site.code or "quntuan")
    if not site.code:
        config = server_config(codes, keys, listen)
    elif site.code == HUB:
        config = _hub(state, site, keys, listen)
    else:
        seed = leaf_seed(state, site.code)
        public_key(seed)
        word = seed.read_text(encoding="ascii").strip()
        config = site_config(site.code, keys, listen, site.hub, word, INSIDE / "ca.crt")
    write(state.bus / "nats.conf", config)


def _hub(state: State, site: Site, keys: Mapping[str, PublicKeys], listen: Listen) -> str:
    """This server's; those of its cluster's others go into the state folders that are carried to them."""

    def of(node: str) -> str:
        others = [f"{other}:{CLUSTER_PORT}" for other in site.nodes if other != node]
        cluster = Cluster(CLUSTER_PORT, others) if others else None
        return hub_config(admitted(state), keys, replace(listen, name=node), LEAF_PORT, Tls(INSIDE), cluster)

    for node in site.nodes[1:]:
        replace(site, node=node).save(state.node(node))
        write(state.node(node).bus / "nats.conf", of(node))
    return of(next(iter(site.nodes), HUB))


def leaf_seed(state: State, code: str) -> Path:
    """Beside the other secrets but in no container: the configuration carries it."""
    return seed_file(state.root, code, "leaf")


def admitted(state: State) -> dict[str, list[str]]:
    """Public keys of each organisation's server, at the hub's site."""
    folder = state.bus / "leaves"
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return {file.name: file.read_text(encoding="ascii").split() for file in files}


def holder(state: State, key: str) -> str:
    """The organisation whose server comes in with this key; empty when none does."""
    return next((code for code, keys in admitted(state).items() if key in keys), "")


def admit(state: State, code: str, key: str) -> None:
    """From now on a server with this key, which `is_public` and nobody else's, comes in as `code`."""
    _write(state, code, [*[k for k in admitted(state).get(code, []) if k != key], key])


def revoke(state: State, code: str, key: str) -> bool:
    """Whether it was admitted. The organisation stays known: what it said before is kept."""
    keys = admitted(state).get(code, [])
    if key not in keys:
        return False
    _write(state, code, [k for k in keys if k != key])
    return True


def _write(state: State, code: str, keys: Sequence[str]) -> None:
    write(state.bus / "leaves" / Organisation(code).code, "".join(f"{key}\n" for key in keys))
