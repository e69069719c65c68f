import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aListServer, type ListServer, status, text } from '../support/a-list-server.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { metric } from '../support/gate-health.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress } from '../support/own-address.ts';

const KEY = 'apiban-key-of-the-test';
const phones: Phone[] = [];
let folder: string;
let server: ListServer;
let pbx: Pbx;
let gate: Gate;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'list-files-'));
  server = await aListServer(text('# nobody\n'));
  pbx = await aPbx({ address: ownAddress() });
  pbx.registersAll();
});
afterEach(async () => {
  await Promise.all(phones.splice(0).map((phone) => phone.close()));
  await gate?.close();
  await pbx?.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Everybody here has an address of loopback, which by default is the site's own. */
async function start(yaml: string): Promise<void> {
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    settings: { 'site.localNetworks': '[10.0.0.0/8]' },
    policies: { 'lists.yaml': `lists:\n${yaml}` },
    environment: { APIBAN_KEY: KEY },
  });
}

const cli = (...words: string[]) => drawbridge(...words, '--data', gate.data);

async function isServed(address: string): Promise<boolean> {
  const user = String(1000 + phones.length);
  const phone = await aPhone({ user, address, to: gate.udp });
  phones.push(phone);
  return Promise.race([phone.register().then(() => true), sleep(1000).then(() => false)]);
}

test('whom a list names is not heard, it is said by which, and lifted once the list says so', async () => {
  const [listed, other] = [ownAddress(), ownAddress()];
  server.answer = text(`# bad ones\n${listed}\n`);
  await start(`  bad:\n    url: ${server.url}/bad.txt\n`);
  await expect.poll(() => gate.logs()).toContain('a list was read');
  expect(await isServed(listed)).toBe(false);
  expect(await isServed(other)).toBe(true);

  const { hostname } = new URL(server.url);
  expect((await cli('blocks', listed)).output).toMatch(
    new RegExp(`${listed} +as long as it is listed +the list bad +from ${hostname}`),
  );
  expect((await cli('unblock', listed)).output).toContain('by the list bad');
  const why = await cli('explain', 'register', '1001', '--running', '--source', listed);
  expect(why.output).toContain(`named as ${listed} by the list bad`);
  expect((await cli('events', '--kind', 'blocked')).output).toContain('by the list bad');
  expect((await cli('status')).output).toMatch(/bad +block +1 network +read .* refused \d+ packet/);
  await expect
    .poll(() => metric(gate, 'drawbridge_list_packets_total{list="bad",mode="block"}'))
    .toBeGreaterThan(0);

  server.answer = text('# nobody any more\n');
  expect(await cli('lists', 'refresh', 'bad')).toMatchObject({ code: 0 });
  expect(await isServed(listed)).toBe(true);
});

test('while it cannot be read the old one holds, over a restart too, and everybody can see it', async () => {
  const listed = ownAddress();
  server.answer = text(`${listed}\n`);
  await start(`  bad:\n    url: ${server.url}/bad.txt\n`);
  await expect.poll(() => gate.logs()).toContain('a list was read');
  server.answer = status(500);
  const { code, output } = await cli('lists', 'refresh');
  expect({ code, output }).toMatchObject({ code: 1 });
  expect(output).toContain('cannot be read: answered 500');
  await gate.stop();
  await gate.start();
  expect(await isServed(listed)).toBe(false);
  await cli('lists', 'refresh');
  expect((await cli('status')).output).toContain('cannot be read: answered 500');
  expect((await cli('events', '--kind', 'list')).output).toContain('cannot be read');
  expect(await metric(gate, 'drawbridge_list_failing{list="bad",why="status"}')).toBe(1);
  expect(await metric(gate, 'drawbridge_list_age_seconds{list="bad"}')).toBeGreaterThan(0);
});

test('a feed with a key is read, and the key is nowhere', async () => {
  const listed = ownAddress();
  server.answer = (request, response) => {
    const first = request.url === `/api/${KEY}/banned`;
    const body = first
      ? { ipaddress: [listed], ID: '77' }
      : { ipaddress: ['no new bans'], ID: 'none' };
    response.writeHead(first ? 200 : 400).end(JSON.stringify(body));
  };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
  const key = '${APIBAN_KEY}';
  await start(
    `  apiban:\n    url: ${server.url}/api/{key}/banned\n    key: ${key}\n    format: apiban\n`,
  );
  await expect.poll(() => gate.logs()).toContain('a list was read');
  expect(await isServed(listed)).toBe(false);
  server.answer = status(403);
  await cli('lists', 'refresh');
  const said = [gate.logs(), (await cli('lists', '--json')).output, (await cli('events')).output];
  expect(said.join()).toContain('the key is refused');
  expect(said.join()).not.toContain(KEY);
});

test('a file of a hundred thousand is taken up while phones register, and what leaves it is lifted', async () => {
  const file = join(folder, 'own.txt');
  const listed = ownAddress();
  const many = Array.from(
    { length: 100_000 },
    (_, at) => `60.${at >> 16}.${(at >> 8) & 255}.${at & 255}`,
  ).join('\n');
  writeFileSync(file, '# nobody\n');
  await start(`  own:\n    file: ${file}\n`);
  const phone = await aPhone({ user: '2000', to: gate.udp, address: ownAddress() });
  phones.push(phone);

  let slowest = 0;
  const answered = async (): Promise<void> => {
    const sentAt = performance.now();
    await phone.register();
    slowest = Math.max(slowest, performance.now() - sentAt);
  };
  const networks = () => metric(gate, 'drawbridge_list_networks{list="own",mode="block"}');
  writeFileSync(file, `${listed}\n${many}\n`);
  const began = performance.now();
  while ((await networks()) !== 100_001) {
    await answered();
    await sleep(20);
    expect(performance.now() - began).toBeLessThan(10_000);
  }
  await cli('lists', 'refresh');
  expect(await isServed(listed)).toBe(false);
  expect(slowest).toBeLessThan(500);

  writeFileSync(file, `${many}\n`);
  const liftedAt = performance.now();
  while (!(await isServed(listed))) expect(performance.now() - liftedAt).toBeLessThan(5000);
});
