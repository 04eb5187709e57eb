/* Small comforts; every page works without them. Listens on the document, so parts that are swapped in need nothing.
   Loaded without defer: a letter typed at the first sight of a page is heard. */
(function () {
  function each(selector, fn, root) { [].forEach.call((root || document).querySelectorAll(selector), fn); }
  function up(event, selector) { return event.target.closest ? event.target.closest(selector) : null; }

  /* selection: the box in the head, the rows, the figure in the bulk bar */
  function rows() { return [].slice.call(document.querySelectorAll('[data-check-row]')); }
  function count() {
    var all = rows(), on = all.filter(function (r) { return r.checked; });
    each('[data-check-all]', function (c) { c.checked = on.length > 0 && on.length === all.length; c.indeterminate = on.length > 0 && on.length < all.length; });
    all.forEach(function (r) { var tr = r.closest('tr'); if (tr) tr.classList.toggle('on', r.checked); });
    each('[data-bulk-count]', function (s) { s.textContent = on.length; });
    each('[data-bulk]', function (b) {
      b.hidden = on.length === 0;
      each('[data-bulk-clear]', function (c) { c.hidden = false; }, b);
    });
  }
  document.addEventListener('change', function (e) {
    if (e.target.matches('[data-check-all]')) { var on = e.target.checked; rows().forEach(function (r) { r.checked = on; }); count(); }
    else if (e.target.matches('[data-check-row]')) count();
    else if (e.target.matches('[data-submit-on-change]') && e.target.form) e.target.form.requestSubmit ? e.target.form.requestSubmit() : e.target.form.submit();
  });

  function close(details) { details.open = false; var s = details.querySelector('summary'); if (s) s.focus(); }

  document.addEventListener('click', function (e) {
    var b = up(e, '[data-toggle-password]');
    if (b) { var i = document.getElementById(b.dataset.togglePassword), show = i.type === 'password'; i.type = show ? 'text' : 'password'; b.setAttribute('aria-pressed', show); return; }
    if (up(e, '[data-bulk-clear]')) { rows().forEach(function (r) { r.checked = false; }); count(); return; }
    if ((b = up(e, '[data-dismiss]'))) { b.closest('[data-toast]').remove(); return; }
    if (up(e, '[data-back]')) { history.back(); return; }                 /* what was typed is still there */
    if ((b = up(e, '[data-close]'))) { close(b.closest('details')); return; }
    each('details.menu[open]', function (m) { if (!m.contains(e.target)) m.open = false; });
  });
  /* one letter presses what carries it as data-key (or goes into it), unless something is being typed */
  document.addEventListener('keydown', function (e) {
    if (e.ctrlKey || e.altKey || e.metaKey || e.repeat || !/^[a-z]$/i.test(e.key) || e.target.matches('input, select, textarea')) return;
    if (document.querySelector('details.dialog[open], details.menu[open]')) return;
    var b = document.querySelector('[data-key="' + e.key.toLowerCase() + '"]');
    if (b) { e.preventDefault(); if (b.matches('input, select, textarea')) b.focus(); else b.click(); }
  });
  document.addEventListener('keydown', function (e) {
    if (e.key !== 'Escape') return;
    var open = document.querySelectorAll('details.dialog[open], details.menu[open]');
    if (open.length) close(open[open.length - 1]);
  });
  /* a dialog takes the focus and keeps it */
  document.addEventListener('toggle', function (e) {
    var d = e.target; if (!d.matches || !d.matches('details.dialog') || !d.open) return;
    var first = d.querySelector('.dialog-body input:not([type=hidden]), .dialog-body select, .dialog-body textarea, .dialog-body button');
    if (first) first.focus();
  }, true);
  document.addEventListener('focusin', function (e) {
    var d = document.querySelector('details.dialog[open]'), s;
    if (d && !d.contains(e.target) && (s = d.querySelector('.dialog-panel button:not([hidden]), .dialog-panel input:not([type=hidden])'))) s.focus();
  });

  /* one press, one submission; coming back to the page frees the buttons */
  document.addEventListener('submit', function (e) {
    var f = e.target; if (e.defaultPrevented || f.dataset.many !== undefined || f.hasAttribute('hx-post')) return;
    if (f.dataset.sent) { e.preventDefault(); return; }
    f.dataset.sent = '1'; if (e.submitter) e.submitter.classList.add('busy');
    setTimeout(function () { delete f.dataset.sent; each('.busy', function (x) { x.classList.remove('busy'); }, f); }, 8000);
  });
  window.addEventListener('pageshow', function () { each('form[data-sent]', function (f) { delete f.dataset.sent; }); each('.busy', function (x) { x.classList.remove('busy'); }); });

  /* on a phone the heads of the columns are away: a bare figure says what it counts */
  function labels() {
    each('table.list:not(.keep)', function (t) {
      var heads = [].map.call(t.querySelectorAll('thead th'), function (h) { return h.textContent.trim(); });
      each('tbody tr', function (tr) {
        [].forEach.call(tr.cells, function (td, i) { if (heads[i] && /^[\d,.%+\/\s—]+$/.test(td.textContent.trim())) td.dataset.label = heads[i]; });
      }, t);
    });
  }
  function ready(root) {
    each('[data-toggle-password], [data-close], [data-dismiss]', function (b) { b.hidden = false; }, root);
    each('[data-back]', function (b) { b.hidden = history.length < 2; }, root);
    count(); labels();
    each('[role=alert][tabindex]', function (n) { n.focus(); }, root);
  }
  /* the page is all there: what the listeners above do not need to wait for */
  function start() {
    /* a tree beside the list is open at the desk and folded above it on a narrow screen */
    if (window.matchMedia('(max-width: 1100px)').matches) each('details[data-fold]', function (d) { d.open = false; });
    /* a grid that is wider than the screen begins at today */
    each('.grid-scroll', function (g) {
      var today = g.querySelector('thead .today'), first = g.querySelector('thead th');
      if (today && g.scrollWidth > g.clientWidth) g.scrollLeft = today.offsetLeft - first.offsetWidth;
    });
    ready(document);
  }
  document.addEventListener('DOMContentLoaded', start);
  document.addEventListener('quntuan:swap', function (e) { ready(e.detail); });
  document.addEventListener('htmx:load', function (e) { ready(e.target); });
})();
