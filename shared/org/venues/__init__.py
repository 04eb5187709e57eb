"""Venues: front door of the module."""

from shared.org.venues.dated import except_days, usual_days
from shared.org.venues.models import Venue
from shared.org.venues.module import venues
from shared.org.venues.reading import (
    Search,
    full_name,
    get_venue,
    halls_of,
    list_venues,
    managed,
    opening_of,
    parts_of,
    sharing_of,
)
from shared.org.venues.rules import needs_approval, refuse_backwards, refuse_booking
from shared.org.venues.schemas import NewVenue, VenueIn
from shared.org.venues.service import (
    change_venue,
    close_venue,
    create_venue,
    inspect_venue,
    state_of,
)

__all__ = [
    "NewVenue",
    "Search",
    "Venue",
    "VenueIn",
    "change_venue",
    "close_venue",
    "create_venue",
    "except_days",
    "full_name",
    "get_venue",
    "halls_of",
    "inspect_venue",
    "list_venues",
    "managed",
    "needs_approval",
    "opening_of",
    "parts_of",
    "refuse_backwards",
    "refuse_booking",
    "sharing_of",
    "state_of",
    "usual_days",
    "venues",
]
