import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';

let pbx: Pbx;
let gate: Gate;
let phone: Phone;

beforeEach(async () => {
  pbx = await aPbx({ answersOptions: true });
  pbx.registersAll();
  gate = await startGate({ pbx: pbx.uri, rules: 'shipped' });
  phone = await aPhone({ to: gate.udp });
});
afterEach(async () => {
  await phone.close();
  await gate.close();
  await pbx.close();
});

const found = (...flags: string[]) =>
  drawbridge('events', '--data', gate.data, '--json', ...flags).then(({ output }) =>
    output
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  );

test('a refused call is found by reason and extension, with its trail, and stands in the file (E1)', async () => {
  await phone.register();
  await phone.finalAnswer(phone.request('INVITE', `sip:00850238112345@${gate.address}`));
  await expect
    .poll(() => found('--reason', 'country-not-allowed', '--extension', '1001'), {
      timeout: 15_000,
    })
    .toEqual([
      expect.objectContaining({
        kind: 'refused',
        rule: 'allowed-countries',
        status: 403,
        asked: expect.objectContaining({ invite: '00850238112345' }),
        trail: expect.arrayContaining([
          expect.objectContaining({ rule: 'allowed-countries', says: 'refuse' }),
        ]),
      }),
    ]);
  expect(await found('--kind', 'registered')).toMatchObject([{ extension: '1001' }]);
  expect(await found('--reason', 'guest')).toEqual([]);
  expect(readFileSync(join(gate.data, 'events.jsonl'), 'utf8')).toContain('country-not-allowed');
  const { output } = await drawbridge('events', '--data', gate.data, '--trail');
  expect(output).toMatch(
    /refused +INVITE +\S+ +→ \+?850238112345|refused +INVITE .*country-not-allowed/,
  );
  expect(output).toMatch(/refuse +allowed-countries: international number/);
});

test('what is no filter is said', async () => {
  const { code, output } = await drawbridge('events', '--since', 'noon', '--last', '0');
  expect([code, output]).toEqual([
    2,
    expect.stringMatching(/--last: found "0".*\n--since: found "noon"/),
  ]);
  expect(await drawbridge('events', '--last', '99999999999999999999')).toMatchObject({
    code: 2,
    output: expect.stringContaining('--last: found "99999999999999999999", expected a whole'),
  });
});

test('what a network or an IPv6 address did is found, however that is written', async () => {
  for (const network of ['203.0.113.0/24', '2001:DB8:7:0:0::1'])
    expect((await drawbridge('block', network, '--data', gate.data)).code).toBe(0);
  const sources = async (given: string) =>
    (await found('--kind', 'blocked', '--source', given)).map(({ source }) => source);
  await expect.poll(() => sources('203.0.113.0/255.255.255.0')).toEqual(['203.0.113.0/24']);
  await expect.poll(() => sources('2001:DB8:7:0::0001')).toEqual(['2001:db8:7::1']);
  const within = ['events', '--source', '203.0.113.128/25', '--data', gate.data];
  expect((await drawbridge(...within)).output).toBe(
    'No event is like that: of 203.0.113.128/25 as a whole. For what came from an address in it, name the address.\n',
  );
});
