import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { shippedFolders } from '../../src/config/settings-files.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { type Gate, startGate } from '../support/gate-process.ts';

const PIN = '471108';
const routes = `outboundRoutes:
  - name: abroad
    patterns: ["00."]
    pin: any
    trunks: [carrier]
`;

let folder: string;
let pbx: Pbx;
let gate: Gate;
let phone: Phone;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pins-'));
  for (const one of ['routes', 'policies'] as const)
    cpSync(shippedFolders[one], join(folder, one), { recursive: true });
  writeFileSync(join(folder, 'routes/outbound.yaml'), routes);
  writeFileSync(
    join(folder, 'routes/trunks.yaml'),
    'trunks: [{ name: carrier, uri: "sip:127.0.0.2:5999" }]\n',
  );
  pbx = await aPbx();
  pbx.registersAll();
  pbx.always('INVITE', (request) => pbx.answer(request, 486));
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    flags: [...places(), '--set', 'outbound.allowed-countries.countries=[AT]'],
  });
  phone = await aPhone({ to: gate.udp });
  await phone.register();
});
afterEach(async () => {
  await phone.close();
  await gate.close();
  await pbx.close();
  rmSync(folder, { recursive: true });
});

const places = () => ['--policies', join(folder, 'policies'), '--routes', join(folder, 'routes')];
const checkout = fileURLToPath(new URL('../../', import.meta.url));

/** The command line, with a text on its standard input. */
function drawbridge(input: string, ...words: readonly string[]) {
  const all = ['src/main.ts', ...words, ...places(), '--data', gate.data];
  const run = spawn(process.execPath, all, { cwd: checkout });
  let output = '';
  for (const stream of [run.stdout, run.stderr])
    stream.on('data', (text: Buffer) => {
      output += text;
    });
  run.stdin.end(input);
  return new Promise<{ code: number | null; output: string }>((resolve) => {
    run.on('close', (code) => resolve({ code, output }));
  });
}
const dials = async (number: string) =>
  (await phone.finalAnswer(phone.request('INVITE', `sip:${number}@${gate.address}`))).status;

test('a PIN is added, opens its route, is seen nowhere, and is taken out again', async () => {
  expect(await dials('0043123456789')).toBe(403);
  const added = await drawbridge(`${PIN}\n`, 'pin', 'add', 'anna', '--route', 'abroad');
  expect(added).toEqual({
    code: 0,
    output: expect.stringMatching(/anna +route abroad +every extension[\s\S]*told to reload/),
  });
  await expect.poll(() => dials(`${PIN}*0043123456789`), { timeout: 15_000 }).toBe(486);
  expect(await dials('0043123456789')).toBe(403);
  expect(await dials(`${PIN.slice(1)}*0043123456789`)).toBe(403);
  expect((await drawbridge('', 'pin', 'list')).output).toMatch(/anna +route abroad/);
  expect((await drawbridge('', 'pin', 'list', '--json')).output).not.toContain('hmac');

  const wrongPins = () => drawbridge('', 'events', '--reason', 'pin-wrong', '--trail');
  await expect
    .poll(async () => (await wrongPins()).output, { timeout: 10_000, interval: 500 })
    .toMatch(/pin-wrong/);
  const refusals = await wrongPins();
  const calls = await drawbridge('', 'events', '--kind', 'call', '--json');
  expect(calls.output).toMatch(/"pin":"anna"/);
  expect(pbx.received.filter(({ method }) => method === 'INVITE').length).toBeGreaterThan(0);
  const everywhere = [
    ...pbx.received.map(({ text }) => text),
    ...[gate.logs(), await gate.status(), await gate.metrics(), refusals.output, calls.output],
    readFileSync(join(gate.data, 'events.jsonl'), 'utf8'),
    readFileSync(join(folder, 'policies/pins.yaml'), 'utf8'),
  ];
  for (const text of everywhere) expect(text).not.toContain(PIN.slice(1));

  expect((await drawbridge('', 'pin', 'remove', 'anna')).code).toBe(0);
  // where there are no PINs, what is dialled so is no number
  await expect.poll(() => dials(`${PIN}*0043123456789`), { timeout: 15_000 }).toBe(404);
});

test.each([
  ['123', /4 to 12 digits/],
  ['12a45', /not shown/],
  ['', /4 to 12 digits/],
])('%j is no PIN, and is not shown', async (pin, complaint) => {
  const { code, output } = await drawbridge(pin, 'pin', 'add', 'anna');
  expect([code, output]).toEqual([1, expect.stringMatching(complaint)]);
  if (pin !== '') expect(output).not.toContain(pin);
});

test('an entry for a route that is not there is refused, and one that a route needs is not taken out', async () => {
  const wrong = await drawbridge(`${PIN}\n`, 'pin', 'add', 'anna', '--route', 'abrod');
  expect(wrong).toEqual({
    code: 1,
    output: expect.stringMatching(/^--route: .*did you mean abroad[\s\S]*Nothing was changed/m),
  });
  await drawbridge(`${PIN}\n`, 'pin', 'add', 'anna');
  writeFileSync(join(folder, 'routes/outbound.yaml'), routes.replace('any', '[anna]'));
  const needed = await drawbridge('', 'pin', 'remove', 'anna');
  expect(needed).toEqual({ code: 1, output: expect.stringMatching(/Nothing was changed/) });
});
