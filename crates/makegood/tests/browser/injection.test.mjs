// SPDX-License-Identifier: MIT OR Apache-2.0
// Whatever anybody writes comes out as words, on every page that shows it. A browser watches.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, casesAt, linkTo, openBrowser, openDesk, signedIn, visitor } from './desk.mjs';
import { PAYLOADS } from './payloads.mjs';

let desk, browser, state;
before(async () => {
  desk = await openDesk();
  browser = await openBrowser();
  state = await signedIn(browser, desk);
});
after(async () => {
  await browser?.close();
  await desk?.close();
});

// What goes wrong on a page while it is looked at.
async function watched(context, wheres) {
  const wrong = [];
  const page = await context.newPage();
  page.on('dialog', dialog => { wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', request => {
    if (!request.url().startsWith(desk.at)) wrong.push(`asks ${request.url().slice(0, 80)}`);
  });
  for (const where of wheres) {
    await page.goto(where);
    // What waits for a reader gets one.
    await page.evaluate(() => {
      document.querySelectorAll('details').forEach(part => { part.open = true; });
      document.querySelectorAll('main *').forEach(part => part.dispatchEvent(new Event('mouseover', { bubbles: true })));
    });
    await page.waitForTimeout(150);
    if (await page.evaluate(() => window.hit)) wrong.push(`${where}: it ran`);
    const foreign = await page.evaluate(() => document.querySelectorAll(
      'main script, main iframe, main object, main embed, main [onerror], main [onload], main base, main meta, main style, a[href^="javascript" i]').length);
    if (foreign) wrong.push(`${where}: ${foreign} elements that nobody of ours wrote`);
  }
  await page.close();
  return wrong;
}

const inChunks = (all, size) => Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));

test('there are at least a hundred and fifty payloads, all of them different', () => {
  assert.ok(new Set(PAYLOADS).size === PAYLOADS.length && PAYLOADS.length >= 150, String(PAYLOADS.length));
});

test('what customers and colleagues write is words everywhere', async () => {
  const cases = await casesAt(desk, 'ready_to_decide', 6);
  const links = [];
  for (const [at, payloads] of inChunks(PAYLOADS, Math.ceil(PAYLOADS.length / cases.length)).entries()) {
    const { id } = cases[at];
    links.push(await linkTo(desk, id));
    for (const text of payloads) {
      for (const [where, body] of [[`/v1/cases/${id}/messages`, { text }], [`/v1/cases/${id}/notes`, { text }]]) {
        const told = await ask(desk, 'POST', where, body);
        assert.ok([200, 400].includes(told.status), told.text);
      }
    }
    // The interface takes no control characters; what it takes is shown.
    const taken = payloads.filter(text => !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text));
    const told = await ask(desk, 'POST', `/v1/cases/${id}/replies`, { text: taken.slice(0, 30).join('\n\n') });
    assert.equal(told.status, 200, told.text);
  }
  const context = await visitor(browser, { state });
  const console = cases.map(one => `${desk.at}/desk/cases/${one.number}`);
  assert.deepEqual(await watched(context, [...console, ...links]), []);
  const page = await context.newPage();
  await page.goto(console[0]);
  // They are there, so there was something to watch.
  assert.ok((await page.textContent('#thread')).includes(PAYLOADS[0]));
  await context.close();
});

test('what stands in an address, a search or a form comes back as words', async () => {
  const context = await visitor(browser, { state });
  const wheres = PAYLOADS.flatMap((payload, at) => {
    const text = encodeURIComponent(payload);
    return [
      `${desk.at}/desk?search=${text}`, `${desk.at}/desk/orders?order=${text}`, `${desk.at}/desk/policy?drop_share=${text}`,
      `${desk.at}/help?order=${text}`,
    ].filter((_, which) => (at + which) % 4 === 0);
  });
  assert.deepEqual(await watched(context, wheres), []);
  await context.close();
});

test('the help form says back what was written as words', async () => {
  const context = await visitor(browser);
  const page = await context.newPage();
  const wrong = [];
  page.on('dialog', dialog => { wrong.push(dialog.message()); dialog.dismiss(); });
  for (const payloads of inChunks(PAYLOADS, 24)) {
    await page.goto(`${desk.at}/help`);
    await page.fill('[name=order]', payloads[0].replaceAll(/[\n\t]/g, ' ').slice(0, 150));
    await page.fill('[name=email]', 'ann@example.com');
    await page.fill('[name=words]', payloads.join('\n').slice(0, 9_000));
    await page.click('main form button');
    if (await page.evaluate(() => window.hit)) wrong.push(payloads[0]);
  }
  assert.deepEqual(wrong, []);
  await context.close();
});

test('an order that nobody knows is named in words', async () => {
  const context = await visitor(browser, { state });
  const numbers = PAYLOADS.map(payload => `${desk.at}/desk/orders/${encodeURIComponent(payload.replaceAll('/', '\u2215'))}`);
  assert.deepEqual(await watched(context, numbers.filter((_, at) => at % 3 === 0)), []);
  await context.close();
});
