import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findDataDirectory, loadSettings } from '../config/load.ts';
import { nearMiss } from '../config/near-miss.ts';
import { mismatch } from '../config/problem.ts';
import { askGate, CannotAsk, NoGate } from '../control/ask.ts';
import { dataDirectoryAt } from '../control/data-directory.ts';
import { openLog } from '../control/log.ts';
import type { ContactStatus } from '../control/notify/contact.ts';
import { Notifications, type TestOutcome } from '../control/notify/notifications.ts';
import type { Command, ExitCode } from './command.ts';
import { complain, print, table } from './output.ts';
import { settingsFlags, settingsFrom } from './settings-flags.ts';
import { showContact } from './show-contact.ts';
import { complainOf } from './show-problems.ts';

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
    const flags = settingsFrom(given);
    const { socket } = dataDirectoryAt(findDataDirectory(flags));
    const name = given.flags.test;
    try {
      if (typeof name === 'string') {
        const request = { command: 'test-contact', name } as const;
        return tell(name, await askGate<TestOutcome>(socket, request, PATIENCE_MS));
      }
      const all = await askGate<readonly ContactStatus[]>(socket, { command: 'contacts' });
      print(given.flags.json === true ? JSON.stringify(all, null, 2) : show(all));
      return all.some(({ failing }) => failing !== undefined) ? 1 : 0;
    } catch (error) {
      if (!(error instanceof CannotAsk)) throw error;
      if (typeof name === 'string' && error instanceof NoGate) return sendFromHere(flags, name);
      complain(error.message);
      return 1;
    }
  },
};

async function sendFromHere(
  flags: ReturnType<typeof settingsFrom>,
  name: string,
): Promise<ExitCode> {
  const loaded = loadSettings(flags);
  if (!loaded.ok) {
    complainOf(loaded.problems);
    return 1;
  }
  const { settings } = loaded;
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
