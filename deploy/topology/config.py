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


def server_config(codes: Sequence[str], keys: Mapping[str, PublicKeys], listen: Listen) -> str:
    """Configuration text for these organisations. `keys` is by code, with `hub` and `sys`."""
    organisations = [Organisation(code) for code in codes]
    accounts = {organisation.account: _account(organisation, keys) for organisation in organisations}
    accounts[HUB_ACCOUNT] = _hub(organisations, keys[names.HUB])
    accounts[SYSTEM_ACCOUNT] = {"users": [ops_user(keys["sys"].ops)]}
    server = {
        "server_name": listen.name,
        "listen": f"{listen.host}:{listen.port}",
        "http": f"{listen.host}:{listen.monitor_port}",
        "max_payload": 1024 * 1024,
        # every acknowledged event is on the disc (default: an fsync every two minutes)
        "jetstream": {"store_dir": str(listen.store), "sync_interval": "always", "max_file_store": STORE},
        "system_account": SYSTEM_ACCOUNT,
        "accounts": accounts,
    }
    return json.dumps(server, indent=2, ensure_ascii=False) + "\n"


def _account(organisation: Organisation, keys: Mapping[str, PublicKeys]) -> Block:
    code = organisation.code
    give = _source(organisation.events, organisation.events_source, organisation.events_delivery)
    take = _sourced(
        HUB_ACCOUNT,
        "hub",
        names.EVT_HUB,
        organisation.commands_source,
        organisation.commands_delivery,
    )
    return {
        "jetstream": "enabled",
        "users": _users(code, keys[code]),
        "exports": [
            *[{**export, "accounts": [HUB_ACCOUNT]} for export in give],
            {"service": names.rpc_as(code, names.HUB), "accounts": [HUB_ACCOUNT]},
        ],
        "imports": [
            *take,
            _asking(HUB_ACCOUNT, names.HUB, code),
        ],
    }


def _hub(organisations: Sequence[Organisation], keys: PublicKeys) -> Block:
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
        )
        asked_as = names.rpc_as(names.HUB, organisation.code)
        exports.append({"service": asked_as, "accounts": [organisation.account]})
        imports.append(_asking(organisation.account, organisation.code, names.HUB))
    return {
        "jetstream": "enabled",
        "users": _users(names.HUB, keys),
        "exports": exports,
        "imports": imports,
    }


def _users(code: str, keys: PublicKeys) -> list[Block]:
    return [service_user(code, keys.service), ops_user(keys.ops)]


def _asking(account: str, owner: str, asker: str) -> Block:
    """Requests to another account's service: it learns from the subject which account asks."""
    service = {"account": account, "subject": names.rpc_as(owner, asker)}
    return {"service": service, "to": names.rpc(owner)}


def _source(stream: str, consumer: str, delivery: str) -> list[Block]:
    """What another account needs to source `stream` by one prepared consumer, and nothing more."""
    return [
        {"service": f"$JS.API.CONSUMER.RESET.{stream}.{consumer}"},
        {"service": f"$JS.FC.{stream}.>"},
        {"stream": delivery},
    ]


def _sourced(account: str, alias: str, stream: str, consumer: str, delivery: str) -> list[Block]:
    """The other half: import it, the owner's API under the prefix `JS.<alias>.API`."""
    reset = f"API.CONSUMER.RESET.{stream}.{consumer}"
    return [
        {"service": {"account": account, "subject": f"$JS.{reset}"}, "to": f"JS.{alias}.{reset}"},
        {"service": {"account": account, "subject": f"$JS.FC.{stream}.>"}},
        {"stream": {"account": account, "subject": delivery}},
    ]
