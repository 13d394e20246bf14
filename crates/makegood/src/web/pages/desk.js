// SPDX-License-Identifier: MIT OR Apache-2.0
// Everything here has another way without it: links, forms, and a page that is loaded again.
(() => {
  'use strict';
  const $ = (what, from = document) => from.querySelector(what);
  const $$ = (what, from = document) => [...from.querySelectorAll(what)];
  const keys = document.body.hasAttribute('data-keys');
  const language = document.documentElement.lang;

  // The row that the keys move over is the one whose link has the focus.
  const rows = () => $$('tr[data-row]');
  const link = row => $('a', row);
  const at = () => rows().findIndex(row => row.contains(document.activeElement));
  const mark = () => rows().forEach(row => row.classList.toggle('on', row.contains(document.activeElement)));
  const move = by => {
    const all = rows();
    if (!all.length) return false;
    const now = at();
    const next = now < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, now + by));
    link(all[next]).focus();
    return true;
  };
  document.addEventListener('focusin', mark);
  document.addEventListener('focusout', mark);

  const press = key => {
    const what = $(`main [data-key="${key}"]`);
    if (!what) return false;
    if (what.tagName === 'SUMMARY') {
      what.parentElement.open = true;
      const field = $('input:not([type=hidden]),select,textarea,a', what.parentElement);
      if (field) field.focus();
    } else what.click();
    return true;
  };
  const focus = what => {
    const found = $(what);
    if (!found) return false;
    for (let up = found.closest('details'); up; up = up.parentElement.closest('details')) up.open = true;
    found.focus();
    found.scrollIntoView({ block: 'center' });
    return true;
  };
  const tick = () => {
    const row = rows()[at()];
    const box = row && $('input[type=checkbox]', row);
    if (box) box.checked = !box.checked;
    return Boolean(box);
  };
  const many = () => {
    const form = $('#many');
    if (!form || !$('input:checked', form)) return false;
    form.requestSubmit($('button[value=accept]', form));
    return true;
  };

  let going = 0;
  const acts = {
    j: () => move(1),
    k: () => move(-1),
    o: () => { const row = rows()[at() < 0 ? 0 : at()]; if (row) link(row).click(); return Boolean(row); },
    x: tick,
    A: many,
    a: () => press('a'),
    d: () => press('d'),
    u: () => press('u'),
    n: () => press('n'),
    ';': () => press(';'),
    m: () => { const box = $('#reply'); if (box && !box.value) box.value = box.dataset.ask || ''; return focus('#reply'); },
    r: () => focus('#reply'),
    e: () => focus('#evidence a, #evidence input'),
    '/': () => focus('#find'),
    '?': () => { const dialog = $('#keys'); if (dialog) dialog.showModal(); return Boolean(dialog); },
    g: () => { going = Date.now(); return true; },
  };
  if (keys) document.addEventListener('keydown', event => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== 'checkbox';
    if (event.key === 'Escape' && typing) { event.target.blur(); return; }
    if (typing || event.ctrlKey || event.altKey || event.metaKey || $('dialog[open]')) return;
    if (Date.now() - going < 1200) {
      going = 0;
      const place = $(`[data-go="${event.key}"]`);
      if (place) { event.preventDefault(); place.click(); }
      return;
    }
    const act = acts[event.key];
    if (act && act()) event.preventDefault();
  });

  // A standard reply is put where the cursor stands; without a script its page is opened with it.
  document.addEventListener('click', async event => {
    const picked = event.target.closest('a[data-reply]');
    const box = $('#reply');
    if (!picked || !box || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const page = await fetch(picked.href);
    const there = $('#reply', new DOMParser().parseFromString(await page.text(), 'text/html'));
    if (there) box.setRangeText(there.value, box.selectionStart, box.selectionEnd, 'end');
    box.focus();
  });

  // A form that was sent is not sent again by a second press.
  document.addEventListener('submit', event => {
    if (event.target.method !== 'post' || event.defaultPrevented) return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = '1';
    setTimeout(() => delete event.target.dataset.sent, 4000);
  });

  // What somebody has begun to write is not swept away by news.
  const busy = () => $$('main textarea, main input:not([type=hidden],[type=checkbox],[type=radio])').some(field => field.value !== field.defaultValue)
    || ($('main').contains(document.activeElement) && /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName));
  const renew = async () => {
    const page = await fetch(location.href.replace(/([?&])told=[a-z-]+&?/, '$1'), { headers: { 'X-Renew': '1' } });
    if (!page.ok || busy()) return;
    const whole = new DOMParser().parseFromString(await page.text(), 'text/html');
    const fresh = $('#live', whole), old = $('#live');
    if (!fresh || !old) return;
    const open = $$('details', old).map(part => part.open);
    old.replaceWith(document.importNode(fresh, true));
    $$('#live details').forEach((part, number) => { if (open[number] !== undefined) part.open = open[number]; });
  };
  const live = $('#live');
  if (live && window.EventSource) {
    const source = new EventSource(`/desk/stream?case=${live.dataset.case}&language=${language}`);
    source.addEventListener('case', event => {
      const now = $('#live');
      if (now && event.data !== now.dataset.version) renew().catch(() => {});
    });
    source.addEventListener('here', event => {
      const here = $('#here');
      if (here) here.textContent = event.data;
    });
    addEventListener('pagehide', () => source.close());
  }

  // The policy is tried while one types; without a script a button does the same.
  const lab = $('form[data-try]');
  if (lab) {
    let waiting, running;
    const ask = async () => {
      if (running) running.abort();
      running = new AbortController();
      const asked = new URLSearchParams(new FormData(lab));
      const answer = await fetch(`${lab.action}?${asked}`, { signal: running.signal });
      const whole = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = $('#result', whole), old = $('#result');
      if (fresh && old) old.replaceWith(document.importNode(fresh, true));
      history.replaceState(null, '', `${location.pathname}?${asked}`);
    };
    lab.addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => ask().catch(() => {}), 120);
    });
  }
})();
