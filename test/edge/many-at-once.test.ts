import { expect, test } from 'vitest';
import { answerDigest } from '../support/digest-answer.ts';
import { eventually } from '../support/eventually.ts';
import type { Received } from '../support/sip-party.ts';
import { aScene } from './scene.ts';

const off = { mode: 'off' as const };
const policy = {
  site: { rules: 'on' as const },
  network: { allowed: [], ...{ 'request-rates': off } },
  ...{ registration: { 'pbx-pace': off } },
};
/** More than are asked about at once, and than may wait for that (R13). */
const numbers = Array.from({ length: 1100 }, (_, index) => String(2000 + index));

test('of very many that register for the first time at once some are told to come again, and none that its password is wrong (N13)', async () => {
  await using scene = await aScene({ policy });
  const { pbx } = scene;
  await scene.registered({ user: '1001' });
  const held: Received[] = [];
  pbx.always('REGISTER', (request) => {
    if (request.header('Authorization') !== undefined) held.push(request);
    else
      pbx.answer(request, 401, {
        headers: { 'WWW-Authenticate': 'Digest realm="pbx", nonce="n"' },
      });
  });
  const site = await scene.phone();
  const registers = (user: string, more: Record<string, string> = {}) =>
    site.request('REGISTER', 'sip:127.0.0.1', {
      headers: {
        From: `<sip:${user}@127.0.0.1>;tag=a`,
        To: `<sip:${user}@127.0.0.1>`,
        Contact: `<sip:${user}@127.0.0.1:${site.port}>`,
        ...more,
      },
    });
  const answers = (status: number) => site.received.filter((one) => one.status === status);

  const credentials: [user: string, Authorization: string][] = [];
  for (const user of numbers) {
    const challenged = await site.finalAnswer(registers(user));
    const challenge = challenged.header('WWW-Authenticate') ?? '';
    const request = { method: 'REGISTER', uri: 'sip:127.0.0.1' };
    credentials.push([user, answerDigest(challenge, request, { user, password: 'right' })]);
  }
  const before = answers(401).length;
  for (const [user, Authorization] of credentials) registers(user, { Authorization });
  await eventually(() => answers(503).length > 0 && held.length > 0, 'some are sent away');
  expect(answers(401).length).toBe(before);
  expect(Number(answers(503)[0]?.header('Retry-After'))).toBeGreaterThan(0);

  pbx.always('REGISTER', (request) =>
    pbx.answer(request, 200, { headers: { Contact: `${request.header('Contact')};expires=60` } }),
  );
  for (const request of held)
    pbx.answer(request, 200, { headers: { Contact: `${request.header('Contact')};expires=60` } });
  // one is registered already
  await eventually(() => scene.running.edge.registrations.size > 1 + 1024, 'all others');
  expect(answers(401).length).toBe(before);
}, 60_000);
