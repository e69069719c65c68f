import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone } from '../support/a-phone.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { contactOf } from '../support/sip-party.ts';

describe.each(['contact', 'path'] as const)('each transport, by %s (S1, S3, I4)', (toward) => {
  let pbx: Pbx;
  let gate: Gate;
  beforeAll(async () => {
    pbx = await aPbx({ address: ownAddress(), port: ownPorts.sip });
    gate = await startGate({ pbx: pbx.uri, settings: { 'pbx.registration.toward': toward } });
  });
  afterAll(async () => {
    await gate?.close();
    await pbx?.close();
  });

  test.each(['udp', 'tcp', 'tls', 'ws', 'wss'] as const)(
    'over %s it registers, calls, is called over the same flow, and leaves',
    async (transport) => {
      const phone = await aPhone({
        ...{ transport, to: gate[transport], user: '1001', password: 'secret' },
        address: ownAddress(),
      });
      const registering = phone.register();
      const unproved = await pbx.expect('REGISTER');
      pbx.answer(unproved, 401, {
        headers: { 'WWW-Authenticate': 'Digest realm="pbx", nonce="n", qop="auth"' },
      });
      const register = await pbx.expect('REGISTER');
      expect(register.header('Authorization')).toContain('username="1001"');
      const registered = {
        Contact: `${register.header('Contact')};expires=300`,
        Path: register.headers('Path'),
      };
      pbx.answer(register, 200, { headers: registered });
      // It is told its own Contact, whatever the PBX was told.
      expect(phone.contact).toContain(contactOf(await registering));

      const call = await phone.invite('1002');
      const invite = await pbx.expect('INVITE');
      pbx.answer(invite, 180);
      await call.rings();
      const accepting = pbx.accept(invite);
      await call.answered();
      const called = await accepting;
      const bye = called.bye();
      const heard = await phone.expect('BYE');
      expect(heard.from).toMatchObject(gate[transport]);
      phone.answer(heard, 200);
      await bye;

      const back = await pbx.invite(contactOf(register), {
        to: register.from,
        headers: { Route: register.list('Path') },
      });
      const arrived = await phone.expect('INVITE');
      expect(arrived.uri).toBe(contactOf(await registering));
      const talking = phone.accept(arrived);
      await back.answered();
      await talking;
      const end = back.bye();
      phone.answer(await phone.expect('BYE'), 200);
      await end;

      const leaving = phone.unregister();
      const last = await pbx.expect('REGISTER');
      expect(last.header('Expires')).toBe('0');
      expect(contactOf(last)).toBe(contactOf(register));
      pbx.answer(last, 200);
      await leaving;
      await phone.close();
    },
  );
});
