import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { nearMiss } from '../config/near-miss.ts';
import { mismatch } from '../config/problem.ts';
import { NoGate } from '../control/ask.ts';
import { openLog } from '../control/log.ts';
import type { ContactStatus } from '../control/notify/contact.ts';
import { Notifications, type TestOutcome } from '../control/notify/notifications.ts';
import { askRunning } from './ask-running.ts';
import { type Command, type ExitCode, flagText, type Given } from './command.ts';
import { goodSettings } from './good-settings.ts';
import { complain, print, printFound, table } from './output.ts';
import { settingsFlags, settingsFrom } from './settings-flags.ts';
import { showContact } from './show-contact.ts';

/** Longer than a mail server may take. */
const PATIENCE_MS = 400_000;

export const notify: Command = {
  name: 'notify',
  summary: 'who is told of what happens, and whether it arrives',
  mostOperands: 0,
  asTheGateRuns: true,
  flags: {
    ...settingsFlags,
    test: { type: 'string', value: 'CONTACT', help: 'send this one a message now' },
    json: { type: 'boolean', help: 'a JSON list, for programs' },
  },
  details:
    'Contacts stand in policies/notifications.yaml. The running gate sends, with its passwords and tokens; without one this\n' +
    'command does, with those it finds. It ends with 1 when the message did not arrive, or a contact cannot be reached.',
  async run(given) {
    const name = flagText(given, 'test');
    if (name !== undefined) return sendTest(given, name);
    const all = await askRunning<readonly ContactStatus[]>(given, { command: 'contacts' });
    printFound(given, all, show);
    return all.some(({ failing }) => failing !== undefined) ? 1 : 0;
  },
};

async function sendTest(given: Given, name: string): Promise<ExitCode> {
  try {
    const request = { command: 'test-contact', name } as const;
    return tell(name, await askRunning<TestOutcome>(given, request, PATIENCE_MS));
  } catch (error) {
    if (!(error instanceof NoGate)) throw error;
    return sendFromHere(given, name);
  }
}

async function sendFromHere(given: Given, name: string): Promise<ExitCode> {
  // it ended since it was asked: what it has nobody sends with
  const asked = settingsFrom(given);
  const gate = { ...asked.gate, names: [] };
  const { settings } = goodSettings({ ...given, settings: { ...asked, gate } });
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-notify-'));
  const notifications = new Notifications({
    settings,
    file: join(folder, 'notifications.db'),
    gate: settings.cluster.node.name || hostname(),
    record: () => undefined,
    log: openLog({ level: 'error', format: 'text' }).log,
  });
  try {
    return tell(name, await notifications.test(name));
  } finally {
    notifications.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function tell(name: string, outcome: TestOutcome): ExitCode {
  if (outcome.ok === true) {
    const { by, to } = outcome.contact;
    print(`A message was taken for ${name}: ${by === 'email' ? to : `${by} at ${to}`}.`);
    return 0;
  }
  if (outcome.ok === undefined) {
    const { names } = outcome;
    const expected =
      names.length === 0
        ? 'a contact of policies/notifications.yaml, which has none'
        : `one of ${names.join(', ')}`;
    complain(`--test: ${mismatch(`"${name}"`, expected, nearMiss(name, names))}`);
    return 1;
  }
  complain(`Nothing reached ${name}: ${outcome.why}`);
  return 1;
}

function show(all: readonly ContactStatus[]): string {
  if (all.length === 0)
    return 'Nobody is told of anything: contacts stand in policies/notifications.yaml.';
  return table(all.map((contact) => showContact(contact, Date.now())));
}
