// SPDX-License-Identifier: MIT OR Apache-2.0
// <script src="https://DESK/chat.js" data-token="…" data-language="da" defer></script>
(() => {
  'use strict';
  const own = document.currentScript;
  if (!own || window.makegoodChat) return;
  const desk = new URL(own.src).origin;
  const said = own.dataset;
  const language = (said.language || document.documentElement.lang || navigator.language || 'en').slice(0, 2) === 'da' ? 'da' : 'en';
  const words = language === 'da' ? ['Skriv med os', 'Luk chatten'] : ['Chat with us', 'Close the chat'];
  const put = (what, style, more) => Object.assign(document.createElement(what), more, { style });
  const button = put('button', 'position:fixed;right:16px;bottom:16px;z-index:2147483646;border:0;border-radius:99px;padding:14px 22px;font:600 16px system-ui,sans-serif;background:#0b5d52;color:#fff;cursor:pointer;box-shadow:0 2px 12px #0004', { type: 'button', textContent: words[0] });
  button.setAttribute('aria-expanded', 'false');
  let frame;
  const toggle = open => {
    if (!frame && open) {
      const address = new URL('/chat', desk);
      address.searchParams.set('language', language);
      if (said.order) address.searchParams.set('order', said.order);
      if (said.token) address.hash = new URLSearchParams({ token: said.token });
      frame = put('iframe', '', { src: address.href, title: words[0], allow: 'clipboard-write' });
      frame.id = 'makegood-chat';
      document.body.append(frame);
    }
    if (frame) frame.style.cssText = `position:fixed;right:16px;bottom:80px;z-index:2147483646;width:min(400px,calc(100vw - 32px));height:min(600px,calc(100vh - 110px));border:0;border-radius:14px;background:#fff;box-shadow:0 8px 40px #0005;display:${open ? 'block' : 'none'}`;
    button.textContent = words[open ? 1 : 0];
    button.setAttribute('aria-expanded', String(open));
    if (open) frame.focus();
  };
  button.addEventListener('click', () => toggle(button.getAttribute('aria-expanded') !== 'true'));
  document.addEventListener('keydown', event => { if (event.key === 'Escape' && button.getAttribute('aria-expanded') === 'true') { toggle(false); button.focus(); } });
  const show = () => document.body.append(button);
  if (document.body) show(); else addEventListener('DOMContentLoaded', show);
  window.makegoodChat = { open: () => toggle(true), close: () => toggle(false) };
})();
