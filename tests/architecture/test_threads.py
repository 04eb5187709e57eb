"""Nothing a route asks for runs in a thread: the way there and back costs more than what such functions do."""

from collections.abc import Iterator
from inspect import isasyncgenfunction, isclass, iscoroutinefunction, isfunction, ismethod
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from deploy.services import every_service


def calls(dependant: Dependant) -> Iterator[Any]:
    """The endpoint, and all that must be known before it."""
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls(inner)


def runs_in_the_loop(call: Any) -> bool:
    one = call if isfunction(call) or ismethod(call) or isclass(call) else call.__call__
    return iscoroutinefunction(one) or isasyncgenfunction(one)


def test_no_route_and_nothing_it_asks_for_is_given_to_a_thread() -> None:
    found = {
        call
        for service in every_service().values()
        for context in iter_route_contexts(service.app.routes)
        if isinstance(context.original_route, APIRoute)
        for call in calls(context.dependant)
    }
    assert len(found) > 300
    assert [call for call in found if not runs_in_the_loop(call)] == []
