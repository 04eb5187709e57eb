"""The whole projection made anew from the owners, beside the one in use, then put in its place."""

from services.hub.rebuild.run import Rebuild, begin

__all__ = ["Rebuild", "begin"]
