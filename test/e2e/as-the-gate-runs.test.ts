import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { issueCertificate } from '../../src/engine/transport/certificate/issue-certificate.ts';
import { type Background, startBackground } from '../support/background-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

const DAY_MS = 86_400_000;
const PASSWORD = 'a-password-of-the-test';
const NOTIFIED = `notifications:
  smtp: { server: mail.invalid, tls: "off", from: gate@example.com }
  contacts: { anna: { email: anna@example.com, wants: [{ level: alert }] } }
`;

let folder: string;
let elsewhere: string;
let address: string;
const undo: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drawbridge-site-'));
  elsewhere = mkdtempSync(join(tmpdir(), 'drawbridge-elsewhere-'));
  for (const name of ['routes', 'policies'])
    cpSync(join(checkout, name), join(folder, name), { recursive: true });
  address = ownAddress();
});
afterEach(async () => {
  for (const back of undo.splice(0).toReversed()) await back();
  for (const one of [folder, elsewhere]) rmSync(one, { recursive: true, force: true });
});

const data = () => join(folder, 'data');

function drawbridge(
  words: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
): Background {
  const run = startBackground(
    'drawbridge',
    process.execPath,
    [join(checkout, 'src/main.ts'), ...words],
    { cwd, environment: { NO_COLOR: '1', ...environment } },
  );
  undo.push(() => run.kill());
  return run;
}

/** A gate in the folder of its settings, which it finds as it is told. */
async function serving(words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const own = ['--data', 'data', '--http', `${address}:${ownPorts.http}`];
  const gate = drawbridge(['run', ...own, ...words], folder, {
    DRAWBRIDGE_KERNEL__MODE: 'off',
    ...environment,
  });
  await gate.prints('settings from', 30_000);
}

/** What somebody in another folder, without the gate's variables, is told about it. */
async function said(
  words: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; output: string }> {
  const run = drawbridge([...words, '--data', relative(elsewhere, data())], elsewhere, environment);
  const { code } = await run.ended();
  return { code, output: run.output() };
}

const inFolders = ['--routes', 'routes', '--policies', 'policies'];
const listening = () => ['--listen', `udp:${address}:${ownPorts.sip}`];

describe('secrets that the gate alone has', () => {
  const secured = (user: string) =>
    NOTIFIED.replace(
      'from:',
      `user: ${user}, password: "\${DRAWBRIDGE_SMTP_PASSWORD}", from:`,
    ).replace('mail.invalid', '127.0.0.1');

  test('are no mistake of whoever asks, and what needs them is not tried from there', async () => {
    writeFileSync(join(folder, 'policies/notifications.yaml'), secured('gate'));
    await serving([...inFolders, ...listening()], { DRAWBRIDGE_SMTP_PASSWORD: PASSWORD });
    const [checked, reported, looked, listed] = await Promise.all([
      said(['check']),
      said(['report', 'security', '--period', 'none', '--json']),
      said(['doctor']),
      said(['exception', 'list']),
    ]);
    expect(checked).toMatchObject({ code: 0, output: expect.stringContaining('good  ') });
    expect(JSON.parse(reported?.output ?? '')).toHaveProperty('grade');
    expect(looked?.output).toContain('DRAWBRIDGE_SMTP_PASSWORD is set for the gate only');
    expect(looked?.output).not.toContain('takes nothing');
    expect(listed).toEqual({ code: 0, output: 'There is none.\n' });
    // a draft of the same gate's
    cpSync(join(folder, 'policies'), join(elsewhere, 'draft'), { recursive: true });
    const draft = await said(['check', '--policies', 'draft']);
    expect(draft).toMatchObject({ code: 0, output: expect.stringContaining(', draft') });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
    const unknown = ['--set', 'notifications.smtp.password=${DRAWBRIDGE_SMTP_PASWORD}'];
    expect(await said(['check', ...unknown])).toMatchObject({
      code: 1,
      output: expect.stringContaining('found no variable DRAWBRIDGE_SMTP_PASWORD'),
    });
    const started = await said(['check', '--set', 'notifications.smtp.user=null']);
    for (const { output } of [...[checked, reported, looked, started], draft])
      expect(output).not.toContain(PASSWORD);
  });
});

describe('a gate that is told by variables', () => {
  const variables = () => ({
    DRAWBRIDGE_PBX: `main=sip:${address}:5099`,
    DRAWBRIDGE_LISTEN: `udp:${address}:${ownPorts.sip}`,
    DRAWBRIDGE_SITE__HOME_COUNTRY: 'DE',
    DRAWBRIDGE_ROUTES: join(folder, 'routes'),
    DRAWBRIDGE_POLICIES: join(folder, 'policies'),
  });

  test('is judged by them, not by those of whoever asks', async () => {
    await serving([], variables());
    const { DRAWBRIDGE_ROUTES, DRAWBRIDGE_POLICIES } = variables();
    const folders = `good  ${DRAWBRIDGE_ROUTES}, ${DRAWBRIDGE_POLICIES}\n`;
    // as the command line of the package, which names the folders always
    for (const own of [
      {},
      { DRAWBRIDGE_ROUTES, DRAWBRIDGE_POLICIES },
      { DRAWBRIDGE_PBX: 'sip:192.0.2.99' },
    ]) {
      const { output } = await said(['check'], own);
      expect(output).toContain(folders);
      expect(output).toMatch(new RegExp(`PBX +sip:${address}:5099 +main\n`));
      expect(output).not.toContain('homeCountry');
    }
    const added = await said([
      ...['exception', 'add', 'fair', '--rule', 'allowed-countries', '--extension', '1001'],
      ...['--for', '1h', '--why', 'at the fair'],
    ]);
    expect(added).toMatchObject({ code: 0, output: expect.stringContaining('told to reload') });
    expect(readFileSync(join(folder, 'policies/exceptions.yaml'), 'utf8')).toContain('fair:');
  });

  test('is left alone where other folders are named', async () => {
    await serving([], variables());
    cpSync(join(checkout, 'policies'), join(elsewhere, 'draft'), { recursive: true });
    const { output } = await said(['check'], { DRAWBRIDGE_POLICIES: 'draft' });
    expect(output).toContain(', draft\n');
    expect(output).not.toContain(':5099');
    const flagged = await said(['check', '--policies', 'draft']);
    expect(flagged.output).toContain(', draft\n');
  });
});

test('relative paths in its settings begin where it was started, those on the command line where they are given', async () => {
  mkdirSync(join(folder, 'certs'));
  const { certificate, key } = issueCertificate({
    ...{ commonName: 'gate.example', names: ['gate.example'] },
    ...{ notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + 90 * DAY_MS) },
  });
  writeFileSync(join(folder, 'certs/c.pem'), certificate);
  writeFileSync(join(folder, 'certs/k.pem'), key);
  const pair = 'tls.certificates=[{ certificate: certs/c.pem, key: certs/k.pem }]';
  const tls = ['--listen', `tls:${address}:${ownPorts.sips}`];
  const carrier = ['--trunk', 'carrier=sip:192.0.2.8'];
  await serving([...inFolders, ...listening(), ...tls, ...carrier, '--set', pair]);
  writeFileSync(join(elsewhere, 'cdr.csv'), 'at,extension,number\n');
  const [checked, looked, modes, replayed, inbound] = await Promise.all([
    said(['check']),
    said(['doctor']),
    said(['rules']),
    said(['replay', 'cdr.csv']),
    said(['explain', 'inbound', '4930123456', '--from', '+4989123', '--trunk', 'carrier']),
  ]);
  expect(checked).toMatchObject({ code: 0, output: expect.stringMatching(/certificates +1 pair/) });
  expect(checked?.output).toContain(`data          ${data()}`);
  expect(looked?.output).toContain('certs/c.pem is self-signed');
  // places in files lead there from where they are shown
  expect(modes?.output).toContain(join(folder, 'policies/network.yaml:'));
  expect(replayed).toMatchObject({ code: 0, output: expect.stringContaining('0 calls') });
  expect(inbound?.output).not.toContain('expected');
});

describe('a gate that does not say', () => {
  const answers = {
    'of a version that does not know the question': '{"ok":false,"error":"unknown command"}\n',
    'of a version that says less': '{"ok":true,"result":{"flags":{},"folder":"/"}}\n',
    'that says nothing': '',
  };

  test.each(Object.entries(answers))('%s', async (_, answer) => {
    mkdirSync(data());
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => answer && socket.write(answer));
    });
    await new Promise<void>((resolve) => server.listen(join(data(), 'control.sock'), resolve));
    undo.push(() => server.close());
    const unknown = 'The gate that runs cannot be asked which files are its (';
    const read = await said(['exception', 'list']);
    expect(read.code).toBe(0);
    expect(read.output).toContain(unknown);
    expect(read.output).toMatch(/these are those of \S+routes and \S+policies\.\nThere is none/);

    const fair = ['fair', '--rule', 'allowed-countries', '--extension', '1001', '--for', '1h'];
    const add = ['exception', 'add', ...fair, '--why', 'at the fair'];
    const writing = [add, ['exception', 'end', 'fair'], ['pin', 'remove', 'anna']];
    for (const refused of await Promise.all(writing.map((words) => said(words)))) {
      expect(refused.code).toBe(1);
      expect(refused.output).toContain(unknown);
      expect(refused.output).toContain('name them with --policies and --routes.\n');
    }
    if (answer === '') return;
    const file = join(folder, 'policies/exceptions.yaml');
    const named = ['--policies', join(folder, 'policies'), '--routes', join(folder, 'routes')];
    const { output } = await said([...add, ...named]);
    expect(output).not.toContain(unknown);
    expect(readFileSync(file, 'utf8')).toContain('fair:');
  });
});
