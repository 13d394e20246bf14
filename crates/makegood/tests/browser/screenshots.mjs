// SPDX-License-Identifier: MIT OR Apache-2.0
// Pictures of the real pages, light and dark, for the documentation: `node screenshots.mjs FOLDER`.

import path from 'node:path';
import { casesAt, linkTo, openBrowser, openDesk, signedIn, visitor } from './desk.mjs';

const folder = process.argv[2] ?? '.';
const desk = await openDesk();
const browser = await openBrowser();
try {
  const state = await signedIn(browser, desk);
  const dropped = (await casesAt(desk, 'ready_to_decide', 50)).find(one => one.claim === 'dropped');
  const paid = (await casesAt(desk, 'closed', 50)).find(one => one.outcome === 'partial_refund');
  const pages = {
    queue: [`${desk.at}/desk`, 1280],
    case: [`${desk.at}/desk/cases/${dropped.number}`, 1280],
    policy: [`${desk.at}/desk/policy?claim=dropped`, 1280],
    disputes: [`${desk.at}/desk/disputes`, 1280],
    reports: [`${desk.at}/desk/reports`, 1280],
    customer: [await linkTo(desk, paid.id), 420],
    help: [`${desk.at}/help`, 420],
  };
  for (const dark of [false, true]) {
    for (const [name, [where, width]] of Object.entries(pages)) {
      const context = await visitor(browser, { width, height: 800, dark, state });
      const page = await context.newPage();
      await page.goto(where);
      await page.screenshot({ path: path.join(folder, `${name}-${dark ? 'dark' : 'light'}.png`) });
      await context.close();
    }
  }
} finally {
  await browser.close();
  await desk.close();
}
