// SPDX-License-Identifier: MIT OR Apache-2.0
// Doors that stay shut: forms of other sites, forged links, files that are not what they say; and how much a page weighs.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { casesAt, linkTo, openBrowser, openDesk, signedIn, visitor } from './desk.mjs';

let desk, browser, state, foreign;
before(async () => {
  desk = await openDesk();
  browser = await openBrowser();
  state = await signedIn(browser, desk);
});
after(async () => {
  foreign?.close();
  await browser?.close();
  await desk?.close();
});

test('a form of another site changes nothing, whoever is signed in', async () => {
  const [ready] = await casesAt(desk, 'ready_to_decide', 1);
  const link = await linkTo(desk, ready.id);
  const places = [`/desk/cases/${ready.number}`, '/desk', '/desk/tasks', '/sign-out', '/help', new URL(link).pathname];
  const form = where => `<form method=post action="${desk.at}${where}"><input name=do value=accept><input name=decision value=1><button>x</button></form>`;
  foreign = createServer((request, answer) => {
    answer.setHeader('content-type', 'text/html');
    answer.end(form(new URL(request.url, 'http://x').searchParams.get('to')));
  });
  await new Promise(resolve => foreign.listen(0, '127.0.0.1', resolve));
  const context = await visitor(browser, { state });
  const page = await context.newPage();
  for (const where of places) {
    // Another name for this machine is another site.
    await page.goto(`http://localhost:${foreign.address().port}/?to=${encodeURIComponent(where)}`);
    const [answer] = await Promise.all([page.waitForResponse(one => one.request().method() === 'POST'), page.click('button')]);
    // Without the cookie nobody is known; with it, the other site is.
    assert.ok([401, 403].includes(answer.status()), `${where}: ${answer.status()}`);
  }
  const [still] = (await casesAt(desk, 'ready_to_decide', 20)).filter(one => one.id === ready.id);
  assert.ok(still, 'the case was changed');
  await context.close();
});

test('links that were forged, altered or belong to nothing are answered alike', async () => {
  const [ready, other] = await casesAt(desk, 'ready_to_decide', 2);
  const mine = new URL(await linkTo(desk, ready.id)).pathname.slice(3);
  const theirs = new URL(await linkTo(desk, other.id)).pathname.slice(3);
  const flip = at => mine.slice(0, at) + (mine[at] === 'A' ? 'B' : 'A') + mine.slice(at + 1);
  const forged = [
    ...[0, 5, 20, 40, 60].map(flip), mine.slice(0, -1), `${mine}A`, mine.toUpperCase(), 'x', 'A'.repeat(mine.length),
    mine.slice(0, 30) + theirs.slice(30), theirs.slice(0, 30) + mine.slice(30),
  ];
  const answers = new Set();
  for (const link of forged.filter(one => one !== mine && one !== theirs)) {
    const answer = await fetch(`${desk.at}/c/${link}`);
    answers.add(`${answer.status} ${await answer.text()}`);
  }
  assert.equal(answers.size, 1);
  assert.match([...answers][0], /^410 /);
});

const FILES = {
  'a program in a picture': Buffer.from('GIF89a/*\x00\x00*/=1;window.hit=1;//'),
  'a page in a document': Buffer.from('%PDF-1.4\n<html><script>window.hit=1</script></html>'),
  'a drawing with a script': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="window.hit=1"><script>window.hit=1</script></svg>'),
  'a page that is called a picture': Buffer.from('<!doctype html><script>window.hit=1</script>'),
  // A picture of 60,000 by 60,000, of which nothing follows.
  'a picture larger than any screen': Buffer.from('89504e470d0a1a0a0000000d494844520000ea600000ea60080600000000000000', 'hex'),
};

for (const [what, content] of Object.entries(FILES)) {
  test(`${what} does no harm`, async () => {
    const [ready] = await casesAt(desk, 'ready_to_decide', 1);
    const link = await linkTo(desk, ready.id);
    const context = await visitor(browser, { state });
    const page = await context.newPage();
    const ran = [];
    page.on('dialog', dialog => { ran.push(dialog.message()); dialog.dismiss(); });
    await page.goto(link);
    await page.setInputFiles('#reply-files', { name: 'x.png', mimeType: 'image/png', buffer: content });
    await page.click('section.card form button');
    await page.waitForSelector('[role=status], [role=alert]');
    const refused = await page.isVisible('[role=alert]');
    if (refused) assert.match(await page.textContent('[role=alert]'), /could not be taken/);
    await page.goto(`${desk.at}/desk/cases/${ready.number}`);
    const files = await page.$$eval('a.file', all => all.map(one => one.getAttribute('href')));
    for (const file of files) {
      const answer = await context.request.get(desk.at + file);
      const headers = answer.headers();
      assert.equal(headers['x-content-type-options'], 'nosniff', file);
      assert.match(headers['content-security-policy'], /default-src 'none'/, file);
      assert.ok(!/html|svg|javascript|xml/.test(headers['content-type'] ?? ''), `${file}: ${headers['content-type']}`);
    }
    assert.deepEqual([ran, await page.evaluate(() => window.hit ?? null)], [[], null]);
    await context.close();
  });
}

test('no page weighs more than it may, and none writes a script or a style between its lines', async () => {
  const [ready] = await casesAt(desk, 'ready_to_decide', 1);
  const customers = ['/help', '/contact', new URL(desk.customer).pathname];
  const agents = ['/desk', `/desk/cases/${ready.number}`, '/desk/tasks', '/desk/policy', '/desk/reports'];
  const context = await visitor(browser, { state });
  const page = await context.newPage();
  const weighed = [];
  for (const where of [...customers, ...agents]) {
    let bytes = 0, scripts = 0;
    const counted = [];
    const count = answer => counted.push((async () => {
      if (!/text|javascript|svg|json/.test(answer.headers()['content-type'] ?? '') || /event-stream/.test(answer.headers()['content-type'])) return;
      const size = gzipSync(await answer.body()).length;
      bytes += size;
      if (/javascript/.test(answer.headers()['content-type'])) scripts += size;
    })().catch(() => {}));
    page.on('response', count);
    const answer = await page.goto(desk.at + where);
    page.off('response', count);
    await Promise.all(counted);
    const policy = answer.headers()['content-security-policy'];
    assert.ok(policy.includes("default-src 'none'") && !policy.includes('unsafe'), `${where}: ${policy}`);
    const inline = await page.evaluate(() => document.querySelectorAll('script:not([src]), style, [style], [onclick], [onload]').length);
    assert.equal(inline, 0, where);
    const most = customers.includes(where) ? 8 * 1024 : 25 * 1024;
    weighed.push(`${where}: ${bytes}`);
    assert.ok(bytes <= most, `${where} weighs ${bytes} bytes, at most ${most}`);
    assert.ok(scripts <= 10 * 1024, `${where}: ${scripts} bytes of scripts`);
  }
  console.log(weighed.join('\n'));
  await context.close();
});

// How often the Tab key is pressed until something has the focus.
async function stops(page, selector) {
  for (let count = 1; count <= 40; count += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(what => document.activeElement.matches(what), selector)) return count;
  }
  return Infinity;
}

test('the decision is eleven stops away at most, and sending the form nine', async () => {
  const context = await visitor(browser, { state });
  const page = await context.newPage();
  const [ready] = await casesAt(desk, 'ready_to_decide', 1);
  await page.goto(`${desk.at}/desk/cases/${ready.number}`);
  assert.ok(await stops(page, '.decide .buttons button') <= 11);
  await page.goto(`${desk.at}/help`);
  assert.ok(await stops(page, 'main form button') <= 9);
  await context.close();
});

test('the seven facts and the button stand above the fold', async () => {
  const [ready] = await casesAt(desk, 'ready_to_decide', 1);
  for (const [width, height] of [[1280, 800], [1366, 768]]) {
    const context = await visitor(browser, { width, height, state });
    const page = await context.newPage();
    await page.goto(`${desk.at}/desk/cases/${ready.number}`);
    const lowest = await page.evaluate(() => Math.max(...[...document.querySelectorAll('.tiles > div, .decide .buttons button')]
      .map(part => part.getBoundingClientRect().bottom)));
    assert.ok(lowest <= height, `${lowest} of ${height}`);
    assert.equal(await page.locator('.tiles > div').count(), 6);
    await context.close();
  }
});
