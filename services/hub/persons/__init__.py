"""Persons: links between records of several organisations, reversible and explained."""

from services.hub.persons.access import DECIDE, Steward
from services.hub.persons.models import SAMPLED
from services.hub.persons.module import persons
from services.hub.persons.pages import Reason, given
from services.hub.persons.people import readings, search_key
from services.hub.persons.rules import JOINING, REASONS, Pair, ordered
from services.hub.persons.schemas import Affiliated, Decided, Evidence
from services.hub.persons.scopes import bits_of_unit
from services.hub.persons.service import (
    affiliations,
    current_person,
    decide,
    reasons,
    recent_verdicts,
    undo,
)
from services.hub.persons.store import lock, org_bits
from services.hub.persons.units import follow
from services.hub.persons.views import by_id, parties
from services.hub.persons.wording import against, says

__all__ = [
    "DECIDE",
    "JOINING",
    "REASONS",
    "SAMPLED",
    "Affiliated",
    "Decided",
    "Evidence",
    "Pair",
    "Reason",
    "Steward",
    "affiliations",
    "against",
    "bits_of_unit",
    "by_id",
    "current_person",
    "decide",
    "follow",
    "given",
    "lock",
    "ordered",
    "org_bits",
    "parties",
    "persons",
    "readings",
    "reasons",
    "recent_verdicts",
    "says",
    "search_key",
    "undo",
]
