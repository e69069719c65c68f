import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from '../config/load.ts';
import { EventsDatabase } from '../control/events/events-database.ts';
import type { GateEvent } from '../data/event.ts';
import { written } from '../data/written-event.ts';
import type { Period } from './audit.ts';
import { reportSecurity, type SecurityReport } from './security-report.ts';
import { showHtml } from './show-html.ts';

const DAY_MS = 86_400_000;
const now = Date.UTC(2026, 10, 29, 12);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const event = (daysAgo: number, more: Partial<GateEvent>): GateEvent => ({
  ...{ at: now - daysAgo * DAY_MS, level: 'info', kind: 'refused', count: 1, ...more },
});

async function reportOf(
  events: readonly GateEvent[],
  set: readonly string[] = [],
  ...periods: readonly Period[]
): Promise<SecurityReport> {
  const loaded = loadSettings({ set, data: folder }, {}, true);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const file = join(folder, 'events.db');
  const { database } = EventsDatabase.open(file);
  database.write(events.map(written));
  database.close();
  const { settings } = loaded;
  return reportSecurity(
    { settings, status: undefined, root: folder },
    { gate: 'gate-1', version: '1.2.3', events: file, periods, now },
  );
}

/** The facts of a check list by its lines. */
const factsOf = ({ audits }: SecurityReport): Readonly<Record<string, string>> =>
  Object.fromEntries(
    audits.flatMap(({ items }) =>
      items.map(({ what, state, facts }) => [what.split(':')[0], `${state}: ${facts.join('; ')}`]),
    ),
  );

describe('the check list', () => {
  test('of the week says what was refused, guessed, called and what failed', async () => {
    const report = await reportOf(
      [
        event(1, { reason: 'scanner', rule: 'scanners', country: 'NL', count: 900 }),
        event(2, { reason: 'stranger', rule: 'stealth', country: 'FR', count: 100 }),
        event(8, { reason: 'scanner', count: 5000 }),
        event(1, { kind: 'blocked', rule: 'scanners', count: 12 }),
        event(1, { kind: 'failed', extension: '1001', reason: 'password-wrong', count: 7 }),
        event(1, { reason: 'locked-out', extension: '1001', level: 'warn', count: 2 }),
        event(1, { kind: 'emergency', level: 'alert', extension: '1002' }),
        event(1, { kind: 'pbx', level: 'alert' }),
        event(1, { kind: 'call', number: '+41446681800', extension: '1001', count: 3 }),
        event(1, { kind: 'call', number: '+4930123456', extension: '1001' }),
      ],
      ['site.homeCountry=DE'],
      'weekly',
    );
    expect(report.audits).toMatchObject([
      { period: 'weekly', since: now - 7 * DAY_MS, items: { length: 6 } },
    ]);
    expect(factsOf(report)).toMatchObject({
      Attacks:
        'done: 1,002 refused: scanner 900, stranger 100, locked-out 2; 12 blocked: scanners 12; ' +
        'from countries: NL 900, FR 100',
      Passwords: 'look: 7 wrong: 1001 7; 2 locked out: 1001 2',
      'Own extensions that were refused something': 'look: 2 refused: 1001 2',
      Alerts: 'look: 2 alerts: emergency 1, pbx 1',
      'Calls abroad': 'done: to: CH 3',
      'What failed': 'done: none',
    });
  });

  test('of the month says what changed, and what nobody needs', async () => {
    const registered = { kind: 'registered', extension: '1001' } as const;
    const report = await reportOf(
      [
        event(3, { kind: 'reload', text: 'site.rules: on -> shadow' }),
        event(40, { kind: 'reload', text: 'long ago' }),
        event(2, { ...registered, country: 'DE' }),
        event(1, { ...registered, country: 'BR' }),
        event(1, { kind: 'excepted', exception: 'fair', count: 4 }),
      ],
      [
        'extensions.list={"1001": {}, "1002": {}}',
        'network.scanners.mode=shadow',
        'exceptions={fair: {rule: allowed-countries, extension: "1001", until: 2099-01-01 00:00Z, why: a fair}}',
      ],
      'monthly',
    );
    expect(factsOf(report)).toMatchObject({
      'Changes of settings': 'look: 1 reloads; 2026-11-26: site.rules: on -> shadow',
      Exceptions: 'look: fair: allowed-countries until 2099-01-01 00:00Z, a fair; used: fair 4',
      'Extensions that registered from several countries': 'look: 1001: DE, BR',
      'Extensions in the list that were not used': 'look: 1: 1002',
      'Rules that do not act': expect.stringContaining('scanners: shadow'),
    });
  });

  test('of the quarter says what stands open for nothing', async () => {
    const report = await reportOf(
      [event(1, { kind: 'call', number: '+41446681800', trunk: 'used', route: 'abroad' })],
      [
        'outbound.allowed-countries.countries=[AT, CH]',
        'trunks=[{name: used, uri: "sip:203.0.113.5"}, {name: idle, uri: "sip:203.0.113.6"}]',
        'outboundRoutes=[{name: abroad, patterns: ["00."], trunks: [used]}, {name: old, patterns: ["9."], trunks: [idle]}]',
      ],
      'quarterly',
    );
    expect(factsOf(report)).toMatchObject({
      'Countries that may be called, and were not': 'look: not called: AT',
      'Routes, trunks and PINs that nobody used': 'look: routes: old; trunks: idle',
      'What this report finds wanting': expect.stringContaining('Extensions: D'),
      'A backup that was restored somewhere, to try it': 'by hand: ',
    });
  });

  test('says since when what happened is on record', async () => {
    const report = await reportOf([event(3, {})], [], 'weekly', 'monthly');
    const since = now - 3 * DAY_MS;
    expect(report.audits).toMatchObject([{ recordSince: since }, { recordSince: since }]);
    const none = await reportSecurity(await examined(), {
      gate: 'g',
      version: '1',
      events: join(folder, 'none.db'),
      periods: ['weekly'],
      now,
    });
    expect(none).toMatchObject({
      audits: [],
      noAudits: expect.stringContaining('nothing is on record'),
    });
  });
});

async function examined() {
  const loaded = loadSettings({ data: folder }, {}, true);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return { settings: loaded.settings, status: undefined, root: folder };
}

test('the page has what strangers wrote as text, and needs nothing from elsewhere', async () => {
  const evil = '<script>alert("1")</script>&\'<img src=x onerror=y>\u202e';
  const html = showHtml(
    await reportOf(
      [event(1, { kind: 'failed', extension: evil, reason: 'password-wrong' })],
      [],
      'weekly',
    ),
  );
  expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;&lt;img');
  expect(html).not.toMatch(/<script|<img|\u202e|https?:\/\//);
  expect(html).toContain("default-src 'none'");
  expect(html).toContain('<span class="grade D">D</span> Security of gate-1');
});
