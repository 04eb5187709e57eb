"""What each user of the bus may do: a service the least that works, the deploy job all of its account."""

from typing import Any

from deploy.topology import names


def service_user(code: str, nkey: str) -> dict[str, Any]:
    """A service publishes its own facts, reads its one prepared consumer, asks and answers requests."""
    stream, own = names.read_stream(code), names.own_stream(code)
    asks = "*" if code == names.HUB else names.HUB
    publish = [
        names.subjects(code),
        names.rpc(asks),
        f"$JS.API.CONSUMER.INFO.{stream}.{code}",
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{code}",
        f"$JS.API.CONSUMER.RESET.{stream}.{code}",
        f"$JS.ACK.{stream}.{code}.>",
        # after a loss the relay compares what its own stream holds with what it published
        f"$JS.API.STREAM.INFO.{own}",
        f"$JS.API.STREAM.MSG.GET.{own}",
    ]
    return {
        "nkey": nkey,
        "permissions": {
            "publish": {"allow": publish},
            "subscribe": {"allow": [names.inbox(code), names.rpc_as(code, "*")]},
            # one answer to each request it was sent, and only for a while
            "allow_responses": {"max": 1, "expires": "1m"},
        },
    }


def ops_user(nkey: str) -> dict[str, Any]:
    """The deploy job inside one account: everything of that account, nothing of another."""
    return {"nkey": nkey}
