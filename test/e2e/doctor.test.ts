import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Finding } from '../../src/doctor/finding.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress } from '../support/own-address.ts';

let pbx: Pbx;
let gate: Gate;

beforeEach(async () => {
  pbx = await aPbx({ address: ownAddress() });
  gate = await startGate({ pbx: pbx.uri, rules: 'shipped' });
});
afterEach(async () => {
  await gate.close();
  await pbx.close();
});

const doctor = (...more: string[]) =>
  drawbridge(
    ...['doctor', '--data', gate.data, '--pbx', pbx.uri],
    ...['--listen', `udp:${gate.address}:${gate.udp.port}`, ...more],
  );

async function findings(...more: string[]): Promise<readonly Finding[]> {
  const { output } = await doctor('--json', ...more);
  return JSON.parse(output).findings;
}

test('a gate that runs is asked, and one that does not is looked at all the same', async () => {
  const running = await findings();
  expect(running).toContainEqual(
    expect.objectContaining({
      about: 'gate',
      level: 'ok',
      saw: expect.stringContaining('is ready'),
    }),
  );
  expect(running).toContainEqual({
    ...{ about: 'ports', level: 'ok', saw: `udp:${gate.address}:${gate.udp.port} is open` },
  });
  expect(running.filter(({ about }) => about === 'PBX')).toMatchObject([{ level: 'ok' }]);

  await gate.stop();
  const stopped = await findings();
  expect(stopped[0]).toMatchObject({ about: 'gate', level: 'warn' });
  expect(stopped).toContainEqual(
    expect.objectContaining({ saw: `udp:${gate.address}:${gate.udp.port} is free` }),
  );
});

test('what is bad ends with 1, and says what to do', async () => {
  const nobody = 'pbx.nodes.0.uri=sip:127.0.0.1:9';
  const { code, output } = await doctor('--set', nobody);
  expect(code).toBe(1);
  expect(output).toMatch(/PBX\n {2}bad {3}.* does not answer .*\n {8}is it running/);
  expect(output).toMatch(/\d+ things? bad, \d+ warnings?, \d+ in order\n$/);
});

test('settings that are wrong are a finding', async () => {
  expect(await findings('--set', 'site.rules=maybe')).toMatchObject([
    { about: 'settings', level: 'bad', saw: expect.stringContaining('site.rules') },
  ]);
});
