import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { shippedFolders } from '../../src/config/settings-files.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';

let policies: string;
let pbx: Pbx;
let gate: Gate;
let phone: Phone;

beforeEach(async () => {
  policies = mkdtempSync(join(tmpdir(), 'policies-'));
  cpSync(shippedFolders.policies, policies, { recursive: true });
  pbx = await aPbx();
  pbx.registersAll();
  pbx.always('INVITE', (request) => pbx.answer(request, 486));
  gate = await startGate({ pbx: pbx.uri, rules: 'shipped', flags: ['--policies', policies] });
  phone = await aPhone({ to: gate.udp });
  await phone.register();
});
afterEach(async () => {
  await phone.close();
  await gate.close();
  await pbx.close();
  rmSync(policies, { recursive: true });
});

const exception = (...words: string[]) =>
  drawbridge('exception', ...words, '--policies', policies, '--data', gate.data);
/** 486 is the PBX's: the call got there. */
const callAbroad = async () =>
  (await phone.finalAnswer(phone.request('INVITE', `sip:0046812345678@${gate.address}`))).status;
const events = async (...flags: string[]) => {
  const { output } = await drawbridge('events', '--data', gate.data, '--json', ...flags);
  return output
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
};

test('an exception lets one extension pass one rule until it is ended, and all of it is on record (X5)', async () => {
  expect(await callAbroad()).toBe(403);
  const added = await exception(
    ...['add', 'fair', '--rule', 'allowed-countries', '--extension', '1001', '--for', '2h'],
    ...['--why', 'at the fair', '--by', 'Anna'],
  );
  expect(added).toMatchObject({ code: 0, output: expect.stringMatching(/told to reload/) });
  await expect.poll(callAbroad, { timeout: 15_000 }).toBe(486);
  expect(await gate.status()).toMatch(/Exceptions\n +(2 h 0|1 h 59) min left +fair +allowed-coun/);
  expect((await exception('list')).output).toMatch(/left +fair .* at the fair \(Anna\)/);

  expect((await exception('end', 'fair')).code).toBe(0);
  await expect.poll(callAbroad, { timeout: 15_000 }).toBe(403);
  expect((await exception('list')).output).toMatch(/ended +fair/);
  expect(await exception('end', 'fair')).toMatchObject({
    code: 1,
    output: expect.stringMatching(/^fair ended already, at /),
  });
  await expect
    .poll(async () => (await events('--kind', 'exception')).map(({ text }) => text), {
      timeout: 15_000,
    })
    .toEqual([expect.stringMatching(/^in force, until/), expect.stringMatching(/^ended early/)]);
  expect(await events('--kind', 'excepted')).toMatchObject([
    { exception: 'fair', rule: 'allowed-countries', extension: '1001' },
  ]);

  expect((await exception('remove', 'fair')).code).toBe(0);
  const shipped = readFileSync(join(shippedFolders.policies, 'exceptions.yaml'), 'utf8');
  expect(readFileSync(join(policies, 'exceptions.yaml'), 'utf8')).toBe(shipped);
});

test('what would be wrong is refused whole, and the file is as it was', async () => {
  const file = join(policies, 'exceptions.yaml');
  const before = readFileSync(file, 'utf8');
  const tried = await exception(
    ...[
      'add',
      'fair',
      '--rule',
      'allowed-country',
      '--group',
      'sales',
      '--for',
      '2h',
      '--why',
      'x',
    ],
  );
  expect(tried.code).toBe(1);
  expect(tried.output).toMatch(
    /^--rule: found "allowed-country", .*did you mean allowed-countries/m,
  );
  expect(tried.output).toMatch(/^--group: found "sales", expected one of the groups: none/m);
  expect(tried.output).toMatch(/Nothing was changed/);
  expect(await exception('add', 'fair', '--rule', 'x', '--for', 'noon')).toMatchObject({
    code: 2,
    output: expect.stringMatching(/--for: found "noon".*\n--why: found nothing/s),
  });
  const whole = ['add', 'fair', '--rule', 'allowed-countries', '--extension', '1', '--why', 'x'];
  for (const span of ['999999d', '0s'])
    expect(await exception(...whole, '--for', span)).toEqual({
      code: 2,
      output: `--for: found "${span}", expected a time such as 30m, 2h or 7d, at most 3650d\n`,
    });
  expect((await exception('end', 'fair')).code).toBe(1);
  expect(readFileSync(file, 'utf8')).toBe(before);
});
