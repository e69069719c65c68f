import { createSocket } from 'node:dgram';
import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aMailServer, type Mail, type MailServer } from '../../support/a-mail-server.ts';
import { aPbx, type Pbx } from '../../support/a-pbx.ts';
import { aPhone, type Phone } from '../../support/a-phone.ts';
import { drawbridge } from '../../support/drawbridge.ts';
import { metric } from '../../support/gate-health.ts';
import { type Gate, startGate } from '../../support/gate-process.ts';
import { ownAddress } from '../../support/own-address.ts';

const CLOCK = fileURLToPath(new URL('../../support/movable-clock.ts', import.meta.url));
const MINUTE_MS = 60_000;
const PASSWORD = 'a-password-of-the-test';
const MAIL_PORT = 25_025;

let folder: string;
let mailAddress: string;
let ahead: number;
let pbx: Pbx;
let gate: Gate;
const open: AsyncDisposable[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'notifications-'));
  mailAddress = ownAddress();
  ahead = 0;
  writeFileSync(join(folder, 'ahead'), '0');
  pbx = await aPbx({ address: ownAddress() });
  pbx.registersAll();
  pbx.always('BYE', (bye) => pbx.answer(bye, 200));
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(gate?.logs().slice(-4000));
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
  await Promise.all([gate.close(), pbx.close()]);
  rmSync(folder, { recursive: true });
});

/** A gate that tells Anna. */
async function start(wants: string): Promise<void> {
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    settings: {
      'site.homeCountry': 'DE',
      'site.localNetworks': '[10.0.0.0/8]',
      'network.strangers-share.mode': 'off',
    },
    policies: {
      'notifications.yaml': `notifications:
  smtp: { server: "${mailAddress}:${MAIL_PORT}", tls: "off", user: gate, from: gate@example.com, timeoutSeconds: 1 }
  contacts: { anna: { email: anna@example.com, wants: ${wants} } }
`,
    },
    environment: {
      DRAWBRIDGE_SMTP_PASSWORD: PASSWORD,
      MOVABLE_CLOCK: join(folder, 'ahead'),
      NODE_OPTIONS: `--import=${CLOCK}`,
    },
  });
}

function pass(minutes: number): void {
  ahead += minutes * MINUTE_MS;
  writeFileSync(join(folder, 'ahead'), String(ahead));
}

async function mailServer(): Promise<MailServer> {
  const login = { user: 'gate', password: PASSWORD };
  const server = await aMailServer({ address: mailAddress, port: MAIL_PORT, login });
  open.push(server);
  return server;
}

async function aKnownPhone(): Promise<Phone> {
  const phone = await aPhone({ to: gate.udp, user: '1001', address: ownAddress() });
  open.push({ [Symbol.asyncDispose]: () => phone.close() });
  await phone.register();
  return phone;
}

/** How long it takes until it is answered. */
async function call(phone: Phone, number: string): Promise<number> {
  const began = performance.now();
  const calling = await phone.invite(number);
  await Promise.all([pbx.accept(await pbx.expect('INVITE')), calling.answered()]);
  const ms = performance.now() - began;
  await calling.bye();
  return ms;
}

test('the mail server down for an hour loses nothing, and delays no call', async () => {
  await start('[{ level: alert }]');
  const phone = await aKnownPhone();
  // first it takes connections and says nothing
  const silent: Server = createServer((socket) => socket.on('error', () => undefined).unref());
  await new Promise<void>((resolve) => silent.listen(MAIL_PORT, mailAddress, resolve));
  const took: number[] = [];
  took.push(await call(phone, '110'));
  await expect
    .poll(() => metric(gate, 'drawbridge_notification_failing'), { timeout: 20_000 })
    .toBe(1);
  expect(gate.logs()).toContain('a notification cannot be delivered; it is kept, and tried again');
  took.push(await call(phone, '03012345678'));
  silent.close();

  for (const number of ['112', '110', '112']) {
    pass(15);
    took.push(await call(phone, number));
  }
  expect((await drawbridge('status', '--data', gate.data)).output).toMatch(
    /anna +anna@example\.com .* cannot be reached: /,
  );
  // what comes within a second is told at its end
  const untold = async () =>
    JSON.parse((await drawbridge('notify', '--json', '--data', gate.data)).output)[0].untold;
  await expect.poll(untold, { timeout: 10_000 }).toBe(4);
  await gate.kill();
  await gate.start();
  expect(await metric(gate, 'drawbridge_notifications_waiting')).toBeGreaterThan(0);

  pass(15);
  const server = await mailServer();
  // what comes within a second is one event with a count
  const told = () =>
    server.mails
      .flatMap(({ text }) => [...text.matchAll(/alert {2}(?:(\d+) × )?emergency/g)])
      .reduce((sum, [, count = '1']) => sum + Number(count), 0);
  await expect.poll(told, { timeout: 15_000 }).toBe(4);
  expect(Math.max(...took)).toBeLessThan(3000);
  const subjects = server.mails.map(({ subject }) => subject).join('\n');
  expect(subjects).toContain('emergency INVITE 1001');
  for (const { user } of server.mails) expect(user).toBe('gate');
  expect(gate.logs()).not.toContain(PASSWORD);
});

test('ten thousand blocks in a minute are one e-mail', async () => {
  await start('[{ level: info, kinds: [blocked] }]');
  const server = await mailServer();
  const phone = await aKnownPhone();
  const made = () => metric(gate, 'drawbridge_blocks_made_total');
  // some are lost on the way where the machine is busy; who is blocked already is not blocked again
  do {
    await flood(10_000);
    await sleep(1500);
  } while ((await made()) < 10_000);
  expect(await made()).toBe(10_000);
  expect(await call(phone, '03012345678')).toBeLessThan(3000);
  expect(server.mails).toEqual([]);
  // it is calm, and then an hour passes
  pass(1);
  await expect.poll(() => server.mails.length, { timeout: 20_000 }).toBe(1);
  pass(60);
  await expect.poll(() => metric(gate, 'drawbridge_notifications_sent_total')).toBe(1);
  const [mail] = server.mails as readonly [Mail];
  expect(mail.subject).toMatch(/\] warn: 10,000 blocked$/);
  expect(mail.text).toContain('blocked by scanners');
  expect(mail.text.length).toBeLessThan(10_000);

  const tried = await drawbridge('notify', '--test', 'anna', '--data', gate.data);
  expect(tried).toMatchObject({ code: 0, output: expect.stringContaining('was taken for anna') });
  expect(server.mails).toHaveLength(2);
  const report = ['report', 'security', '--period', 'weekly', '--json', '--data', gate.data];
  const { grade, audits } = JSON.parse((await drawbridge(...report)).output);
  expect(grade).toMatch(/^[D-F]$/);
  expect(audits[0].items[0].facts.join()).toContain('10,000 blocked');
  const misspelt = await drawbridge('notify', '--test', 'ana', '--data', gate.data);
  expect(misspelt).toMatchObject({ code: 1, output: expect.stringContaining('mean anna?') });
});

test('a file of messages that cannot be opened at the start holds nobody up, and what is in it is told once it can be', async () => {
  await start('[{ level: alert }]');
  const phone = await aKnownPhone();
  await call(phone, '110');
  await expect
    .poll(() => metric(gate, 'drawbridge_notifications_waiting'), { timeout: 20_000 })
    .toBe(1);
  await gate.kill();
  const file = join(gate.data, 'notifications.db');
  for (const suffix of ['', '-wal', '-shm'])
    renameSync(`${file}${suffix}`, join(folder, `kept.db${suffix}`));
  mkdirSync(file);
  await gate.start();
  await call(phone, '112');
  expect(gate.logs()).toContain('notifications cannot be kept on disk; they are sent from memory');
  expect(await metric(gate, 'drawbridge_database_errors_total')).toBeGreaterThan(0);
  expect(await gate.status()).toMatch(/disk .*writes? failed/);
  const server = await mailServer();
  const told = () =>
    server.mails.flatMap(({ text }) => text.match(/emergency INVITE .*/g) ?? []).join('\n');
  await expect.poll(told, { timeout: 20_000 }).toContain('→ 112');
  expect(told()).not.toContain('→ 110');

  rmdirSync(file);
  for (const suffix of ['', '-wal', '-shm'])
    renameSync(join(folder, `kept.db${suffix}`), `${file}${suffix}`);
  await expect.poll(told, { timeout: 20_000 }).toContain('→ 110');
  expect(gate.logs()).toContain('notifications are kept on disk again');
  expect(gate.logs().match(/notifications cannot be kept/g)).toHaveLength(1);
  // what was told is not told again by the next process, once this one knows that it was taken
  const { length } = server.mails;
  await expect.poll(() => metric(gate, 'drawbridge_notifications_sent_total')).toBe(length);
  await gate.kill();
  await gate.start();
  await call(phone, '03012345678');
  await sleep(3000);
  expect(server.mails).toHaveLength(length);
});

/** So many scanners, each at an address of its own. */
async function flood(many: number): Promise<void> {
  const { address, port } = gate.udp;
  for (let at = 0; at < many; at++) {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) =>
      socket.bind(0, `127.${240 + (at >> 12)}.${(at >> 6) & 63}.${1 + (at & 63)}`, resolve),
    );
    const lines = [
      `OPTIONS sip:100@${address} SIP/2.0`,
      `Via: SIP/2.0/UDP ${socket.address().address}:${socket.address().port};branch=z9hG4bK${at}`,
      'Max-Forwards: 70',
      `From: <sip:100@1.1.1.1>;tag=${at}`,
      'To: <sip:100@1.1.1.1>',
      `Call-ID: ${at}`,
      'CSeq: 1 OPTIONS',
      'User-Agent: friendly-scanner',
      'Content-Length: 0',
      '\r\n',
    ];
    await new Promise<void>((resolve) =>
      socket.send(lines.join('\r\n'), port, address, () => socket.close(() => resolve())),
    );
  }
}
