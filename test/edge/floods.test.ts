import { expect, test } from 'vitest';
import { requestText, speak } from '../contract/scene.ts';
import { isRegistrar } from '../support/a-registrar.ts';
import { aScene } from './scene.ts';

const rates = { phones: { invite: { perSecond: 0.01, burst: 5 } } };
const network = { allowed: [], ...{ 'request-rates': rates } };

/** As whoever writes a phone's address into his datagrams: none of the answers is acknowledged. */
const passwords = { 1001: 'secret', 1002: 'secret' };
const inNoCall = { To: '<sip:1002@example.test>;tag=nobody' };
test.each([
  ['are told to wait', 503, undefined, {}],
  ['are challenged, where the PBX asks for passwords', 401, passwords, {}],
  ['are challenged, though they say that they are in a call', 401, passwords, inNoCall],
  [
    'are challenged, though they say so by a Route of ours too',
    401,
    passwords,
    { ...inNoCall, Route: '<sip:x@gate.test;lr>' },
  ],
])(
  'INVITEs beyond a phone’s rate %s, and fill no table (N7, N12)',
  async (_what, status, passwords, headers) => {
    await using scene = await aScene({
      limits: { transactions: 40 },
      policy: { site: { rules: 'on' }, network },
    });
    const { pbx } = scene;
    if (passwords !== undefined) isRegistrar(pbx, { passwords });
    const phone = await scene.registered({ password: 'secret' });
    pbx.always('INVITE', () => {}); // of those within its rate it thinks for long
    const gate = `${phone.gate.address}:${phone.gate.port}`;
    for (let call = 0; call < 200; call++)
      speak(phone, requestText(phone, 'INVITE', headers).replace('gate.test', gate));
    await phone.expect(status);
    const other = await scene.registered({
      user: '1002',
      password: 'secret',
      address: '127.0.3.8',
    });
    pbx.always('INVITE', (invite) => pbx.answer(invite, 486));
    expect((await (await other.invite('1003')).final()).status).toBe(486);
  },
);
