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
  // A message keeps its name until the desk has it, however often it has to go. `false`: the desk will not have it so.
  const send = async body => {
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await fetch(location.pathname + location.search, { method: 'POST', body, redirect: 'follow' });
        if (answer.ok) return true;
        if (answer.status === 410 || (answer.status === 422 && tries > 3)) return false;
      } catch { /* the line is down, or the desk starts anew */ }
      $('#unsent').hidden = tries < 3;
      await new Promise(done => setTimeout(done, Math.min(500 * 2 ** tries, 15000)));
    }
  };
  // One after the other, so that none overtakes another; what a reload would lose is said before it does.
  let sending = Promise.resolve(), waiting = 0;
  addEventListener('beforeunload', event => { if (waiting) event.preventDefault(); });
  form.addEventListener('submit', event => {
    event.preventDefault();
    const { text, files } = form.elements;
    if (!text.value.trim() && !files.files.length) return;
    form.elements.once.value = name();
    const body = new FormData(form), words = text.value, chosen = files.files;
    text.value = '';
    files.value = '';
    waiting += 1;
    sending = sending.then(() => send(body)).then(async taken => {
      waiting -= 1;
      $('#unsent').hidden = taken;
      if (taken) return draw();
      text.value = text.value ? `${words}\n${text.value}` : words;
      if (!files.files.length) files.files = chosen;
      return undefined;
    }).catch(() => {});
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
