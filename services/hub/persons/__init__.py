"""Persons: links between records of several organisations, reversible and explained."""

from services.hub.persons.access import DECIDE
from services.hub.persons.models import SAMPLED
from services.hub.persons.module import persons
from services.hub.persons.people import readings, search_key
from services.hub.persons.rules import REASONS
from services.hub.persons.schemas import Affiliated, Evidence
from services.hub.persons.scopes import bits_of_unit
from services.hub.persons.service import affiliations, current_person, reasons, waiting
from services.hub.persons.store import org_bits
from services.hub.persons.units import follow

__all__ = [
    "DECIDE",
    "REASONS",
    "SAMPLED",
    "Affiliated",
    "Evidence",
    "affiliations",
    "bits_of_unit",
    "current_person",
    "follow",
    "org_bits",
    "persons",
    "readings",
    "reasons",
    "search_key",
    "waiting",
]
