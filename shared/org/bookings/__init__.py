"""Bookings: front door of the module."""

from shared.org.bookings.claims import Claim, Slot, claim
from shared.org.bookings.models import Booking, BookingChange, Series, Waiter
from shared.org.bookings.module import bookings
from shared.org.bookings.reading import count_waiting, waiting_for_approval
from shared.org.bookings.series import Repeat, book_series
from shared.org.bookings.service import Ask, Taken, book

__all__ = [
    "Ask",
    "Booking",
    "BookingChange",
    "Claim",
    "Repeat",
    "Series",
    "Slot",
    "Taken",
    "Waiter",
    "book",
    "book_series",
    "bookings",
    "claim",
    "count_waiting",
    "waiting_for_approval",
]
