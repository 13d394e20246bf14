// SPDX-License-Identifier: MIT OR Apache-2.0
// In the chat's own frame. Without it the chat is two forms and a page that is loaded again.
(() => {
  'use strict';
  const $ = (what, from = document) => from.querySelector(what);
  // The shop's page says who it is behind the #, where no server and no log sees it.
  const begin = $('#begin');
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (begin && given) {
    history.replaceState(null, '', location.pathname + location.search);
    begin.elements.token.value = given;
    begin.noValidate = true;
    begin.submit();
    return;
  }
  const live = () => $('#live');
  if (!live()) return;
  const draw = async () => {
    const page = await fetch(location.href);
    if (!page.ok) return;
    const whole = new DOMParser().parseFromString(await page.text(), 'text/html');
    const fresh = $('#live', whole);
    if (!fresh) return;
    const open = Boolean($('details[open]', live()));
    live().replaceWith(document.importNode(fresh, true));
    if (open && $('details', live())) $('details', live()).open = true;
    scrollTo(0, document.body.scrollHeight);
  };
  let drawing = Promise.resolve();
  const news = event => {
    drawing = drawing.then(() => (Number(event.data) > Number(live().dataset.version) ? draw() : undefined)).catch(() => {});
  };
  // A browser takes a lost stream up again by itself, and hears at once how far the case is.
  const source = new EventSource(live().dataset.stream);
  source.addEventListener('case', news);
  addEventListener('pagehide', () => source.close());

  const form = $('#write');
  const name = () => crypto.randomUUID ? crypto.randomUUID().replaceAll('-', '') : String(Math.random()).slice(2).padEnd(16, '0') + Date.now();
  const send = async (body, tries = 0) => {
    try {
      const answer = await fetch(location.pathname + location.search, { method: 'POST', body, redirect: 'follow' });
      if (answer.status < 500 && answer.status !== 429) return answer.ok;
    } catch { /* the line is down, or the desk starts anew: the same message goes again under the same name */ }
    if (tries > 20) return false;
    await new Promise(done => setTimeout(done, Math.min(1000 * 2 ** tries, 15000)));
    return send(body, tries + 1);
  };
  form.addEventListener('submit', async event => {
    event.preventDefault();
    const text = form.elements.text;
    if (!text.value.trim() && !form.elements.files.files.length) return;
    form.elements.once.value = name();
    const body = new FormData(form);
    const words = text.value;
    text.value = '';
    form.elements.files.value = '';
    $('#unsent').hidden = true;
    if (await send(body)) { await draw(); return; }
    $('#unsent').hidden = false;
    if (!text.value) text.value = words;
  });
  form.elements.text.addEventListener('keydown', event => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  });
  form.elements.text.addEventListener('paste', event => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    const all = new DataTransfer();
    [...form.elements.files.files, ...files].forEach(file => all.items.add(file));
    form.elements.files.files = all.files;
    event.preventDefault();
  });
  scrollTo(0, document.body.scrollHeight);
})();
