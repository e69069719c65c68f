import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../../support/a-pbx.ts';
import { aPhone, type Phone } from '../../support/a-phone.ts';
import { drawbridge } from '../../support/drawbridge.ts';
import { metric } from '../../support/gate-health.ts';
import { type Gate, startGate } from '../../support/gate-process.ts';
import { ownAddress } from '../../support/own-address.ts';
import { sipp } from '../../support/sipp.ts';

const CLOCK = fileURLToPath(new URL('../../support/movable-clock.ts', import.meta.url));
const BERLIN = '03012345678';
const DAY_MS = 86_400_000;

let folder: string;
let pbx: Pbx;
let gate: Gate;
let phone: Phone;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clock-'));
  writeFileSync(join(folder, 'ahead'), '0');
  pbx = await aPbx({ address: ownAddress() });
  pbx.registersAll();
  pbx.always('BYE', (bye) => pbx.answer(bye, 200));
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    // strangers are told that they are refused: silence would prove nothing
    settings: { 'site.homeCountry': 'DE', 'network.stealth.mode': 'off' },
    environment: { MOVABLE_CLOCK: join(folder, 'ahead'), NODE_OPTIONS: `--import=${CLOCK}` },
  });
  phone = await aPhone({ to: gate.udp, user: '1001', address: ownAddress() });
  await phone.register();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(gate.logs().slice(-4000));
  await Promise.all([phone.close(), gate.close(), pbx.close()]);
  rmSync(folder, { recursive: true });
});

test.each([
  ['forward', DAY_MS],
  ['back', -DAY_MS],
])(
  'a clock that is set %s by a day ends no call, no registration and no refusal of strangers',
  async (way, by) => {
    // one that is ended when it has lasted for hours
    const call = await phone.invite(BERLIN);
    await Promise.all([pbx.accept(await pbx.expect('INVITE')), call.answered()]);
    const scanner = ownAddress();
    const scan = { target: gate.udp, address: scanner, keywords: { ua: 'friendly-scanner' } };
    await sipp('attack/scanner-meets-silence', scan);

    writeFileSync(join(folder, 'ahead'), String(by));
    await expect.poll(() => gate.logs(), { timeout: 5000 }).toContain(`the clock was set ${way}`);
    await expect.poll(() => metric(gate, 'drawbridge_clock_steps_total')).toBe(1);
    expect(gate.logs()).toMatch(/"seconds":86(399|400|401),"msg":"the clock was set/);
    // what happened is on record a moment after it is in the log
    const recorded = () => drawbridge('events', '--kind', 'clock', '--data', gate.data);
    await expect.poll(async () => (await recorded()).output).toContain(`the clock was set ${way}`);

    await sleep(1500);
    expect(pbx.received.filter(({ method }) => method === 'BYE')).toEqual([]);
    expect((await call.bye()).status).toBe(200);
    const [registered] = (await gate.told()).registrations.rows;
    expect(Math.abs((registered?.expiresAt ?? 0) - Date.now() - by - 300_000)).toBeLessThan(60_000);
    const another = await phone.invite('1002');
    await Promise.all([pbx.accept(await pbx.expect('INVITE')), another.answered()]);

    const stranger = await aPhone({ to: gate.udp, user: '1001', address: ownAddress() });
    expect((await (await stranger.invite('1002')).final()).status).toBe(403);
    await stranger.close();
    // what anybody could have sent in its name blocks it for two minutes, not for a day and two minutes
    const { output } = await drawbridge('blocks', scanner, '--json', '--data', gate.data);
    const { rows } = JSON.parse(output);
    expect(rows).toHaveLength(by > 0 ? 0 : 1);
    for (const { until } of rows) expect(until - Date.now() - by).toBeLessThan(120_000);
    await sipp('attack/scanner-meets-silence', scan);
  },
);
