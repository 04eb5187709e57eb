"""Each organisation on its own server: the line is cut and mended, keys are revoked, neighbours stay apart."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import ServiceUnavailableError

from deploy.containers import certificates
from deploy.doctor.findings import Level
from deploy.doctor.lines import lines
from deploy.topology.config import Listen, PublicKeys
from deploy.topology.keys import ensure_keys, public_key, seed_file
from deploy.topology.provision import provision_hub, provision_site
from deploy.topology.sites import Tls, hub_config, site_config
from shared.kit.testing.nats import NatsServer
from shared.kit.testing.process import free_port
from tests.deploy.line import Line, line

FACT = "quntuan.{}.member.changed.v1"


@dataclass
class Site:
    """One server and the keys of its own users."""

    code: str
    folder: Path
    keys: dict[str, PublicKeys]
    server: NatsServer
    clients: list[Client] = field(default_factory=list)

    async def connect(self, user: str = "service") -> Client:
        seed = seed_file(self.folder / "seeds", self.code, user)
        prefix = f"_INBOX_{self.code}".encode()
        client = await nats.connect(self.server.url, nkeys_seed=str(seed), inbox_prefix=prefix)
        self.clients.append(client)
        return client

    @property
    def leaf_seed(self) -> Path:
        return seed_file(self.folder / "seeds", self.code, "leaf")


@dataclass
class City:
    """The hub's server, two organisations' servers, the line of one of them."""

    hub: Site
    union: Site
    league: Site
    line: Line
    leaf_port: int
    leaves: dict[str, list[str]]

    def configure_hub(self) -> None:
        tls = Tls(self.hub.folder / "tls")
        listen = listen_of(self.hub)
        text = hub_config(self.leaves, self.hub.keys, listen, self.leaf_port, tls)
        self.hub.server.config.write_text(text)

    async def leaves_at_hub(self) -> int:
        async with httpx.AsyncClient() as client:
            return int((await client.get(f"{self.hub.server.monitor_url}/leafz")).json()["leafnodes"])


def listen_of(site: Site) -> Listen:
    return Listen(site.folder / "js", site.server.port, site.server.monitor_port, name=f"{site.code}-1")


def new_site(folder: Path, code: str) -> Site:
    folder.mkdir()
    server = NatsServer(folder / "nats.conf", free_port(), free_port(), folder / "log")
    return Site(code, folder, ensure_keys(folder / "seeds", [code]), server)


def configure_site(site: Site, port: int, ca: Path) -> None:
    seed = site.leaf_seed.read_text().strip()
    text = site_config(site.code, site.keys, listen_of(site), [f"127.0.0.1:{port}"], seed, ca)
    site.server.config.write_text(text)


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while not await check():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.2)
    return True


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    hub, union, league = (new_site(tmp_path / code, code) for code in ("hub", "union", "league"))
    certificates.ensure(tmp_path / "authority", hub.folder / "tls", ["localhost", "127.0.0.1"])
    ca, leaf_port = tmp_path / "authority" / "ca.crt", free_port()
    async with line(leaf_port) as wire:
        leaves = {site.code: [public_key(site.leaf_seed)] for site in (union, league)}
        city = City(hub, union, league, wire, leaf_port, leaves)
        city.configure_hub()
        configure_site(union, wire.port, ca)
        configure_site(league, leaf_port, ca)
        try:
            for site in (hub, union, league):
                site.server.start()
            for site in (union, league):
                await provision_site(site.server.url, site.folder / "seeds", site.code)
            # in the other order it works too, but the hub's server looks for a late site only now and then
            await provision_hub(hub.server.url, hub.folder / "seeds", ["union", "league"])
            yield city
        finally:
            for site in (hub, union, league):
                for client in site.clients:
                    await client.close()
                site.server.stop()


async def say(site: Site, first: int, last: int) -> None:
    client = await site.connect()
    for number in range(first, last):
        headers = {"Nats-Msg-Id": f"{site.code}-{number}"}
        subject = FACT.format(site.code)
        await client.jetstream().publish(subject, str(number).encode(), headers=headers)


async def heard(city: City, code: str) -> list[int]:
    """The numbers of one organisation's events in the hub's copy, in its order."""
    jetstream = (await city.hub.connect("ops")).jetstream()
    state = (await jetstream.stream_info("EVT_ALL")).state
    messages = [await jetstream.get_msg("EVT_ALL", seq) for seq in range(1, state.messages + 1)]
    return [int(m.data or b"") for m in messages if m.subject == FACT.format(code)]


async def count(site: Site, stream: str) -> int:
    return (await (await site.connect("ops")).jetstream().stream_info(stream)).state.messages


@pytest.mark.slow
async def test_a_site_works_on_while_the_line_is_down_and_catches_up_in_order(city: City) -> None:
    await say(city.union, 0, 50)
    assert await eventually(lambda: _counted(city.hub, "EVT_ALL", 50))

    assert await doctored(city) == {"UNION": "ok", "LEAGUE": "ok", "here": "ok"}
    city.line.cut()
    assert await eventually(lambda: _leaves(city, 1))
    assert await doctored(city) == {"UNION": "bad", "LEAGUE": "ok", "here": "bad"}
    await say(city.union, 50, 250)
    await say(city.league, 0, 20)
    hub = await city.hub.connect()
    await hub.jetstream().publish("quntuan.hub.to.union.order.dispatched.v1", b"1", stream="EVT_HUB")
    assert await eventually(lambda: _counted(city.hub, "EVT_ALL", 70))
    assert await count(city.union, "CMD_UNION") == 0

    city.line.mend()
    assert await eventually(lambda: _counted(city.hub, "EVT_ALL", 270))
    assert await eventually(lambda: _counted(city.union, "CMD_UNION", 1))
    assert await heard(city, "union") == list(range(250))
    assert await heard(city, "league") == list(range(20))
    assert await count(city.league, "CMD_LEAGUE") == 0


async def _counted(site: Site, stream: str, messages: int) -> bool:
    """False, too, while a server that reloads its accounts has nobody to answer for its streams."""
    try:
        return await count(site, stream) == messages
    except (ServiceUnavailableError, nats.errors.TimeoutError):
        return False


async def doctored(city: City) -> dict[str, Level]:
    """What the doctor says of each line at the hub, and of its own at the union (`here`)."""
    at_hub = await asyncio.to_thread(
        lambda: list(lines(city.hub.server.monitor_url, ["UNION", "LEAGUE"])),
    )
    (here,) = await asyncio.to_thread(lambda: list(lines(city.union.server.monitor_url, ["UNION"])))
    return {found.what.split()[-1]: found.level for found in at_hub} | {"here": here.level}


async def _leaves(city: City, connected: int) -> bool:
    return await city.leaves_at_hub() == connected


async def heard_to_the_end(city: City, site: Site, said: int) -> bool:
    """Everything the site said is at the hub, in order, or at least what it says next.

    A source may skip what waited while its ends were started anew (nats-server 2.15.1: four of 250 runs, all on
    a busy machine). No copy on the bus is trusted for that reason: the hub compares owners' numbers and fetches
    what is missing (shared/kit/events/mend.py, tests/faults/test_losses.py).
    """
    if await eventually(lambda: _heard(city, site, list(range(said))), 30):
        return True
    await say(site, said, said + 1)
    return await eventually(lambda: _heard(city, site, [said], beginning=False), 60)


async def _heard(city: City, site: Site, numbers: list[int], *, beginning: bool = True) -> bool:
    """Whether the hub's copy of the site's events is exactly this, or (`beginning=False`) ascends and ends so."""
    try:
        got = await heard(city, site.code)
    except (ServiceUnavailableError, nats.errors.TimeoutError):
        return False
    return got == numbers if beginning else got == sorted(set(got)) and got[-len(numbers) :] == numbers


@pytest.mark.slow
async def test_the_hub_asks_over_the_line_and_a_site_killed_and_started_again_goes_on(city: City) -> None:
    await say(city.union, 0, 5)
    assert await eventually(lambda: _counted(city.hub, "EVT_ALL", 5))
    city.union.server.kill()
    city.hub.server.kill()
    city.union.server.start()
    await say(city.union, 5, 10)
    city.hub.server.start()
    assert await heard_to_the_end(city, city.union, 10)

    service = await city.union.connect()

    async def answer(message: Msg) -> None:
        await message.respond(b"the record")

    await service.subscribe("quntuan.rpc.union.as.hub.>", cb=answer)
    await service.flush()
    hub = await city.hub.connect()

    async def answered() -> bool:
        try:
            return (await hub.request("quntuan.rpc.union.record", b"?", timeout=1)).data == b"the record"
        except nats.errors.Error:
            return False

    assert await eventually(answered)


@pytest.mark.slow
async def test_a_site_cannot_speak_as_another(city: City) -> None:
    """Not even with every right on its own server."""
    ops = await city.union.connect("ops")
    await ops.jetstream().add_stream(name="FORGE", subjects=["quntuan.league.>"])
    await ops.jetstream().publish(FACT.format("league"), b"1", stream="FORGE")
    await ops.publish("dlv.hub.league.src", b"forged", reply="$JS.ACK.forged")
    await ops.publish(FACT.format("league"), b"2")
    for api in ("JS.league.API", "$JS.league.API", "JS.hub.API", "$JS.hub.API"):
        for request in ("STREAM.PURGE.EVT_ALL", "STREAM.MSG.GET.EVT_LEAGUE", "STREAM.NAMES"):
            with pytest.raises(nats.errors.Error):
                await ops.request(f"{api}.{request}", b'{"seq":1}', timeout=0.3)
    await say(city.union, 0, 1)
    assert await eventually(lambda: _counted(city.hub, "EVT_ALL", 1))
    assert (await heard(city, "union"), await heard(city, "league")) == ([0], [])
    assert await count(city.league, "EVT_LEAGUE") == 0


@pytest.mark.slow
async def test_a_revoked_key_is_cut_off_and_a_new_one_taken_by_a_reload(city: City) -> None:
    old, new = city.leaves["union"], public_key(city.union.folder / "seeds" / "union-leaf2.nk")
    city.leaves["union"] = [new]
    city.configure_hub()
    # a reload takes new keys but leaves who is connected alone: who was revoked is cut off by a new start
    city.hub.server.stop()
    # with a renewed certificate: the sites trust it as they did the old one
    assert certificates.renew(city.hub.folder.parent / "authority", city.hub.folder / "tls", ["127.0.0.1"])
    city.hub.server.start()
    await say(city.union, 0, 3)
    await say(city.league, 0, 2)
    assert await heard_to_the_end(city, city.league, 2)
    assert await eventually(lambda: _leaves(city, 1))
    assert await heard(city, "union") == []  # who was revoked is not heard
    city.leaves["union"] = [new, *old]
    city.configure_hub()
    assert city.hub.server.child is not None
    os.kill(city.hub.server.child.pid, signal.SIGHUP)
    assert await heard_to_the_end(city, city.union, 3)
    assert await eventually(lambda: _leaves(city, 2))
