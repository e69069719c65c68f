import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aPbx } from '../../support/a-pbx.ts';
import { aPhone, type Phone } from '../../support/a-phone.ts';
import { countryFile } from '../../support/country-file.ts';
import { drawbridge } from '../../support/drawbridge.ts';
import { startGate } from '../../support/gate-process.ts';
import { ownAddress } from '../../support/own-address.ts';

let folder: string;
const database = (): string => join(folder, 'countries.mmdb');
const networkOf = (address: string): string => address.split('.').slice(0, 2).join('.');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countries-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const settings = () => ({
  'network.countryDatabase': database(),
  'network.source-countries.mode': 'on',
  'network.source-countries.countries': '[DE]',
  'site.localNetworks': '[10.0.0.0/8]',
});

test.each<[string, () => void]>([
  ['is missing', () => {}],
  ['is something else', () => writeFileSync(database(), 'no countries')],
  ['is cut short', () => writeFileSync(database(), countryFile({ '127.1': 'DE' }).subarray(0, 40))],
])(
  'a country database that %s keeps the gate from starting, and the key is named',
  async (_how, spoil) => {
    spoil();
    const { code, output } = await drawbridge(
      ...['run', '--pbx', 'sip:127.0.0.1:5999', '--listen', 'udp:127.0.0.1:0'],
      ...['--http', '127.0.0.1:0', '--data', folder],
      ...Object.entries(settings()).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
    );
    expect(code).toBe(1);
    expect(output).toContain('network.countryDatabase');
  },
);

test('one that is lost while the gate runs changes nothing: a reload is refused, and who was shut out stays out', async () => {
  const [home, abroad] = [ownAddress(), '127.15.0.1'];
  writeFileSync(database(), countryFile({ [networkOf(home)]: 'DE', '127.15': 'KP' }));
  const pbx = await aPbx({ address: ownAddress() });
  pbx.registersAll();
  const gate = await startGate({ pbx: pbx.uri, rules: 'shipped', settings: settings() });
  const phone = await aPhone({ to: gate.udp, user: '1001', address: home });
  const stranger = await aPhone({ to: gate.udp, user: '1002', address: abroad });
  const heard = (one: Phone) =>
    Promise.race([one.register().then(() => true), sleep(1500, false)]).catch(() => false);
  try {
    expect(await Promise.all([heard(phone), heard(stranger)])).toEqual([true, false]);
    rmSync(database());
    const { code, output } = await drawbridge('reload', '--data', gate.data);
    expect([code, output]).toEqual([1, expect.stringContaining('network.countryDatabase')]);
    expect(gate.logs()).toContain('reload refused; the settings are as they were');
    const metrics = await gate.metrics();
    expect(metrics).toContain('drawbridge_reloads_total{outcome="refused"} 1');
    expect(metrics).toMatch(/decisions_total\{.*rule="source-countries"/);
    expect(await Promise.all([heard(phone), heard(stranger)])).toEqual([true, false]);
  } finally {
    await Promise.all([phone.close(), stranger.close(), gate.close(), pbx.close()]);
  }
});
