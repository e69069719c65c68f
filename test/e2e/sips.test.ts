import { afterAll, beforeAll, expect, test } from 'vitest';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { type Asterisk, startAsterisk } from '../support/asterisk.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { sdp } from '../support/sip-call.ts';

let asterisk: Asterisk;
let gate: Gate;

beforeAll(async () => {
  asterisk = await startAsterisk();
  gate = await startGate({ pbx: asterisk.uri });
});
afterAll(async () => {
  await gate?.close();
  await asterisk?.close();
});

const contact = '<sips:1001@10.0.0.9:5061>';

/** Registered over TLS, with nothing but sips URIs. */
async function securePhone(): Promise<Phone> {
  const domain = asterisk.address;
  const options = { transport: 'tls', to: gate.tls, user: '1001', password: 'secret1001' } as const;
  const phone = await aPhone({ ...options, domain });
  const us = `<sips:1001@${domain}>`;
  const headers = { From: `${us};tag=r`, To: us, Contact: contact, Expires: '300' };
  const sent = phone.request('REGISTER', `sips:${domain}`, { headers });
  expect((await phone.finalAnswer(sent)).status).toBe(200);
  return phone;
}

test('a phone that speaks sips only calls and is called by way of an Asterisk on UDP, and either side can hang up', async () => {
  const phone = await securePhone();
  const domain = asterisk.address;
  const headers = { From: `<sips:1001@${domain}>;tag=c`, Contact: contact };
  const call = await phone.invite(`sips:*1@${domain}`, { headers });
  await call.answered();
  await asterisk.cli('channel request hangup all');
  const bye = await phone.expect('BYE');
  expect(bye.uri).toBe('sips:1001@10.0.0.9:5061');
  phone.answer(bye, 200);

  const again = await phone.invite(`sips:*1@${domain}`, { headers });
  await again.answered();
  expect((await again.ask('BYE')).status).toBe(200);

  const options = { to: gate.udp, user: '1002', password: 'secret1002', domain };
  const other = await aPhone(options);
  await other.register();
  const incoming = await other.invite('1001');
  const invite = await phone.expect('INVITE');
  phone.answer(invite, 200, { headers: { Contact: contact }, body: sdp('127.0.0.1') });
  await incoming.answered();
  expect((await incoming.ask('BYE')).status).toBe(200);
  expect((await phone.expect('BYE')).uri).toBe('sips:1001@10.0.0.9:5061');
  await Promise.all([phone.close(), other.close()]);
});
