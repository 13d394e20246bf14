// SPDX-License-Identifier: MIT OR Apache-2.0
// Every page, light and dark, on a telephone and on a desk: nothing that axe knows is wrong, and nobody moves sideways.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { casesAt, faults, isTooWide, openBrowser, openDesk, signedIn, visitor } from './desk.mjs';

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

async function pages() {
  const stages = ['ready_to_decide', 'waiting_for_customer', 'waiting_for_approval', 'investigating', 'closed', 'parked', 'waiting_for_order'];
  const cases = [];
  for (const stage of stages) cases.push(...(await casesAt(desk, stage, 1)));
  const customer = cases.find(one => one.customer);
  return [
    '/policy', '/contact', '/help', desk.customer, '/sign-in/none', '/docs', '/problems/case-closed',
    '/desk', '/desk?view=open', '/desk?view=closed', '/desk?search=nothing-like-it',
    '/desk/tasks?team=technical_team', '/desk/tasks?team=support', '/desk/disputes', '/desk/disputes?view=over', '/desk/disputes/FIRST', '/desk/orders', '/desk/orders/NONE',
    `/desk/orders/${cases[0].order}`, `/desk/customers/${customer.customer}`, '/desk/policy', '/desk/reports?days=90',
    ...cases.map(one => `/desk/cases/${one.number}`),
  ].map(where => (where.startsWith('http') ? where : desk.at + where));
}

for (const dark of [false, true]) {
  for (const width of [320, 360, 1280]) {
    test(`every page can be read by everybody, ${width} pixels wide, ${dark ? 'dark' : 'light'}`, async () => {
      const context = await visitor(browser, { width, dark, state, language: dark ? 'da' : 'en' });
      const page = await context.newPage();
      const wrong = [];
      for (const where of await pages()) {
        const first = where.endsWith('/FIRST');
        await page.goto(first ? where.slice(0, -'/FIRST'.length) : where);
        if (first) await page.locator('th .under a').first().click();
        for (const fault of await faults(page)) wrong.push(`${where}: ${fault}`);
        if (await isTooWide(page)) wrong.push(`${where}: it is wider than ${width} pixels`);
      }
      await context.close();
      assert.deepEqual(wrong, []);
    });
  }
}

test('the second step of the help form can be read by everybody too', async () => {
  for (const width of [320, 1280]) {
    const context = await visitor(browser, { width });
    const page = await context.newPage();
    await page.goto(`${desk.at}/help`);
    await page.fill('[name=order]', 'VL-10001');
    await page.fill('[name=email]', 'ann@example.com');
    await page.fill('[name=words]', 'Only half of it came.');
    await page.click('main form button');
    assert.deepEqual(await faults(page), []);
    assert.equal(await isTooWide(page), false);
    await context.close();
  }
});

// Without this, a checker that finds nothing would look like a page that has nothing wrong.
test('faults that are planted are found', async () => {
  const planted = {
    'image-alt': () => document.querySelector('main').insertAdjacentHTML('beforeend', '<img src="/assets/none.svg">'),
    label: () => document.querySelector('main').insertAdjacentHTML('beforeend', '<input type="text">'),
    'color-contrast': () => {
      const pale = document.createElement('p');
      pale.textContent = 'hardly to be seen';
      pale.style.color = '#ddd';
      pale.style.background = '#fff';
      document.querySelector('main').append(pale);
    },
    'button-name': () => document.querySelector('main').append(document.createElement('button')),
    'html-has-lang': () => document.documentElement.removeAttribute('lang'),
    'link-name': () => document.querySelector('main').insertAdjacentHTML('beforeend', '<a href="/desk"></a>'),
  };
  const context = await visitor(browser, { state });
  const page = await context.newPage();
  for (const [rule, plant] of Object.entries(planted)) {
    await page.goto(`${desk.at}/desk`);
    await page.evaluate(plant);
    const found = await faults(page);
    assert.ok(found.some(fault => fault.startsWith(rule)), `${rule} is not found: ${found}`);
  }
  await page.goto(`${desk.at}/desk`);
  await page.evaluate(() => {
    const wide = document.createElement('div');
    wide.style.width = '3000px';
    wide.textContent = 'x';
    document.querySelector('main').append(wide);
  });
  assert.equal(await isTooWide(page), true);
  await context.close();
});
