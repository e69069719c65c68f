import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aWebhook, type Webhook } from '../../../test/support/a-webhook.ts';
import { loadSettings } from '../../config/load.ts';
import type { Settings } from '../../config/settings.ts';
import type { GateEvent } from '../../data/event.ts';
import { written } from '../../data/written-event.ts';
import { Contact, type Surroundings } from './contact.ts';
import { Notifications } from './notifications.ts';
import { Outbox } from './outbox.ts';

const log = pino({ level: 'silent' });
const SECOND = 1000;
const HOUR = 3_600_000;
let folder: string;
let server: Webhook;
let outbox: Outbox;
let said: string[];
let quiet: boolean;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'notify-'));
  server = await aWebhook();
  outbox = new Outbox(join(folder, 'notifications.db'), log);
  said = [];
  quiet = false;
});
afterEach(async () => {
  outbox.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function settingsWith(contact: object): Settings {
  const contacts = JSON.stringify({ duty: { webhook: `${server.url}/in`, ...contact } });
  const set = [`notifications.contacts=${contacts}`, 'times={night: {hours: ["00:00-24:00"]}}'];
  const loaded = loadSettings({ set, data: folder }, {}, true);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.settings;
}

/** A contact who is told all, unless said otherwise; its clock is that of whoever calls `look`. */
function aContact(contact: object = {}): Contact {
  const [settings] = settingsWith({ wants: [{ level: 'info' }], ...contact }).notifications
    .contacts;
  if (settings === undefined) throw new Error('no contact');
  const around: Surroundings = {
    ...{ teller: { gate: 'gate-1', timeZone: 'UTC' }, smtp: undefined, outbox },
    isQuiet: (names) => quiet && names.length > 0,
    failing: (name, text) => said.push(`${name} fails: ${text}`),
    recovered: (name) => said.push(`${name} is well`),
    lost: (name, events, why) => said.push(`${name} lost ${events}: ${why}`),
  };
  return new Contact(settings, around);
}

const blocked = (source: string, count = 1): GateEvent => ({
  ...{ at: 0, level: 'info', kind: 'blocked', rule: 'scanners', source, count },
});
const alert: GateEvent = { at: 0, level: 'alert', kind: 'pbx', count: 1, text: 'a is lost' };

interface Posted {
  readonly count: number;
  readonly level: string;
  readonly subject: string;
}
const posted = (): readonly Posted[] => server.taken.map(({ body }) => body as Posted);
const arrived = (many: number) => expect.poll(() => server.taken.length).toBe(many);
const settled = () => sleep(100);

describe('what happens', () => {
  test('ten thousand times in a minute is one message, sent when it is calm', async () => {
    const contact = aContact();
    const start = Date.now();
    for (let at = 0; at < 10_000; at++) {
      const now = start + at * 6;
      contact.take(blocked(`198.51.${at >> 8}.${at & 255}`), now);
      if (at % 166 === 0) contact.look(now);
    }
    contact.look(start + 70 * SECOND);
    await settled();
    expect(server.taken).toEqual([]);
    contact.look(start + 81 * SECOND);
    await arrived(1);
    contact.look(start + HOUR);
    await settled();
    expect(posted()).toMatchObject([{ count: 10_000, subject: '[gate-1] info: 10,000 blocked' }]);
    expect(JSON.stringify(server.taken).length).toBeLessThan(10_000);
  });

  test('without an end is told by and by, and no more often than a contact bears', async () => {
    const contact = aContact({ perHour: 3 });
    const start = Date.now();
    for (let second = 0; second < 3600; second++) {
      contact.take(blocked('192.0.2.1'), start + second * SECOND);
      contact.look(start + second * SECOND);
    }
    await arrived(3);
    await expect.poll(() => contact.status.untold).toBe(3600 - 3 * 121);
    contact.look(start + 2 * HOUR);
    await arrived(4);
    expect(posted().reduce((sum, { count }) => sum + count, 0)).toBe(3600);
  });

  test('is told to whom wants it', async () => {
    const contact = aContact({
      wants: [{ level: 'alert' }, { level: 'info', kinds: ['list', 'blocked'] }],
    });
    const start = Date.now();
    for (const event of [
      ...[alert, blocked('192.0.2.1')],
      { ...alert, level: 'warn' as const },
      { ...alert, level: 'info' as const, kind: 'call' as const },
    ])
      if (contact.wants(event)) contact.take(event, start);
    contact.look(start + 30 * SECOND);
    await arrived(2);
    expect(posted().map(({ level }) => level)).toEqual(['alert', 'info']);
  });

  test('as an alert waits for nothing else', async () => {
    const contact = aContact({ perHour: 1 });
    const start = Date.now();
    contact.take(blocked('192.0.2.1'), start);
    contact.take(alert, start);
    contact.look(start + 4 * SECOND);
    await settled();
    expect(server.taken).toEqual([]);
    contact.look(start + 5 * SECOND);
    await arrived(1);
    expect(posted()).toMatchObject([{ level: 'alert' }]);
  });

  test('as an alert of another kind does not wait for the hour that one kind has used up', async () => {
    const contact = aContact({ perHour: 2 });
    const start = Date.now();
    const calls: GateEvent = { ...alert, kind: 'emergency', text: '112' };
    for (let at = 0; at < 60; at++) {
      contact.take(calls, start + at * 6 * SECOND);
      contact.look(start + at * 6 * SECOND + 5 * SECOND);
    }
    await arrived(2);
    contact.take(alert, start + 400 * SECOND);
    contact.look(start + 406 * SECOND);
    await arrived(3);
    expect(JSON.stringify(posted()[2])).toContain('a is lost');
  });

  test('in a quiet time comes as one at its end, but for alerts', async () => {
    const contact = aContact({ quiet: ['night'] });
    const start = Date.now();
    quiet = true;
    contact.take(alert, start);
    for (let at = 0; at < 5; at++) {
      contact.take(blocked('192.0.2.1'), start + at * 60 * SECOND);
      contact.look(start + at * 60 * SECOND);
    }
    contact.look(start + HOUR);
    await arrived(1);
    quiet = false;
    contact.look(start + HOUR + SECOND);
    await arrived(2);
    expect(posted()).toMatchObject([{ level: 'alert' }, { level: 'info', count: 5 }]);
  });

  test('in a quiet time in which nothing is told waits altogether', async () => {
    const contact = aContact({ quiet: ['night'], inQuiet: 'nothing' });
    const start = Date.now();
    quiet = true;
    contact.take(alert, start);
    contact.look(start + HOUR);
    await settled();
    expect(server.taken).toEqual([]);
    expect(contact.status).toMatchObject({ quiet: true, untold: 1, waiting: 0 });
  });
});

describe('a contact that cannot be reached', () => {
  test('is tried ever more rarely, and told all in the end', async () => {
    server.answer = (_, response) => response.writeHead(503).end();
    const contact = aContact();
    let now = Date.now();
    const tries: number[] = [];
    for (let minute = 0; minute < 60; minute++) {
      contact.take({ ...alert, text: `at ${minute}` }, now);
      for (let second = 0; second < 60; second += 10) {
        const before = server.taken.length;
        contact.look(now + second * SECOND);
        await contact.idle();
        if (server.taken.length > before) tries.push(minute);
      }
      now += 60 * SECOND;
    }
    expect(said).toEqual(['duty fails: answers 503']);
    expect(tries.length).toBeGreaterThan(4);
    expect(contact.status.untold).toBe(60);
    const failed = server.taken.length;
    server.answer = (_, response) => response.writeHead(200).end();
    for (let times = 0; times < 5; times++) {
      contact.look(now + 2 * HOUR + times * HOUR);
      await contact.idle();
    }
    const told = posted().slice(failed);
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(60);
    expect(said).toEqual(['duty fails: answers 503', 'duty is well']);
  });

  test('keeps what waits within bounds, whatever happens meanwhile', async () => {
    server.answer = (_, response) => response.writeHead(503).end();
    const contact = aContact({ perHour: 1000 });
    let now = Date.now();
    for (let times = 0; times < 200; times++) {
      contact.take(alert, now);
      now += 10 * SECOND;
      contact.look(now);
    }
    await contact.idle();
    expect(contact.status).toMatchObject({ waiting: 20, untold: 200 });
  });

  test('loses one message that it refuses, and not the others', async () => {
    server.answer = (_, response) => {
      const [last] = posted().slice(-1);
      response.writeHead(last?.subject.includes('bad') ? 413 : 200).end();
    };
    const contact = aContact();
    let now = Date.now();
    for (const text of ['bad', 'good']) {
      contact.take({ ...alert, text }, now);
      now += 10 * SECOND;
      contact.look(now);
      await contact.idle();
    }
    for (let hour = 1; hour < 6; hour++) {
      contact.look(now + hour * HOUR);
      await contact.idle();
    }
    expect(contact.status).toMatchObject({ sent: 1, lost: 1, waiting: 0 });
    expect(said).toContain('duty lost 1: answers 413');
  });

  test('for longer than it is kept is never told, and that is said', async () => {
    server.answer = (_, response) => response.writeHead(503).end();
    const contact = aContact({ keepHours: 1 });
    const start = Date.now();
    contact.take(alert, start);
    contact.look(start + 10 * SECOND);
    await contact.idle();
    contact.look(start + 2 * HOUR);
    expect(said).toContain('duty lost 1: not delivered in 1 h');
    expect(contact.status).toMatchObject({ waiting: 0, lost: 1 });
  });

  test('is not told that it cannot be reached', () => {
    const contact = aContact();
    const of = (name: string): GateEvent => ({
      ...alert,
      kind: 'notification',
      rule: `the contact ${name}`,
    });
    expect([of('duty'), of('anna')].map((event) => contact.wants(event))).toEqual([false, true]);
  });
});

describe('over a restart', () => {
  test('nothing is forgotten: what waits, what is gathered, and how much was told', async () => {
    const file = join(folder, 'more.db');
    outbox = new Outbox(file, log);
    const start = Date.now();
    const before = aContact({ perHour: 1 });
    before.take(alert, start);
    before.look(start + 10 * SECOND);
    await before.idle();
    before.take(alert, start + 11 * SECOND);
    before.take(blocked('192.0.2.1'), start + 11 * SECOND);
    outbox.close();

    outbox = new Outbox(file, log);
    const after = aContact({ perHour: 1 });
    after.take(blocked('192.0.2.2'), start + 12 * SECOND);
    after.look(start + 60 * SECOND);
    await after.idle();
    expect(posted()).toMatchObject([{ level: 'alert' }, { level: 'info', count: 2 }]);
    after.look(start + 2 * HOUR);
    await after.idle();
    expect(posted()).toHaveLength(3);
  });

  test('a clock that was put back keeps nobody waiting', async () => {
    const contact = aContact();
    const now = Date.now();
    contact.take(alert, now);
    contact.look(now - 24 * HOUR);
    await contact.idle();
    expect(posted()).toHaveLength(1);
  });
});

describe('on a reload', () => {
  test('a contact goes on by new settings, and what waits for one that is gone is forgotten', async () => {
    server.answer = (_, response) => response.writeHead(503).end();
    const options = { file: join(folder, 'own.db'), gate: 'gate-1', record: () => undefined, log };
    const notifications = new Notifications({
      ...options,
      settings: settingsWith({ alertSeconds: 0 }),
    });
    notifications.take([written(alert)]);
    await expect.poll(() => notifications.status[0]?.failing, { timeout: 5000 }).toBeDefined();
    server.answer = (_, response) => response.writeHead(200).end();
    notifications.follow(settingsWith({ alertSeconds: 1 }));
    await expect.poll(() => notifications.status[0]?.sent, { timeout: 5000 }).toBe(1);

    notifications.take([written({ ...alert, level: 'alert' })]);
    const settings = settingsWith({});
    notifications.follow({ ...settings, notifications: { smtp: undefined, contacts: [] } });
    notifications.follow(settings);
    expect(notifications.status).toMatchObject([{ untold: 0, sent: 0 }]);
    notifications.close();
  });
});
