"""The unit tree: front door of the module."""

from shared.org.units.closing import close_empty, close_unit, reopen_unit
from shared.org.units.founding import (
    NewUnit,
    create_unit,
    create_units,
    ensure_top_unit,
    found_many,
    new_unit,
)
from shared.org.units.models import Unit
from shared.org.units.module import units
from shared.org.units.pages import choose
from shared.org.units.reading import (
    ancestors_of,
    below,
    children_of,
    find_units,
    get_unit,
    lock_units,
    resolve_units,
    top_of,
    units_by_id,
)
from shared.org.units.rules import guess_kind, in_scope
from shared.org.units.service import move_unit, rename_unit
from shared.org.units.state import state_of
from shared.org.units.tree import people_in, tree_to

__all__ = [
    "NewUnit",
    "Unit",
    "ancestors_of",
    "below",
    "children_of",
    "choose",
    "close_empty",
    "close_unit",
    "create_unit",
    "create_units",
    "ensure_top_unit",
    "find_units",
    "found_many",
    "get_unit",
    "guess_kind",
    "in_scope",
    "lock_units",
    "move_unit",
    "new_unit",
    "people_in",
    "rename_unit",
    "reopen_unit",
    "resolve_units",
    "state_of",
    "top_of",
    "tree_to",
    "units",
    "units_by_id",
]
