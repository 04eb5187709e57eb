"""Roster import. The front door is opened on demand: the parsing child must not load the web framework."""

from typing import TYPE_CHECKING

from shared.org.imports.limits import UPLOAD

if TYPE_CHECKING:
    from shared.org.imports.module import imports

__all__ = ["UPLOAD", "imports"]


def __getattr__(name: str) -> object:
    if name == "imports":
        from shared.org.imports.module import imports as build  # noqa: PLC0415 - see above

        return build
    raise AttributeError(name)
