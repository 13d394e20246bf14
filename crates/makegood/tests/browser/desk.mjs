// SPDX-License-Identifier: MIT OR Apache-2.0
// A desk with its demonstration in it, and browsers to look at it with.
//
// MAKEGOOD_BIN is the program, MAKEGOOD_PEERS the folder with `node_modules`, MAKEGOOD_CHROMIUM the browser where it is not Debian's.

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

const require = createRequire(path.join(process.env.MAKEGOOD_PEERS, 'node_modules', 'x.js'));
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

// Where nobody listens at the moment.
const freePort = () => new Promise((resolve, reject) => {
  const server = createServer();
  server.on('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** Opens a desk: its address, the link of its agent, a customer's link, a token; `close` ends it. */
export async function openDesk() {
  const port = await freePort();
  const program = spawn(process.env.MAKEGOOD_BIN, ['demo', '--listen', `127.0.0.1:${port}`], {
    env: {
      ...process.env,
      // One machine plays hundreds of visitors here.
      MAKEGOOD__SERVER__RATE_PER_MINUTE_MAX: '100000', MAKEGOOD__SERVER__RATE_BURST_MAX: '100000',
      MAKEGOOD__SERVER__RATE_VISITOR_PER_MINUTE_MAX: '100000', MAKEGOOD__SERVER__RATE_SIGN_IN_PER_MINUTE_MAX: '100000',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const ready = new Promise((resolve, reject) => {
    const over = setTimeout(() => reject(new Error(`the desk does not open:\n${said}`)), 60_000);
    const hear = part => {
      said += part;
      if (!said.includes('Ctrl-C')) return;
      clearTimeout(over);
      resolve();
    };
    program.stdout.on('data', hear);
    program.stderr.on('data', hear);
    program.on('exit', code => reject(new Error(`the desk ended with ${code}:\n${said}`)));
  });
  await ready;
  const one = pattern => said.match(pattern)[0];
  return {
    at: `http://127.0.0.1:${port}`,
    signIn: one(/http:\S+\/sign-in\/\S+/),
    customer: one(/http:\S+\/c\/\S+/),
    token: one(/mgt_\S+/),
    close: () => new Promise(resolve => {
      program.removeAllListeners('exit');
      program.on('exit', resolve);
      program.kill('SIGINT');
      setTimeout(() => program.kill('SIGKILL'), 10_000).unref();
    }),
  };
}

export const openBrowser = () => chromium.launch({
  executablePath: process.env.MAKEGOOD_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS,
});

/** A visitor's own browser: how large, how lit, in which language, with scripts or without. */
export const visitor = (browser, { width = 1280, height = 800, dark = false, language = 'en', scripts = true, state } = {}) =>
  browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    locale: language === 'da' ? 'da-DK' : 'en-GB',
    javaScriptEnabled: scripts,
    storageState: state,
  });

/** Signs the demonstration's agent in, once: what a browser keeps of it. */
export async function signedIn(browser, desk) {
  const context = await visitor(browser);
  const page = await context.newPage();
  await page.goto(desk.signIn);
  await page.click('main button');
  await page.waitForURL('**/desk');
  const state = await context.storageState();
  await context.close();
  return state;
}

/** What axe finds wrong with a page, a line each. */
export async function faults(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(one => `${one.id}: ${one.nodes.map(node => node.target.join(' ')).slice(0, 4).join(' | ')}`);
}

/** Whether a reader has to move sideways. */
export const isTooWide = page => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);

/** Asks the interface with the agent's token. */
export async function ask(desk, method, where, body, headers = {}) {
  const answer = await fetch(desk.at + where, {
    method,
    headers: {
      authorization: `Bearer ${desk.token}`,
      ...(body ? { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() } : {}),
      ...headers,
    },
    body: body ? JSON.stringify(body) : undefined,
    redirect: 'manual',
  });
  if (answer.status === 429) {
    await new Promise(resolve => setTimeout(resolve, 1_000));
    return ask(desk, method, where, body, headers);
  }
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) };
}

/** The cases at a stage. */
export const casesAt = async (desk, stage, limit = 20) =>
  (await ask(desk, 'GET', `/v1/cases?stage=${stage}&limit=${limit}`)).json().data;

/** A new link to a case, for its customer. */
export const linkTo = async (desk, id) => (await ask(desk, 'POST', `/v1/cases/${id}/links`, {})).json().url;
