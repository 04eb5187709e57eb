"""Lines between servers: a site's to the hub, and those of a hub whose bus is on three."""

from collections.abc import Iterable, Iterator

import httpx

from deploy.doctor.findings import Finding

MEND = "quntuan compose logs nats; 端口、证书、钥匙 / ports, certificates, keys: RUNBOOK.md「分站」"


def lines(monitor: str, accounts: Iterable[str]) -> Iterator[Finding]:
    """Whether each account's line to another server is there: at a site its own, at the hub's every site's.

    Of a bus on three servers only its own lines are told: a site's ends at any of them.
    """
    try:
        with httpx.Client(base_url=monitor, timeout=5, trust_env=False) as client:
            others = client.get("/varz").json().get("cluster", {}).get("urls") or ()
            routes = {route["remote_name"] for route in client.get("/routez").json().get("routes") or ()}
            connected = {leaf["account"] for leaf in client.get("/leafz").json().get("leafs") or ()}
    except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError):
        return  # that the bus does not answer is a line of its own
    if others:
        said = f"{len(routes) + 1} / {len(others) + 1} 台相连 / servers are joined"
        well = len(routes) >= len(others)
        yield Finding("ok" if well else "bad", "总线 / bus", said, "" if well else MEND)
        return
    for account in accounts:
        if account in connected:
            yield Finding("ok", f"线路 / line {account}", "已连通 / connected")
        else:
            said = "断开:两边照常工作,连通后补送 / cut: both work on, what was said arrives later"
            yield Finding("bad", f"线路 / line {account}", said, MEND)
