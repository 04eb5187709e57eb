"""Review: pairs that may be one person, put before stewards when somebody turns up, and decided."""

from services.hub.review.compare import compare
from services.hub.review.module import review
from services.hub.review.queue import backlog
from services.hub.review.schemas import Backlog
from services.hub.review.service import raise_persons

__all__ = ["Backlog", "backlog", "compare", "raise_persons", "review"]
