"""The directory: organisations that announced themselves, their units and the age of their data."""

from services.hub.directory.known import JOINING, Known, known_codes, organisations
from services.hub.directory.module import directory

__all__ = ["JOINING", "Known", "directory", "known_codes", "organisations"]
