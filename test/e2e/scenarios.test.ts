import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aPbx } from '../support/a-pbx.ts';
import { aPhone } from '../support/a-phone.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { type SippOptions, sipp, sippServer } from '../support/sipp.ts';

const folder = new URL('../../sipp-scenarios/legit/', import.meta.url);
const names = readdirSync(folder)
  .map((file) => file.replace(/\.xml$/, ''))
  .filter((name) => !name.endsWith('-pbx'))
  .toSorted();

/** What a scenario promises: the comment it begins with. */
const promise = (name: string) =>
  /<!-- (.*?) -->/s.exec(readFileSync(new URL(`${name}.xml`, folder), 'utf8'))?.[1] ?? name;

/** Plays both sides of a scenario; either one can fail it. */
async function play(name: string, pbxAddress: string, phone: SippOptions): Promise<void> {
  const pbx = await sippServer(`legit/${name}-pbx`, { address: pbxAddress });
  // Both are heard before either is judged: what the other side saw is half of the story.
  const [phoneSide, pbxSide] = [
    await sipp(`legit/${name}`, phone).then(() => undefined, String),
    await pbx.done().then(() => undefined, String),
  ];
  expect([phoneSide, pbxSide].filter((words) => words !== undefined).join('\n\n')).toBe('');
}

describe('the scenarios themselves, phone straight to PBX', () => {
  test.each(names)('%s', { timeout: 30_000 }, async (name) => {
    const address = ownAddress();
    await play(name, address, { target: { address, port: ownPorts.sip } });
  });
});

describe('a scenario fails', () => {
  test('on a wrong password', { timeout: 30_000 }, async () => {
    const address = ownAddress();
    const pbx = await sippServer('legit/register-pbx', { address });
    const as = { user: '1001', password: 'wrong' };
    await expect(
      sipp('legit/register', { target: { address, port: ownPorts.sip }, as }),
    ).rejects.toThrow('403 Forbidden');
    await pbx.kill();
  });

  test('on a header that was changed on the way', { timeout: 30_000 }, async () => {
    const address = ownAddress();
    const pbx = await sippServer('legit/call-pbx', { address, patienceMs: 1000 });
    const phone = await aPhone({ to: { address, port: ownPorts.sip } });
    await phone.invite('1002', { headers: { 'X-Note': 'keep me', Subject: 'lunch' } });
    await expect(pbx.done()).rejects.toThrow('X-Note');
    await phone.close();
  });

  test('when nobody called', { timeout: 30_000 }, async () => {
    const pbx = await sippServer('legit/call-pbx', { address: ownAddress() });
    await expect(pbx.done()).rejects.toThrow('no call came');
  });
});

describe.each(['udp', 'tcp', 'tls'] as const)(
  'through the gate, the phone over %s (S2)',
  (transport) => {
    const pbxAddress = ownAddress();
    let gate: Gate;

    beforeAll(async () => {
      // It answers the gate's first health check and makes room for SIPp; the next check is an hour away.
      const pbx = await aPbx({ address: pbxAddress, port: ownPorts.sip });
      gate = await startGate({ pbx: pbx.uri, settings: { 'pbx.health.everySeconds': 3600 } });
      await pbx.close();
    }, 30_000);
    afterAll(() => gate?.close());

    test.each(names.map((name) => [name, promise(name)]))(
      '%s: %s',
      { timeout: 30_000 },
      async (name) => {
        await play(name, pbxAddress, { target: gate[transport], transport });
      },
    );
  },
);
