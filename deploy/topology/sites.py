"""The bus when each organisation has a server of its own: a hub server or cluster, and leaf nodes.

At the hub an organisation is an account without streams in which its leaf node lands; what may pass between
that account and the hub's is what one server allows, by the same lines. The organisation's streams are in a
JetStream domain of its own on its own server, which works on when the line is down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.topology import names
from deploy.topology.config import Block, Listen, PublicKeys, exchange, hub_account, own_users, text
from deploy.topology.names import HUB_ACCOUNT, SYSTEM_ACCOUNT, Organisation
from deploy.topology.rights import ops_user


@dataclass(frozen=True)
class Tls:
    """A folder with `<name>.crt`, `<name>.key` and `ca.crt`."""

    folder: Path
    name: str = "server"

    @property
    def block(self) -> Block:
        return {
            "cert_file": str(self.folder / f"{self.name}.crt"),
            "key_file": str(self.folder / f"{self.name}.key"),
            "ca_file": str(self.folder / "ca.crt"),
        }


@dataclass(frozen=True)
class Cluster:
    """This server's port for the others of the hub, and where all of them are (`host:port`)."""

    port: int
    others: Sequence[str]
    name: str = "hub"


def hub_config(
    leaves: Mapping[str, Sequence[str]],
    keys: Mapping[str, PublicKeys],
    listen: Listen,
    leaf_port: int,
    tls: Tls,
    cluster: Cluster | None = None,
) -> str:
    """One hub server. `leaves`: the public keys an organisation's leaf node may come with.

    Two while one replaces the other; none: nobody of it comes in.
    """
    organisations = [Organisation(code) for code in leaves]
    accounts: Block = {
        organisation.account: {
            "users": [leaf_user(key) for key in leaves[organisation.code]],
            **exchange(organisation, organisation.code),
        }
        for organisation in organisations
    }
    accounts[HUB_ACCOUNT] = hub_account(organisations, keys[names.HUB], sites=True)
    accounts[SYSTEM_ACCOUNT] = {"users": [ops_user(keys["sys"].ops)]}
    server = listen.server(names.HUB)
    server["leafnodes"] = {"listen": f"{listen.host}:{leaf_port}", "tls": tls.block, "no_advertise": True}
    if cluster:
        routes = [f"nats-route://{other}" for other in cluster.others]
        server["cluster"] = {
            "name": cluster.name,
            "listen": f"{listen.host}:{cluster.port}",
            "routes": routes,
            # the others' inner addresses mean nothing to this one's services
            "no_advertise": True,
            # only a server with a certificate of our authority joins
            "tls": {**tls.block, "verify": True},
        }
    return text({**server, "accounts": accounts})


def leaf_user(key: str) -> Block:
    """A site's own server, and nothing else, comes in with this key."""
    return {"nkey": key, "allowed_connection_types": ["LEAFNODE"]}


def site_config(
    code: str, keys: Mapping[str, PublicKeys], listen: Listen, hub: Sequence[str], seed: str, ca: Path
) -> str:
    """An organisation's server; `hub`: the hub's leaf ports (`host:port`), `seed`: its leaf node's secret."""
    organisation = Organisation(code)
    server = listen.server(code)
    remote = {
        "urls": [f"tls://{address}" for address in hub],
        "nkey": seed,
        "account": organisation.account,
        # the hub's inner addresses mean nothing here
        "ignore_discovered_servers": True,
        "tls": {"ca_file": str(ca)},
    }
    server["leafnodes"] = {"reconnect": "1s", "remotes": [remote]}
    accounts = {
        organisation.account: {"jetstream": "enabled", "users": own_users(code, keys[code])},
        SYSTEM_ACCOUNT: {"users": [ops_user(keys["sys"].ops)]},
    }
    return text({**server, "accounts": accounts})
