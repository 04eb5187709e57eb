"""Quality of person links: samples that stewards judge, the backlog, what contradicts."""

from services.hub.quality.module import quality

__all__ = ["quality"]
