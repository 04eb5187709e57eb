"""The server's configuration: one account per organisation, exports and imports by exact name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.topology import names
from deploy.topology.limits import STORE
from deploy.topology.names import HUB_ACCOUNT, SYSTEM_ACCOUNT, Organisation
from deploy.topology.rights import ops_user, service_user

Block = dict[str, Any]


@dataclass(frozen=True)
class PublicKeys:
    """Public nkeys of one account's two users; `service` is empty for the system account."""

    ops: str
    service: str = ""


@dataclass(frozen=True)
class Listen:
    """Where one server listens and stores."""

    store: Path
    port: int
    monitor_port: int
    host: str = "127.0.0.1"
    name: str = "quntuan"

    def server(self, domain: str = "") -> Block:
        """What every server's configuration begins with."""
        store: Block = {"store_dir": str(self.store), "max_file_store": STORE}
        # every acknowledged event is on the disc (default: an fsync every two minutes)
        store["sync_interval"] = "always"
        if domain:
            store["domain"] = domain
        return {
            "server_name": self.name,
            "listen": f"{self.host}:{self.port}",
            "http": f"{self.host}:{self.monitor_port}",
            "max_payload": 1024 * 1024,
            "jetstream": store,
            "system_account": SYSTEM_ACCOUNT,
        }


def server_config(codes: Sequence[str], keys: Mapping[str, PublicKeys], listen: Listen) -> str:
    """Configuration text for these organisations. `keys` is by code, with `hub` and `sys`."""
    organisations = [Organisation(code) for code in codes]
    accounts = {organisation.account: _account(organisation, keys) for organisation in organisations}
    accounts[HUB_ACCOUNT] = hub_account(organisations, keys[names.HUB])
    accounts[SYSTEM_ACCOUNT] = {"users": [ops_user(keys["sys"].ops)]}
    return text({**listen.server(), "accounts": accounts})


def text(server: Block) -> str:
    """As the server reads it."""
    return json.dumps(server, indent=2, ensure_ascii=False) + "\n"


def _account(organisation: Organisation, keys: Mapping[str, PublicKeys]) -> Block:
    users = own_users(organisation.code, keys[organisation.code])
    return {"jetstream": "enabled", "users": users, **exchange(organisation)}


def exchange(organisation: Organisation, domain: str = "") -> Block:
    """What an organisation's account gives to the hub's and takes from it; `domain`: a site's."""
    code = organisation.code
    give = _source(organisation.events, organisation.events_source, organisation.events_delivery, domain)
    take = _sourced(
        HUB_ACCOUNT,
        "hub",
        names.EVT_HUB,
        organisation.commands_source,
        organisation.commands_delivery,
    )
    return {
        "exports": [
            *[{**export, "accounts": [HUB_ACCOUNT]} for export in give],
            {"service": names.rpc_as(code, names.HUB), "accounts": [HUB_ACCOUNT]},
        ],
        "imports": [
            *take,
            _asking(HUB_ACCOUNT, names.HUB, code),
        ],
    }


def hub_account(organisations: Sequence[Organisation], keys: PublicKeys, *, sites: bool = False) -> Block:
    """`sites`: each organisation's streams are in a JetStream domain of its own, named like it."""
    exports: list[Block] = []
    imports: list[Block] = []
    for organisation in organisations:
        give = _source(names.EVT_HUB, organisation.commands_source, organisation.commands_delivery)
        exports += [{**export, "accounts": [organisation.account]} for export in give]
        imports += _sourced(
            organisation.account,
            organisation.code,
            organisation.events,
            organisation.events_source,
            organisation.events_delivery,
            organisation.code if sites else "",
        )
        asked_as = names.rpc_as(names.HUB, organisation.code)
        exports.append({"service": asked_as, "accounts": [organisation.account]})
        imports.append(_asking(organisation.account, organisation.code, names.HUB))
    return {
        "jetstream": "enabled",
        "users": own_users(names.HUB, keys),
        "exports": exports,
        "imports": imports,
    }


def own_users(code: str, keys: PublicKeys) -> list[Block]:
    """The service and the deploy job of one account."""
    return [service_user(code, keys.service), ops_user(keys.ops)]


def _asking(account: str, owner: str, asker: str) -> Block:
    """Requests to another account's service: it learns from the subject which account asks."""
    service = {"account": account, "subject": names.rpc_as(owner, asker)}
    return {"service": service, "to": names.rpc(owner)}


def _source(stream: str, consumer: str, delivery: str, domain: str = "") -> list[Block]:
    """What another account needs to source `stream` by one prepared consumer, and nothing more."""
    return [
        {"service": f"{_api(domain)}.CONSUMER.RESET.{stream}.{consumer}"},
        {"service": f"$JS.FC.{stream}.>"},
        {"stream": delivery},
    ]


def _sourced(
    account: str, alias: str, stream: str, consumer: str, delivery: str, domain: str = ""
) -> list[Block]:
    """The other half: import it, the owner's API under the prefix `JS.<alias>.API`."""
    reset = f"CONSUMER.RESET.{stream}.{consumer}"
    return [
        {
            "service": {"account": account, "subject": f"{_api(domain)}.{reset}"},
            "to": f"JS.{alias}.API.{reset}",
        },
        {"service": {"account": account, "subject": f"$JS.FC.{stream}.>"}},
        {"stream": {"account": account, "subject": delivery}},
    ]


def _api(domain: str) -> str:
    """JetStream's API, of this server or of a domain behind a leaf node."""
    return f"$JS.{domain}.API" if domain else "$JS.API"
