"""All event types of the published language, whether or not this service consumes them."""

import importlib
import pkgutil
from functools import cache

import shared.contracts
from shared.contracts.event import CATALOGUE, Event


@cache
def catalogue() -> dict[str, type[Event]]:
    """Every registered type; an unknown one is then unknown to the city, not only to this service."""
    for module in pkgutil.walk_packages(shared.contracts.__path__, "shared.contracts."):
        importlib.import_module(module.name)  # noqa: TID251 - whatever contract there is
    return CATALOGUE
