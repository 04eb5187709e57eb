/* Live parts of a page, without a library: body[data-live] names the event stream, [data-part][data-src]
   a part that is fetched again when the stream names it. What is being typed is kept. */
(function () {
  var url = document.body.dataset.live, es = null, fails = 0, timer = null, sync = document.querySelector('.sync'), AGAIN = 5000;
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
  function parts() { return [].slice.call(document.querySelectorAll('[data-part]')); }
  function stale(part) { return (part.failed || 0) > (part.shown || 0); }
  function tell() { mark(es.readyState === 1 && !parts().some(stale)); }
  function lost(part, turn) {            // what the stream named could not be fetched: no word of live until it is
    part.failed = Math.max(part.failed || 0, turn);
    if (!es || !stale(part)) return;
    tell(); clearTimeout(part.again); part.again = setTimeout(function () { refresh(part); }, AGAIN);
  }
  function load(part) {
    var turn = part.asked = (part.asked || 0) + 1;
    return fetch(part.dataset.src, { headers: { 'X-Part': '1' } }).then(function (r) {
      if (r.redirected || r.status === 401) { location.reload(); return null; }        // signed out meanwhile
      if (!r.ok) throw new Error(String(r.status));
      return r.text();
    }).then(function (html) {
      if (html === null || turn <= (part.shown || 0)) return;                          // an older answer may come later
      part.shown = turn; swap(part, html);
      if (!stale(part)) clearTimeout(part.again);
      if (es) tell();
    }).catch(function (error) { lost(part, turn); throw error; });
  }
  function refresh(part) { load(part).catch(function () {}); }
  function stop() { if (es) es.close(); es = null; clearTimeout(timer); timer = null; }
  function poll() { Promise.all(parts().map(load)).then(function () { mark(true); }, function () { mark(false); }).then(function () { timer = setTimeout(++fails % 12 ? poll : open, 10000); }); }
  function open(first) {
    stop(); es = new EventSource(url);
    es.onopen = function () { fails = 0; tell(); if (first !== true) parts().forEach(refresh); first = false; };   // what was missed is fetched again
    es.onerror = function () { mark(false); if (es.readyState === 2 || ++fails > 3) { stop(); poll(); } };
    parts().forEach(function (p) { es.addEventListener(p.dataset.part, function () { refresh(p); }); });
  }
  document.addEventListener('visibilitychange', function () { if (document.hidden) stop(); else open(); });  // a hidden tab holds no connection
  if (url && !document.hidden) open(true);
})();
