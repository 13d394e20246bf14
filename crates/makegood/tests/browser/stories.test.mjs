// SPDX-License-Identifier: MIT OR Apache-2.0
// What people do with the desk, in a browser: a customer asks, an agent decides in three keys, two agents meet at one case.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, casesAt, linkTo, openBrowser, openDesk, signedIn, visitor } from './desk.mjs';

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

const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

for (const language of ['da', 'en']) {
  for (const scripts of [true, false]) {
    for (const width of [360, 1280]) {
      const how = `${language}, ${scripts ? 'with' : 'without'} scripts, ${width} pixels wide`;
      test(`a customer asks for help with a screenshot: ${how}`, async () => {
        const context = await visitor(browser, { language, scripts, width });
        const page = await context.newPage();
        await page.goto(`${desk.at}/help`);
        assert.equal(await page.getAttribute('html', 'lang'), language);
        await page.fill('[name=order]', 'VL-10003');
        await page.fill('[name=email]', 'ann@example.com');
        await page.fill('[name=words]', language === 'da' ? 'Kun halvdelen kom.' : 'Only half of it came.');
        await page.click('main form button');
        await page.setInputFiles('input[type=file]', { name: 'screen.png', mimeType: 'image/png', buffer: PICTURE });
        await page.click('main form button:not([name])');
        const heard = await page.textContent('h1');
        assert.match(heard, language === 'da' ? /Vi har/ : /We have it/);
        await context.close();
      });
    }
  }
}

test('a customer reads their case, answers, and finds the answer there', async () => {
  for (const scripts of [true, false]) {
    const context = await visitor(browser, { scripts, width: 360 });
    const page = await context.newPage();
    const [waiting] = await casesAt(desk, 'ready_to_decide', 1);
    await page.goto(await linkTo(desk, waiting.id));
    assert.ok(await page.isVisible('.state h1'));
    const words = `It is still so, ${scripts}.`;
    await page.fill('#reply', words);
    await page.setInputFiles('#reply-files', { name: 'x.png', mimeType: 'image/png', buffer: PICTURE });
    await page.click('section.card form button');
    await page.waitForSelector('[role=status]');
    assert.match(await page.textContent('#thread'), new RegExp(words));
    await context.close();
  }
});

test('what a customer does not accept is looked at again', async () => {
  const [closed] = (await casesAt(desk, 'closed', 20)).filter(one => one.outcome === 'declined');
  const context = await visitor(browser, { scripts: false });
  const page = await context.newPage();
  await page.goto(await linkTo(desk, closed.id));
  await page.click('details.card > summary');
  await page.fill('#appeal', 'You have not counted the last week.');
  await page.click('details.card button');
  assert.ok(await page.isVisible('[role=status]'), await page.textContent('main'));
  await context.close();
});

// Where the records are doubtful, somebody says first what is with them: the page shows no button before.
test('a decision on doubtful records waits until somebody has settled them', async () => {
  const context = await visitor(browser, { state, scripts: false });
  const page = await context.newPage();
  let settled = 0;
  for (const one of await casesAt(desk, 'ready_to_decide', 50)) {
    await page.goto(`${desk.at}/desk/cases/${one.number}`);
    for (let form; (form = page.locator('form:has([name=do][value=check])').first()) && await form.count();) {
      assert.equal(await page.locator('.decide .buttons button[data-key=a]').count(), 0);
      await form.locator('textarea').fill('I have looked: they are sound.');
      await form.locator('[name=sound][value=yes]').click();
      settled += 1;
    }
  }
  assert.ok(settled > 0);
  await context.close();
});

// The place in the queue of the first case that can be accepted as it is.
async function acceptable(page) {
  await page.goto(`${desk.at}/desk`);
  const places = await page.$$eval('tbody th a', all => all.map(one => one.href));
  for (const [at, place] of places.entries()) {
    await page.goto(place);
    if (await page.locator('.decide .buttons button[data-key=a]').count()) return at;
  }
  throw new Error('nothing can be accepted');
}

test('from the queue to the accepted decision it takes three keys', async () => {
  const context = await visitor(browser, { state });
  const page = await context.newPage();
  const past = await acceptable(page);
  await page.goto(`${desk.at}/desk`);
  for (let at = 0; at < past; at += 1) await page.keyboard.press('j');
  await page.keyboard.press('j');
  const number = await page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press('o');
  await page.waitForURL('**/desk/cases/**');
  await Promise.all([page.waitForURL(/told=accepted/), page.keyboard.press('a')]);
  assert.match(await page.textContent('#told'), /Accepted/);
  const row = await ask(desk, 'GET', `/v1/cases?number=${number.replace('MG-', '')}`);
  assert.notEqual(row.json().data[0].stage, 'ready_to_decide');
  await context.close();
});

test('with the mouse it takes two clicks, and no script', async () => {
  const context = await visitor(browser, { state, scripts: false });
  const page = await context.newPage();
  const past = await acceptable(page);
  await page.goto(`${desk.at}/desk`);
  await page.click(`tbody th a >> nth=${past}`);
  await page.click('.decide .buttons button');
  assert.match(page.url(), /told=accepted/);
  await context.close();
});

test('keys do nothing while somebody writes, and can be looked up', async () => {
  const context = await visitor(browser, { state });
  const page = await context.newPage();
  const [ready] = await casesAt(desk, 'ready_to_decide', 1);
  await page.goto(`${desk.at}/desk/cases/${ready.number}`);
  await page.keyboard.press('r');
  await page.keyboard.type('a d j');
  assert.equal(await page.inputValue('#reply'), 'a d j');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  assert.ok(await page.isVisible('#keys'));
  await page.keyboard.press('Escape');
  await page.keyboard.press('d');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'o-outcome');
  await context.close();
});

test('of two browsers at one case, one shows at once what was done in the other', async () => {
  const [ready] = await casesAt(desk, 'ready_to_decide', 1);
  const contexts = [await visitor(browser, { state }), await visitor(browser, { state })];
  const [first, second] = await Promise.all(contexts.map(context => context.newPage()));
  const here = `${desk.at}/desk/cases/${ready.number}`;
  await Promise.all([first.goto(here), second.goto(here)]);
  await first.fill('#reply', 'We look at it.');
  await first.click('.write button');
  await first.waitForURL(/told=replied/);
  await second.waitForFunction(() => document.querySelector('#thread').textContent.includes('We look at it.'), null, { timeout: 15_000 });
  await Promise.all(contexts.map(context => context.close()));
});

test('what somebody is writing survives the news', async () => {
  const [ready] = await casesAt(desk, 'ready_to_decide', 1);
  const context = await visitor(browser, { state });
  const page = await context.newPage();
  await page.goto(`${desk.at}/desk/cases/${ready.number}`);
  await page.fill('#reply', 'half a senten');
  await ask(desk, 'POST', `/v1/cases/${ready.id}/replies`, { text: 'A colleague was quicker.' });
  await page.waitForTimeout(3_000);
  assert.equal(await page.inputValue('#reply'), 'half a senten');
  await context.close();
});

test('the policy is tried while one types, and without a script by a button', async () => {
  for (const scripts of [true, false]) {
    const context = await visitor(browser, { state, scripts });
    const page = await context.newPage();
    await page.goto(`${desk.at}/desk/policy`);
    const before = await page.textContent('#result');
    await page.selectOption('form[data-try] select >> nth=0', { index: 1 });
    if (scripts) {
      await page.waitForFunction(old => document.querySelector('#result').textContent !== old, before, { timeout: 10_000 });
    } else {
      await page.click('form[data-try] button');
      assert.notEqual(await page.textContent('#result'), before);
    }
    await context.close();
  }
});

test('a dispute is answered: looked at, staged, handed in once, without a script', async () => {
  const context = await visitor(browser, { scripts: false, state });
  const page = await context.newPage();
  await page.goto(`${desk.at}/desk/disputes`);
  const place = await page.locator('th .under a').first().getAttribute('href');
  await page.goto(desk.at + place);
  const name = decodeURIComponent(place.split('/').pop());
  const main = page.locator('main');
  assert.match(await main.innerText(), /What the bank wants to see[\s\S]*Proof of completion/);
  // Half of it is owed: that stands beside what the two ways cost.
  assert.match(await main.innerText(), /Owed without the dispute\nPartial refund, EUR 14\.97/);
  assert.equal(await page.locator('button[value=submit]').count(), 0);

  const story = page.getByLabel('The whole story');
  const written = `${await story.inputValue()}\nLooked at by us.`;
  assert.doesNotMatch(written, /\/c\/[A-Za-z0-9_-]{24}/, 'no bank is told the way into the case');
  await story.fill(written);
  await page.click('button[value=stage]');
  assert.match(await main.innerText(), /Nothing was handed in\./);
  assert.equal(await story.inputValue(), written);

  await page.fill('#name-submit', 'something else');
  await page.click('button[value=submit]');
  assert.match(await main.innerText(), /was not typed as it stands\. Nothing was done\./);
  await page.fill('#name-submit', name);
  await page.click('button[value=submit]');
  assert.match(await main.innerText(), /Handed in\. The bank decides now\./);
  assert.match(await main.innerText(), /Evidence submitted[\s\S]*This dispute waits for no answer\./);
  assert.equal(await page.locator('button[value=submit], button[value=stage], button[value=accept]').count(), 0);
  await context.close();
});
