"""Requests and answers between services, who may ask and answer, and their AsyncAPI."""

import asyncio
from typing import TypeVar

import orjson
import pytest
from nats.errors import Error
from pydantic import BaseModel
from sqlalchemy import text

from shared.contracts.event import rpc_subject
from shared.contracts.lookups import LookupRecorded
from shared.contracts.rpc import FETCH, FetchAnswer, FetchRequest
from shared.contracts.units import UnitChanged
from shared.kit import bus as bus_module
from shared.kit.bus import Bus, BusAway, Declined
from shared.kit.context import make_kit
from shared.kit.errors import Refused
from shared.kit.events.asyncapi import document, page
from shared.kit.events.engine import EventEngine, Inbox
from shared.kit.events.fetch import fetch_responder
from shared.kit.events.relay import Relay
from shared.kit.events.responders import Responders
from shared.kit.module import Module, Responder
from tests.kit.events_bench import Bench, until
from tests.kit.events_things import PROJECTIONS


class Question(BaseModel):
    number: int


class Answer(BaseModel):
    double: int


async def double(question: Question) -> Answer:
    if question.number < 0:
        raise Refused("不要负数", hint="请填正数。", fields={"number": "负数"})
    if question.number == 0:
        raise ZeroDivisionError
    return Answer(double=question.number * 2)


RESPONDER = Responder("double", Question, double)


A = TypeVar("A", bound=BaseModel)


async def reachable(asker: Bus, owner: str, name: str, question: BaseModel, answer: type[A]) -> A:
    """The first answer after the responder came up."""
    for _ in range(200):
        try:
            return await asker.request(owner, name, question, answer, timeout=1)
        except BusAway:
            await asyncio.sleep(0.05)
    raise AssertionError("nobody answers")


async def test_a_request_is_answered_refused_or_fails_with_its_reason(b: Bench) -> None:
    responders = Responders(b.union.bus, [RESPONDER])
    await responders.start()
    try:
        hub = b.hub.bus
        assert await reachable(hub, "union", "double", Question(number=4), Answer) == Answer(double=8)
        with pytest.raises(Declined, match="不要负数") as refused:
            await hub.request("union", "double", Question(number=-1), Answer)
        assert (refused.value.status, refused.value.code, refused.value.hint) == (
            409,
            "refused",
            "请填正数。",
        )
        assert refused.value.fields == {"number": "负数"}
        with pytest.raises(Declined) as failed:
            await hub.request("union", "double", Question(number=0), Answer)
        assert failed.value.status == 500
        assert "ZeroDivision" not in str(failed.value.body())
        with pytest.raises(Declined) as invalid:
            await hub.request("union", "double", FetchRequest(first=1, last=1), Answer)
        assert invalid.value.status == 422
        assert hub.violations == b.union.bus.violations == 0
    finally:
        await responders.stop()


async def test_nobody_there_and_bus_away_are_told_at_once(b: Bench) -> None:
    began = asyncio.get_running_loop().time()
    with pytest.raises(BusAway, match="不在线"):
        await b.hub.bus.request("union", "double", Question(number=1), Answer)
    b.nats.server.kill()
    await asyncio.sleep(0.2)
    with pytest.raises(BusAway, match="总线"):
        await b.hub.bus.request("union", "double", Question(number=1), Answer)
    assert asyncio.get_running_loop().time() - began < 2
    b.nats.server.start()
    await asyncio.wait_for(b.hub.bus.wait_connected(), 10)


async def test_an_answer_never_goes_to_a_foreign_subject(b: Bench) -> None:
    """Asked to answer on one of its own event subjects, a service would forge its own event."""
    responders = Responders(b.union.bus, [RESPONDER])
    await responders.start()
    try:
        await reachable(b.hub.bus, "union", "double", Question(number=4), Answer)
        ops = await b.nats.connect("union", "ops")
        before = (await ops.jetstream().stream_info("EVT_UNION")).state.messages
        body = orjson.dumps({"number": 3})
        await ops.publish(rpc_subject("union", "as.hub.double"), body, reply="quntuan.union.unit.changed.v1")
        await ops.flush()
        await asyncio.sleep(0.3)
        assert (await ops.jetstream().stream_info("EVT_UNION")).state.messages == before
        await ops.close()
    finally:
        await responders.stop()


async def test_a_refused_right_is_counted(b: Bench) -> None:
    assert b.union.bus.violations == 0
    await b.union.bus.client.publish("quntuan.league.unit.changed.v1", b"{}")

    async def counted() -> bool:
        return b.union.bus.violations > 0

    await until(counted)
    assert "quntuan.league" in b.union.bus.last_violation


async def test_a_refused_subscription_is_tried_again_until_it_is_allowed(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "TRY_AGAIN", 0.3)
    config = b.nats.server.config
    right = config.read_text()
    wrong = right.replace("quntuan.rpc.union.as.*.>", "quntuan.rpc.nobody.as.*.>")
    responders = Responders(b.union.bus, [RESPONDER])
    try:
        await b.nats.reload(wrong)
        await responders.start()

        async def tried_again() -> bool:
            return b.union.bus.violations >= 3

        await until(tried_again)
        assert b.union.bus.refused
        with pytest.raises(BusAway):
            await b.hub.bus.request("union", "double", Question(number=2), Answer, timeout=1)
        await b.nats.reload(right)
        assert await reachable(b.hub.bus, "union", "double", Question(number=2), Answer) == Answer(double=4)
        refusals = b.union.bus.violations
        await asyncio.sleep(0.7)
        assert b.union.bus.violations == refusals
    finally:
        await responders.stop()
        config.write_text(right)


async def test_a_service_starts_while_the_bus_is_down(b: Bench) -> None:
    b.nats.server.kill()
    late = Bus.of(b.union.settings)
    responders = Responders(late, [RESPONDER])
    await late.start()
    await responders.start()
    await asyncio.sleep(0.5)
    assert not late.connected
    b.nats.server.start()
    await asyncio.wait_for(late.wait_connected(), 10)
    assert await reachable(b.hub.bus, "union", "double", Question(number=2), Answer) == Answer(double=4)
    await responders.stop()
    await late.stop()


async def test_fetching_gives_parts_that_fit_a_message(b: Bench) -> None:
    stop, task = b.run(Relay(b.union.database, b.union.bus).run)
    for n in range(8):
        await b.union.change(n, name="工" * 50_000)
    engine = EventEngine(make_kit(b.union.settings), (), Inbox.of_organisation("union"))
    await engine.responders.start()
    got: list[int] = []
    while len(got) < 8:
        first = len(got) + 1
        answer = await reachable(b.hub.bus, "union", FETCH, FetchRequest(first=first, last=8), FetchAnswer)
        assert len(orjson.dumps(answer.model_dump())) <= 710_000
        got += [int(str(body["sequence"])) for body in answer.envelopes]
    assert got == list(range(1, 9))
    assert answer.newest == 8
    with pytest.raises(Declined) as refused:
        await b.hub.bus.request("union", FETCH, FetchRequest(channel="league", first=1, last=1), FetchAnswer)
    assert refused.value.status == 403
    await engine.responders.stop()
    await engine.database.close()
    stop.set()
    await task


def test_asyncapi_names_what_is_declared_and_nothing_else() -> None:
    module = Module(
        "things",
        "东西",
        publishes=(UnitChanged, LookupRecorded),
        projections=PROJECTIONS,
        responders=(RESPONDER,),
    )
    described = document("hub", "联席", (module,))
    addresses = {channel["address"] for channel in described["channels"].values()} - {None}
    assert addresses == {
        "quntuan.hub.unit.changed.v1",
        "quntuan.hub.to.{addressee}.lookup.recorded.v1",
        "quntuan.{organisation}.unit.changed.v1",
        "quntuan.rpc.hub.double",
        "quntuan.rpc.hub.events.fetch",
    }
    references = [part.split('"')[0] for part in orjson.dumps(described).decode().split('"$ref":"')[1:]]
    assert references
    for reference in references:
        place = described
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    html = page(described)
    assert "quntuan.rpc.hub.double" in html
    assert "src=" not in html
    assert "http" not in html


async def test_an_addressed_channel_opens_to_its_addressee_only(b: Bench) -> None:
    """Who asks is told by the accounts: the asker cannot name another."""
    responders = Responders(b.hub.bus, [fetch_responder(b.hub.database, "hub")])
    seed = b.nats.seed("league").read_text().strip()
    league = Bus(b.nats.url, "league", seed)
    try:
        async with b.hub.database.transaction() as session:
            await session.execute(text("INSERT INTO event_channel VALUES ('union', 7, 0, 0)"))
        await league.start()
        await asyncio.wait_for(league.wait_connected(), 10)
        await responders.start()
        own = FetchRequest(channel="union", first=1, last=1)
        assert (await reachable(b.union.bus, "hub", FETCH, own, FetchAnswer)).newest == 7
        with pytest.raises(Declined, match="不属于"):
            await league.request("hub", FETCH, own, FetchAnswer)
        with pytest.raises(BusAway):  # to name another asker leads nowhere
            await league.request("hub", f"as.union.{FETCH}", own, FetchAnswer, timeout=1)
        assert b.hub.bus.violations == b.union.bus.violations == league.violations == 0
    finally:
        await responders.stop()
        await league.stop()


async def test_an_answer_that_comes_too_late_says_nothing_of_our_rights() -> None:
    async def again() -> None:
        raise AssertionError("nothing was refused that asking again would mend")

    bus = Bus("nats://127.0.0.1:1", "union", None)
    bus.tell("own", Error('nats: permissions violation for publish to "_r_.pogkbg.mieplc"'), again)
    assert not bus.refused
    bus.tell("own", Error('nats: permissions violation for publish to "evt.league.member"'), again)
    assert bus.refused
