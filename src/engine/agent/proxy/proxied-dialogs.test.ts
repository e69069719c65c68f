import { expect, test } from 'vitest';
import { aRequest } from '../../../../test/support/a-message.ts';
import { aChannel } from '../../../../test/support/a-program-server.ts';
import { createTimerWheel } from '../../timer-wheel.ts';
import { ProxiedDialogs } from './proxied-dialogs.ts';

test('whoever answers in ever new tags is heard by the first 32: the rest would fill the memory', () => {
  const channel = aChannel();
  const dialogs = new ProxiedDialogs(createTimerWheel({ onFault: () => {} }));
  const invite = aRequest({ headers: { From: '<sip:a@b>;tag=caller', 'Call-ID': 'ringing' } });
  const dialog = dialogs.open(invite, channel);
  if (dialog === undefined) throw new Error('there was room for no dialog');
  for (let one = 0; one < 100; one++) dialogs.learn(dialog, `callee-${one}`, channel);
  const wayFrom = (tag: string) => {
    const From = `<sip:c@d>;tag=${tag}`;
    const headers = { From, To: '<sip:a@b>;tag=caller', 'Call-ID': 'ringing' };
    return dialogs.wayOf(aRequest({ method: 'UPDATE', headers }), channel);
  };
  expect(dialog.callees.size).toBe(32);
  expect([wayFrom('callee-31'), wayFrom('callee-32')]).toEqual([channel, undefined]);
});
