import { afterEach, expect, test } from 'vitest';
import { aPhone } from './a-phone.ts';
import { startAsterisk } from './asterisk.ts';
import { startBaresip } from './baresip.ts';

// The rig without the gate: what fails here is not the gate's fault.

const started: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((stop) => stop()));
});

test('two softphones on Asterisk call each other and hear each other’s tone', async () => {
  const asterisk = await startAsterisk();
  started.push(asterisk.close);
  const registrar = `${asterisk.address}:${asterisk.port}`;
  const anna = await startBaresip({ user: '1001', password: 'secret1001', registrar, tone: 440 });
  started.push(anna.stop);
  const ben = await startBaresip({
    ...{ user: '1002', password: 'secret1002', registrar, tone: 880 },
    transport: 'tcp',
  });
  started.push(ben.stop);
  await Promise.all([anna.registered(), ben.registered()]);

  await anna.dial('1002');
  await ben.pickUp();
  await Promise.all([anna.talking(), ben.talking()]);
  await Promise.all([anna.hears(880), ben.hears(440)]);

  await anna.hangUp();
  await Promise.all([anna.over(), ben.over()]);
}, 30_000);

test('a scripted phone registers with Asterisk, sends a message and watches another', async () => {
  const asterisk = await startAsterisk();
  started.push(asterisk.close);
  const phones = await Promise.all(
    ['1003', '1004'].map((user) =>
      aPhone({ to: asterisk, user, password: `secret${user}`, transport: 'udp' }),
    ),
  );
  const [from, to] = phones;
  if (from === undefined || to === undefined) throw new Error('two phones were asked for');
  started.push(
    () => from.close(),
    () => to.close(),
  );
  await Promise.all([from.register(), to.register()]);

  const message = from.request('MESSAGE', `sip:1004@${asterisk.address}`, {
    body: 'good morning',
    headers: { 'Content-Type': 'text/plain' },
  });
  expect((await from.finalAnswer(message)).status).toBe(202);
  const received = await to.expect('MESSAGE');
  expect(received.body).toBe('good morning');
  to.answer(received, 200);

  const subscribe = from.request('SUBSCRIBE', `sip:1004@${asterisk.address}`, {
    headers: { Event: 'presence', Expires: '60', Accept: 'application/pidf+xml' },
  });
  expect((await from.finalAnswer(subscribe)).status).toBe(200);
  const notify = await from.expect('NOTIFY');
  expect(notify.body).toContain('<basic>open</basic>');
  from.answer(notify, 200);
}, 30_000);
