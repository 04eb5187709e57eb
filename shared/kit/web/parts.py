"""Parts that many pages show alike, kept as they were written: rail, tabs, heads of grids, legends."""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import date

from jinja2 import Environment
from markupsafe import Markup

from shared.kit import clock
from shared.kit.web.i18n import get_locale

MOST = 500
"""Parts of one service, some 2 KB each."""


class KeptParts:
    """What macros wrote. A macro is called without the page around it: of the person who looks, and of the
    address, it knows what it is given, and by that, the language and the day its part is known.

    Nothing given may be Markup: it equals a text that is not.
    """

    def __init__(self, environment: Environment, most: int = MOST) -> None:
        self.environment, self.most = environment, most
        self._parts: OrderedDict[tuple[str, str, str, date, tuple[Hashable, ...]], Markup] = OrderedDict()

    def __call__(self, template: str, macro: str, *given: Hashable | list[Hashable]) -> Markup:
        """What the macro of that template writes for these arguments; a list is known by what is in it."""
        named = tuple(tuple(one) if isinstance(one, list) else one for one in given)
        key = template, macro, get_locale(), clock.today(), named
        if key in self._parts:
            self._parts.move_to_end(key)
            return self._parts[key]
        part: Markup = getattr(self.environment.get_template(template).module, macro)(*given)
        self._parts[key] = part
        if len(self._parts) > self.most:
            self._parts.popitem(last=False)
        return part
