/* Live parts of a page, without a library: body[data-live] names the event stream, [data-part][data-src]
   a part that is fetched again when the stream names it. What is being typed is kept. */
(function () {
  var url = document.body.dataset.live, es = null, fails = 0, timer = null, sync = document.querySelector('.sync');
  function mark(on) {
    if (!sync) return;
    sync.classList.toggle('off', !on);
    var text = sync.querySelector('[data-on]'); if (text) text.textContent = on ? text.dataset.on : text.dataset.off;
  }
  function swap(part, html) {
    var keep = {}, act = document.activeElement, id = act && part.contains(act) ? act.id : '', at = id ? act.selectionStart : null;
    part.querySelectorAll('input[id]:not([type=hidden]),textarea[id]').forEach(function (i) { if (i.value !== i.defaultValue) keep[i.id] = i.value; });
    part.innerHTML = html; if (window.htmx) window.htmx.process(part);
    Object.keys(keep).forEach(function (k) { var i = document.getElementById(k); if (i && part.contains(i)) i.value = keep[k]; });
    if (id && (act = document.getElementById(id))) { act.focus(); if (at != null) act.setSelectionRange(at, at); }
    document.dispatchEvent(new CustomEvent('quntuan:swap', { detail: part }));
  }
  function load(part) {
    var turn = part.asked = (part.asked || 0) + 1;
    return fetch(part.dataset.src, { headers: { 'X-Part': '1' } }).then(function (r) {
      if (r.redirected || r.status === 401) { location.reload(); return null; }        // signed out meanwhile
      return r.ok ? r.text() : null;
    }).then(function (html) {
      if (html !== null && turn > (part.shown || 0)) { part.shown = turn; swap(part, html); }   // an older answer may come later
      return true;
    });
  }
  function all() { return Promise.all([].map.call(document.querySelectorAll('[data-part]'), load)); }
  function stop() { if (es) es.close(); es = null; clearTimeout(timer); timer = null; }
  function poll() { all().then(function () { mark(true); }, function () { mark(false); }).then(function () { timer = setTimeout(++fails % 12 ? poll : open, 10000); }); }
  function open(first) {
    stop(); es = new EventSource(url);
    es.onopen = function () { fails = 0; mark(true); if (first !== true) all(); first = false; };   // what was missed is fetched again
    es.onerror = function () { mark(false); if (es.readyState === 2 || ++fails > 3) { stop(); poll(); } };
    document.querySelectorAll('[data-part]').forEach(function (p) { es.addEventListener(p.dataset.part, function () { load(p); }); });
  }
  document.addEventListener('visibilitychange', function () { if (document.hidden) stop(); else open(); });  // a hidden tab holds no connection
  if (url && !document.hidden) open(true);
})();
