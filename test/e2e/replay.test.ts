import { writeFileSync } from 'node:fs';
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
  pbx = await aPbx();
  pbx.registersAll();
  gate = await startGate({ pbx: pbx.uri, rules: 'shipped' });
  phone = await aPhone({ to: gate.udp });
});
afterEach(async () => {
  await phone.close();
  await gate.close();
  await pbx.close();
});

const replay = (...words: string[]) => drawbridge('replay', '--data', gate.data, ...words);

test('what happened is as it was under the policy that was, and another says what would change (X4)', async () => {
  await phone.register();
  const held = await phone.invite('1002');
  const accepted = pbx.accept(await pbx.expect('INVITE'));
  await held.answered();
  await accepted;
  const second = await phone.invite('1003');
  pbx.answer(await pbx.expect('INVITE'), 486);
  await second.final();
  const bye = held.ask('BYE');
  pbx.answer(await pbx.expect('BYE'), 200);
  await bye;
  await phone.finalAnswer(phone.request('INVITE', `sip:00441632960000@${gate.address}`));

  const said = async (...words: string[]) => JSON.parse((await replay('--json', ...words)).output);
  await expect
    .poll(() => said(), { timeout: 15_000 })
    .toEqual({
      judged: 4,
      same: 4,
      newlyRefused: [],
      newlyPassed: [],
      refusedOtherwise: [],
      uncountable: 0,
      untold: 0,
    });
  // the second call was made while the first was live
  const stricter = ['--set', 'outbound.concurrent-calls.extension=1'];
  const looser = ['--set', 'outbound.allowed-countries.countries=[GB]'];
  const { code, output } = await replay(...stricter, ...looser);
  expect(code).toBe(1);
  expect(output).toMatch(
    /^4 calls and registrations, 2 as they were\n\nWould be refused: 1\n +1 +calls-too-many, by concurrent-calls\n.* 1001 +→ 1003 +from 127.0.0.1 /,
  );
  expect(output).toMatch(/Would be let through: 1\n +1 +country-not-allowed, by allowed-countries/);
  expect((await replay(...looser)).code).toBe(0);
  expect((await replay(join(gate.data, 'events.jsonl'), ...stricter)).output).toMatch(
    /calls-too-many, by concurrent-calls/,
  );
});

test('call records of a PBX are judged, and a wrong one is named by its line', async () => {
  const file = join(gate.data, 'cdr.csv');
  const write = (line: string) => writeFileSync(file, `calldate,src,dst,billsec\n${line}\n`);
  write('2026-07-01 12:00:00,1001,00441632960000,60');
  expect(await replay(file)).toMatchObject({
    code: 1,
    output: expect.stringMatching(/country-not-allowed, by allowed-countries/),
  });
  write('noon,1001,1002,60');
  expect(await replay(file)).toMatchObject({
    code: 1,
    output: expect.stringMatching(/line 2: at: found "noon", expected a moment/),
  });
});

test('what cannot be replayed is said', async () => {
  expect(await replay('nowhere.csv')).toMatchObject({
    code: 1,
    output: expect.stringMatching(/nowhere\.csv cannot be replayed: does not exist/),
  });
  expect(await drawbridge('replay', '--data', '/nowhere')).toMatchObject({
    code: 1,
    output: expect.stringContaining('There is no /nowhere/events.db: no gate has run there yet.'),
  });
  expect(await replay('/tmp')).toMatchObject({
    code: 1,
    output: expect.stringContaining('/tmp cannot be replayed: found a folder, expected a file'),
  });
  expect(await replay('/dev/zero')).toMatchObject({
    code: 1,
    output: expect.stringContaining(
      '/dev/zero cannot be replayed: found a pipe or device, expected a file',
    ),
  });
  expect(await replay('--since', 'noon', '--lasting', 'long')).toMatchObject({
    code: 2,
    output: expect.stringMatching(/--since: found "noon".*\n--lasting: found "long"/),
  });
});
