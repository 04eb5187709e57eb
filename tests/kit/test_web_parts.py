"""Parts kept as they were written: known by language, day and what is given, blind to everything else."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError

from shared.kit import clock
from shared.kit.web import i18n
from shared.kit.web.parts import KeptParts

TEMPLATE = """
{% macro shown(items) %}{{ wrote() }}{% for i in items %}<li>{{ i }}</li>{% endfor %}{% endmacro %}
{% macro peeking() %}{{ staff }}{% endmacro %}
"""


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    yield
    i18n.set_locale(i18n.DEFAULT)


def test_a_part_is_written_once_for_each_language_day_and_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    written = list[str]()
    env = Environment(loader=DictLoader({"a.html": TEMPLATE}), autoescape=True)

    def wrote() -> str:
        written.append(i18n.get_locale())
        return ""

    env.globals["wrote"] = wrote
    kept = KeptParts(env, most=3)
    assert kept("a.html", "shown", ["<b>", "2"]) == "<li>&lt;b&gt;</li><li>2</li>"
    assert kept("a.html", "shown", ["<b>", "2"]) == "<li>&lt;b&gt;</li><li>2</li>"
    assert written == ["zh-CN"]
    assert kept("a.html", "shown", ["3"]) == "<li>3</li>"
    i18n.set_locale("en")
    kept("a.html", "shown", ["3"])
    assert written == ["zh-CN", "zh-CN", "en"]
    monkeypatch.setattr(clock, "now", lambda: datetime(2030, 1, 1, tzinfo=UTC))
    kept("a.html", "shown", ["3"])
    assert written == ["zh-CN", "zh-CN", "en", "en"]
    i18n.set_locale("zh-CN")
    monkeypatch.undo()
    kept("a.html", "shown", ["3"])
    assert len(written) == 4  # still here: the three used last are
    kept("a.html", "shown", ["<b>", "2"])
    assert len(written) == 5  # the oldest is not


def test_a_part_knows_nothing_of_the_page_around_it() -> None:
    env = Environment(loader=DictLoader({"a.html": TEMPLATE}), autoescape=True, undefined=StrictUndefined)
    env.globals |= {"kept_part": KeptParts(env), "wrote": str}
    page = env.from_string("{{ staff }}{{ kept_part('a.html', 'peeking') }}")
    with pytest.raises(UndefinedError, match="staff"):
        page.render(staff="某人")
