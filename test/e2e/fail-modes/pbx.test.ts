import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../../support/a-pbx.ts';
import { aPhone, type Phone } from '../../support/a-phone.ts';
import { drawbridge } from '../../support/drawbridge.ts';
import { metric } from '../../support/gate-health.ts';
import { type Gate, startGate } from '../../support/gate-process.ts';
import { ownAddress } from '../../support/own-address.ts';
import { mirrored } from '../../support/raw-sip.ts';
import type { Received } from '../../support/sip-party.ts';

let pbx: Pbx;
let gate: Gate;
let phone: Phone;
let stranger: Phone;

beforeEach(async () => {
  pbx = await aPbx({ address: ownAddress() });
  isWell();
  gate = await startGate({
    pbx: `main=${pbx.uri}`,
    rules: 'shipped',
    settings: {
      'network.stealth.mode': 'off', // strangers are told that they are refused: silence would prove nothing
      'pbx.health': '{ everySeconds: 1, timeoutSeconds: 0.5, downAfter: 2, upAfter: 1 }',
    },
  });
  phone = await aPhone({ to: gate.udp, user: '1001', address: ownAddress() });
  stranger = await aPhone({ to: gate.udp, user: '1002', address: ownAddress() });
  await phone.register();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(gate.logs().slice(-4000));
  await Promise.all([phone.close(), stranger.close(), gate.close(), pbx.close()]);
});

function isWell(): void {
  pbx.deaf = false;
  pbx.registersAll();
  pbx.always('OPTIONS', (request) => pbx.answer(request, 200));
  pbx.always('INVITE', (request) => pbx.answer(request, 486));
}

/** What looks like an answer, and is none to what was asked. */
function garbageFor({ text }: Received): readonly string[] {
  const answer = mirrored(text, 200);
  return [
    randomBytes(300).toString('latin1'),
    'SIP/2.0 200 OK\r\n\r\n',
    answer.slice(0, answer.length / 3),
    answer.replace(/branch=[^;\r\n]+/, 'branch=z9hG4bKnothing'),
    answer.replace(/CSeq: \d+/, 'CSeq: 99999999999'),
    answer.replace('SIP/2.0 200', 'SIP/2.0 2000'),
    answer.replace('SIP/2.0', 'HTTP/1.1'),
    'x'.repeat(60_000),
  ];
}

function talksGarbage(): void {
  const act = (request: Received) => {
    for (const text of garbageFor(request)) pbx.send(text, request.from);
  };
  for (const method of ['OPTIONS', 'REGISTER', 'INVITE']) pbx.always(method, act);
}

test.each<[string, () => void]>([
  [
    'says nothing',
    () => {
      pbx.deaf = true;
    },
  ],
  ['answers garbage', talksGarbage],
])(
  'while the PBX %s nobody gets in, callers are told soon, and all is well when it is',
  async (_how, fail) => {
    fail();
    await expect.poll(() => metric(gate, 'drawbridge_pbx_node_up'), { timeout: 10_000 }).toBe(0);
    expect(gate.logs()).toMatch(/"node":"main","why":"timeout","msg":"PBX at .* does not answer"/);
    const readiness = await fetch(`http://${gate.http}/readyz`);
    expect([readiness.status, await readiness.text()]).toEqual([503, 'no PBX node answers\n']);
    const recorded = () => drawbridge('events', '--kind', 'pbx', '--data', gate.data);
    // events are written down a few at a time
    await expect
      .poll(async () => (await recorded()).output, { timeout: 5000 })
      .toContain('PBX node main is lost: timeout');

    const answers = Promise.race([stranger.tryToRegister(), sleep(2500)]);
    const call = await phone.invite('1003');
    expect([408, 500, 503, 504]).toContain((await call.final()).status);
    const answer = await answers;
    if (answer !== undefined) expect(answer.status).not.toBe(200);
    expect((await (await stranger.invite('1003')).final()).status).toBe(403);
    expect(await gate.status()).toContain('Registrations: 1');
    const { output } = await drawbridge('blocks', pbx.address, '--data', gate.data);
    expect(output).toContain('Nobody is blocked');

    isWell();
    await expect.poll(() => metric(gate, 'drawbridge_pbx_node_up'), { timeout: 10_000 }).toBe(1);
    await phone.register();
    expect((await (await phone.invite('1003')).final()).status).toBe(486);
  },
);
