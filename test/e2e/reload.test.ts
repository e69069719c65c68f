import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shippedFolders } from '../../src/config/settings-files.ts';
import { operatorMistakes } from '../config/operator-mistakes.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'reload-'));
const routes = join(folder, 'routes');
const policies = join(folder, 'policies');
let pbx: Pbx;
let gate: Gate;

beforeAll(async () => {
  restore();
  pbx = await aPbx();
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    flags: ['--routes', routes, '--policies', policies],
  });
});
afterAll(async () => {
  await gate.close();
  await pbx.close();
  rmSync(folder, { recursive: true });
});

function restore(): void {
  cpSync(shippedFolders.routes, routes, { recursive: true });
  cpSync(shippedFolders.policies, policies, { recursive: true });
}

const policy = (name: string): string => readFileSync(join(policies, name), 'utf8');
const write = (name: string, text: string): void => writeFileSync(join(policies, name), text);

/** What it logs from now on. */
function fromNow(): () => string {
  const { length } = gate.logs();
  return () => gate.logs().slice(length);
}

const logs = (said: () => string, text: string | RegExp) =>
  expect.poll(said, { timeout: 5000 }).toMatch(text);

const reload = (...flags: readonly string[]) => drawbridge('reload', '--data', gate.data, ...flags);

/** `notifications.yaml` with a secret in it where the settings are wrong. */
const misplacedSecrets: readonly string[] = [
  'ops: https://hooks.example/services/T1/SECRETXYZ',
  'ops: { webhok: https://hooks.example/T1/SECRETXYZ }',
  'ops: { webhook: [https://hooks.example/T1/SECRETXYZ] }',
  'ops: { webhook: https://bob:SECRETXYZ/1@hooks.example/a }',
  'ops: { webhook: https://bob:SECRETXYZ?1@hooks.example/a }',
  '- https://hooks.example/T1/SECRETXYZ',
  'ops: { email: https://hooks.example/T1/SECRETXYZ }',
  'ops: { webhook: https://hooks.example, token: [SECRETXYZ] }',
  'ops: { token:SECRETXYZ }',
]
  .map((contact) => `notifications:\n  contacts:\n    ${contact}\n`)
  .concat('notifications: { smtp: { password: [SECRETXYZ] } }\n');

beforeEach(restore);
afterEach(async () => {
  restore();
  expect((await reload()).code).toBe(0);
});

describe('a file that changes (X1)', () => {
  test('shows nothing of the secret that the URL of a webhook has in it, wrong or right', async () => {
    const to = (url: string) =>
      `notifications: { contacts: { duty: { webhook: "${url}", wants: [{ level: alert }] } } }\n`;
    const said = fromNow();
    write('notifications.yaml', to('https://one.example/hook/s3cret-one'));
    await logs(said, 'notifications.contacts.duty: added');
    write('notifications.yaml', to('https://two.example/hook/s3cret-two'));
    await logs(said, 'webhook: https://one.example/… -> https://two.example/…');
    write('notifications.yaml', to('http://two.example/hook/s3cret-three'));
    expect((await reload()).output).toContain('(did you mean https://two.example/…?)');
    expect((await drawbridge('events', '--kind', 'reload', '--data', gate.data)).output).toMatch(
      /one\.example\/… -> https:\/\/two\.example/,
    );
    expect(said()).toContain('two.example');
    expect(said()).not.toContain('s3cret');
  });

  test('shows nothing of a secret that stands where it does not belong', async () => {
    const said = fromNow();
    const printed: string[] = [];
    for (const text of misplacedSecrets) {
      write('notifications.yaml', text);
      const reloaded = await reload();
      const checked = await drawbridge('check', '--routes', routes, '--policies', policies);
      for (const { code, output } of [reloaded, checked]) {
        expect.soft({ code, text, output }).toMatchObject({
          code: 1,
          output: expect.stringContaining('notifications.yaml:'),
        });
        printed.push(output);
      }
    }
    await logs(said, 'reload refused');
    printed.push(said(), (await drawbridge('events', '--data', gate.data)).output);
    expect(printed.at(-1)).toContain('notifications.contacts');
    expect(printed.join('\n')).not.toContain('SECRETXYZ');
  }, 60_000);

  test('shows nothing of the secret that the URL of a list has in it', async () => {
    const said = fromNow();
    const from = (url: string) => `lists: { feed: { url: "${url}", mode: shadow } }\n`;
    write('lists.yaml', from('https://127.0.0.1:9/SECRETXYZ/one'));
    await logs(said, 'lists.feed: added');
    await logs(said, 'cannot be read');
    write('lists.yaml', from('https://127.0.0.2:9/SECRETXYZ/two'));
    await logs(said, 'lists.feed.url: https://127.0.0.1:9/… -> https://127.0.0.2:9/…');
    const status = await drawbridge('lists', '--data', gate.data);
    const events = await drawbridge('events', '--data', gate.data);
    expect(status.output).toContain('feed');
    expect(events.output).toContain('lists.feed');
    expect(`${said()}${status.output}${events.output}`).not.toContain('SECRETXYZ');
  });

  test('is read again by itself, and what is different is said', async () => {
    const said = fromNow();
    write('outbound.yaml', policy('outbound.yaml').replace('countries: []', 'countries: [AT, CH]'));
    await logs(said, 'outbound.allowed-countries.countries: [] -> [\\"AT\\",\\"CH\\"]');
  });

  test('is read once when an editor puts a new one in its place', async () => {
    const said = fromNow();
    writeFileSync(
      join(policies, 'site.yaml~'),
      policy('site.yaml').replace('rules: on', 'rules: shadow'),
    );
    renameSync(join(policies, 'site.yaml~'), join(policies, 'site.yaml'));
    await logs(said, 'site.rules: on -> shadow');
    await sleep(1000);
    expect(said().match(/"reloaded"/g)).toHaveLength(1);
  });

  test('is refused while it is half written, and taken when it is whole', async () => {
    const whole = policy('site.yaml').replace('homeCountry: null', 'homeCountry: AT');
    const said = fromNow();
    write('site.yaml', whole.slice(0, whole.indexOf('homeCountry: AT') + 7));
    await logs(said, /site\.yaml:\d+:\d+.*reload refused/s);
    write('site.yaml', whole);
    await logs(said, 'site.homeCountry: null -> AT');
  });
});

test('that was wrong and is as it was before says so, or the last that is heard is that it was refused', async () => {
  const said = fromNow();
  const good = policy('site.yaml');
  write('site.yaml', 'site:\n\thomeCountry: DE\n');
  await logs(said, 'reload refused');
  write('site.yaml', good);
  await logs(said, 'the files are good again; the settings are as they were');
  const events = () => drawbridge('events', '--kind', 'reload', '--last', '1', '--data', gate.data);
  await expect
    .poll(async () => (await events()).output)
    .toContain('the files are good again, nothing has changed');
});

describe('a reload that would shut the operator out is refused unless it is forced', () => {
  const operator = '203.0.113.7';
  test.each([
    ['drop-all', 'that drops all (N4)', ''],
    ['source-countries', 'that allows other countries only (N3)', ', countries: [NZ]'],
  ])('by %s, %s', async (rule, _what, more) => {
    write('site.yaml', `site: { operators: [${operator}] }\n`);
    expect((await reload()).code).toBe(0);
    write('network.yaml', `network: { ${rule}: { mode: on${more} } }\n`);
    const refused = await reload();
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(
      new RegExp(
        `network\\.yaml.*network\\.${rule}.*never hears ${operator.replaceAll('.', '\\.')}`,
      ),
    );
    const forced = await reload('--force');
    expect([forced.code, forced.output]).toEqual([
      0,
      expect.stringContaining(`network.${rule}.mode`),
    ]);
  });
});

test('a reload that breaks a test of the policy is refused, and names its line (X3)', async () => {
  const expectation =
    'tests: [{ name: abroad, invite: "0031201234567", as: "1001", expect: pass }]';
  write('outbound.yaml', 'outbound: { allowed-countries: { countries: [NL] } }\n');
  write('tests/own.yaml', `${expectation}\n`);
  expect((await reload()).code).toBe(0);
  write('outbound.yaml', 'outbound: { allowed-countries: { countries: [BE] } }\n');
  const { code, output } = await reload();
  expect([code, output]).toEqual([1, expect.stringMatching(/own\.yaml:1.*country-not-allowed/)]);
  rmSync(join(policies, 'tests/own.yaml'));
});

describe('drawbridge reload', () => {
  test('says what changed, and what waits for a restart', async () => {
    const said = fromNow();
    write('extensions.yaml', 'extensions: { list: { 1001: { devices: 2 } } }\n');
    const limits = join(routes, 'gate.yaml');
    writeFileSync(limits, readFileSync(limits, 'utf8').replace('calls: 50000', 'calls: 99'));
    const { code, output } = await reload();
    expect(code).toBe(0);
    // The gate may have seen it by itself before it was asked.
    expect(`${output}${said()}`).toContain('extensions.list.1001: added');
    expect(output).toMatch(/later +limits\.calls: 50000 -> 99 \(needs a restart/);
  });

  test('says so when nothing has', async () => {
    expect(await reload()).toEqual({
      code: 0,
      output: expect.stringMatching(/^Nothing has changed since \d\d:\d\d:\d\d\.\n$/),
    });
  });

  test('says where no gate runs', async () => {
    expect(await drawbridge('reload', '--data', join(folder, 'nowhere'))).toMatchObject({
      code: 1,
    });
  });
});

/** One of each file at least, and as different as can be. */
const some = operatorMistakes.filter((_, index) => index % 6 === 0);

test('that is a fair choice of mistakes', () => {
  expect(some.length).toBeGreaterThanOrEqual(10);
});

test.each(some)(
  'a running gate refuses $what, and goes on as it was',
  async ({ file, text, said }) => {
    const log = fromNow();
    writeFileSync(join(folder, file), text);
    const { code, output } = await reload();
    expect(code).toBe(1);
    const here = output.replaceAll(`${folder}/`, '');
    if (typeof said === 'string') expect(here).toContain(`${file}:${said}`);
    else expect(here).toMatch(new RegExp(said.source.replace(/^\^/, ''), said.flags));
    expect(output).toContain('nothing was started or changed');
    expect(log()).toContain('reload refused; the settings are as they were');
    restore();
    // What is as it ships is as it was: nothing of the wrong file had been taken.
    expect((await reload()).output).toMatch(/^Nothing has changed since/);
    expect(log()).not.toContain('"changed":["');
  },
);
