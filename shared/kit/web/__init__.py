"""Pages: Jinja environment, shell, components, languages, static files, security headers.

The lead's Service does once:

    web = Web(profile=Brand("x", "某某市某某会", "工作系统", "某", "blue", hub_url="https://..."),
              nav=(NavItem("people", "名册", "/people", "people", "people.read"),),
              template_dirs=(Path(__file__).parent / "people" / "templates",),
              find=Find("/find", "姓名、拼音、证号"), secret=settings_secret)
    mount_web(app, web)          # before the app starts; sets app.state.web and app.state.templates

A page (`<module>/templates/<module>/list.html`; a module's own folder keeps names apart):

    return render(request, "people/list.html", rows=rows)          # answers 200
    return render(request, "people/form.html", 422, errors=errors)  # a form with errors
    return see_other("/people", "已登记", "ok")                      # 303 and a message on the next page

Kinds of message: ok info warn error; `flash(response, text, kind)` puts one on any response.

    {% extends "shell.html" %}            {# public.html for pages without a rail #}
    {% from "ui.html" import ico, btn, field, pager with context %}
    {% block title %}{{ _('名册') }}{% endblock %}        {# also the h1 #}
    {% block lead %}...{% endblock %} {% block actions %}{{ btn(_('登记'), '/people/new', 'primary', 'plus') }}{% endblock %}
    {% block css %}{{ css('members') }}{% endblock %}   {# page sheets: home members member import lookup signin #}
    {% block content %} <section class="card"> ... </section> {% endblock %}

Other blocks: page_head (replace the whole head), back (crumbs above the h1), find, sync, head, body_class,
main_class and foot (public.html). In every template: request, web, brand, staff (or none), locale, nav, now,
path, csrf_token, `{{ csrf_field() }}` (in EVERY posting form; call it in the page, not inside a macro that was
imported without context), `static('js/x.js')`, `css('name')`, `_('中文')`. Undefined names are errors: pass all.

Read from request.state: staff (has .name, .can(permission); .post is shown when there), csrf (token),
nav_counts ({nav key: Count(number, late)}). htmx sends the token as X-CSRF-Token by itself; the field is
called csrf_token. htmx 2 is loaded on every page; eval is off: no hx-on, no hx-vals='js:...'.
A part that looks again by itself: `looks_again` of ui.html, which is no use of the session. No <meta http-equiv=refresh> but on the
page of a door, where nobody reads or types.

Filters: tr (translate a text that came from Python), num (12,345), date (9月17日; with the year when another), month (2021年3月),
datetime (9月17日 9:16), until (9月17日 9:16—11:00), age, ago (5分钟前), left (余3天 / 已超1天), urgency ('' soon over).
In Python: number, day, month, moment, age, ago, left from shared.kit.web.filters.

Macros of ui.html (arguments in the file): ico org tag btn icon_btn / field password select textarea checkbox
radios file error_summary note / pager empty toast dialog menu / th th_sort th_check td_check bulk chip facet
tabs seg / progress steps stat timeline facts mask due face crumbs.
`{% call dialog('退回申请', '退回', 'danger') %}<form method="post">...{% endcall %}` opens without a script.
Ask before dangerous things: ask('删除', '确定删除？', '/things/1/delete'). Select rows: th_check(), td_check(id, name), and
`<form id="bulk" method="post">` + `{% call bulk() %}{{ btn(..., form='bulk') }}{% endcall %}`.
Columns: class cols-2, cols-3, cols-side (a side of 24.6rem), stack (cards below each other); card, card-head
(h2, .n, .end), card-body, card-foot; form, form-2, form-3, form-acts; figs and sums (dl of stat()).
Tables: `<table class="list">`; on a phone a row becomes a card: class p-main (beside the box), p-wide (own line),
p-hide (left out) on cells. A wide table that must stay one: `<div class="scroll-x" tabindex="0">` around
`<table class="list keep">`.

Colours: an organisation is letter + palette: `{{ org('某', 'blue', state='in|out|none', text='某某会：在册') }}`; the
palettes are blue teal plum brown red green indigo amber slate. In css: var(--org), --org-line, --org-tint below
an element with data-palette; var(--link) for links and selection; var(--red) only for current, primary, overdue.
No style attribute, no <style>, no <script> text: the policy refuses them. Lengths: <progress> or svg attributes.

Live pages: `render(..., live="/home/events")`; parts are `<div data-part="todo" data-src="/home/part/todo">` with an
included template that the second address serves alone; the stream sends SSE events named like the part. Typed
text is kept, a hidden tab closes its stream, without a stream the parts are polled every 10 s.

Languages: Chinese is the message id. Texts of Python need no call: every Chinese text in a .py file is collected
(extract.py; not words that are compared with data) and translated when it is shown: `{{ text|tr }}`, which the
macros do with labels, hints, errors, titles and tags. f"{n} 人" is `{0} 人` in the catalogue; kept texts with values
in them are found by that pattern. In Python: `translate(text)`; `_('%(n)s人') % {...}` still works. Nothing is compiled
at install: the .po is read at start. To collect (in the root of the repository; a test says what is missing):
    PYTHONPATH=. pybabel extract -F shared/kit/web/babel.cfg -o build/quntuan.pot --no-location --omit-header .
    pybabel update -D quntuan -i build/quntuan.pot -d shared/kit/web/locale -l en --no-fuzzy-matching --ignore-obsolete
"""  # noqa: E501

from shared.kit.web.brand import PALETTES, Brand, Count, Find, NavItem, Viewer, Web
from shared.kit.web.environment import CSRF_FIELD, render, render_problem
from shared.kit.web.i18n import get_locale, gettext, lazy_gettext, ngettext, translate
from shared.kit.web.messages import flash, see_other
from shared.kit.web.mount import mount_web

__all__ = [
    "CSRF_FIELD",
    "PALETTES",
    "Brand",
    "Count",
    "Find",
    "NavItem",
    "Viewer",
    "Web",
    "flash",
    "get_locale",
    "gettext",
    "lazy_gettext",
    "mount_web",
    "ngettext",
    "render",
    "render_problem",
    "see_other",
    "translate",
]
