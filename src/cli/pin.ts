import { randomBytes } from 'node:crypto';
import { reasonOf } from '../config/reason-of.ts';
import { CannotStart, makeDataDirectory } from '../control/data-directory.ts';
import { readOrMakePinKey } from '../control/secret-keys.ts';
import { hashPin } from '../edge/pin-check.ts';
import type { PinEntry, PinsSettings } from '../policy/pins.ts';
import { changeEntries } from './change-entries.ts';
import type { Command, ExitCode, Given } from './command.ts';
import { goodSettings } from './good-settings.ts';
import { advise, complain, printFound, table } from './output.ts';
import { readSecret } from './read-secret.ts';
import { dataDirectoryFrom, placeFlags, settingsFlags } from './settings-flags.ts';

const FILE = 'pins.yaml';
const SALT_BYTES = 18;
/** Three digits are guessed before anybody notices, however few guesses are allowed. */
const FORM = /^\d{4,12}$/;

export const pin: Command = {
  name: 'pin',
  summary: 'add a PIN that outbound routes can ask for, list and remove them',
  operands: 'add|list|remove NAME',
  mostOperands: 2,
  asTheGateRuns: true,
  writes: ({ rest: [verb, name] }) => (verb === 'add' || verb === 'remove') && name !== undefined,
  flags: {
    route: {
      type: 'string',
      multiple: true,
      value: 'ROUTE',
      help: 'add: it opens only this outbound route; repeat for more',
    },
    extension: {
      type: 'string',
      multiple: true,
      value: 'NUMBER',
      help: 'add: only this extension may use it; repeat for more',
    },
    ...placeFlags,
    set: settingsFlags.set,
    json: { type: 'boolean', help: 'list: one JSON object, for programs' },
  },
  details:
    'drawbridge pin add anna --route abroad\n' +
    'drawbridge pin remove anna\n' +
    `It asks for the PIN, 4 to 12 digits, without showing it, or reads it from standard input. policies/${FILE} gets a\n` +
    'keyed hash of it, whose key is pin.key in the data directory: without that file every PIN must be added again.\n' +
    'A caller dials PIN*number. A gate that runs is told to reload.',
  async run(given) {
    const [verb, name] = given.rest;
    if (verb === 'list' && name === undefined) return list(given);
    if (verb === 'add' && name !== undefined) return add(given, name);
    if (verb === 'remove' && name !== undefined) return remove(given, name);
    const found = given.rest.length === 0 ? 'nothing' : `"${given.rest.join(' ')}"`;
    complain(`found ${found}, expected list, add NAME or remove NAME`);
    advise('See drawbridge pin --help.');
    return 2;
  },
};

function list(given: Given): ExitCode {
  const loaded = goodSettings(given);
  const entries = Object.entries(loaded.settings.policy.pins);
  printFound(
    given,
    entries.map(([name, { routes, extensions }]) => ({ name, routes, extensions })),
    () => (entries.length === 0 ? 'There is none.' : table(entries.map(showPin))),
  );
  return 0;
}

const showPin = ([name, { routes, extensions }]: [string, PinEntry]): string[] => [
  name,
  routes.length === 0 ? 'every route that asks' : `route ${routes.join(', ')}`,
  extensions.length === 0 ? 'every extension' : `extension ${extensions.join(', ')}`,
];

async function add(given: Given, name: string): Promise<ExitCode> {
  const digits = await askForPin();
  if (digits === undefined) return 1;
  const hash = hashed(given, digits);
  if (hash === undefined) return 1;
  const limits = { ...texts(given, 'route', 'routes'), ...texts(given, 'extension', 'extensions') };
  return changeEntries(given, {
    file: FILE,
    key: 'pins',
    name,
    edit(text) {
      if (text.has(name))
        return {
          problems: [`There is a PIN ${name}: remove it, or choose another name.`],
          code: 1,
        };
      text.add(name, { hash, ...limits });
      return { problems: [], code: 0 };
    },
    done: (after) => showAdded(after.settings.policy.pins, name),
  });
}

function showAdded(pins: PinsSettings, name: string): string {
  const entry = pins[name];
  return entry === undefined ? '' : table([showPin([name, entry])]);
}

function remove(given: Given, name: string): Promise<ExitCode> {
  return changeEntries(given, {
    file: FILE,
    key: 'pins',
    name,
    edit(text) {
      if (!text.has(name))
        return { problems: [`There is no PIN ${name}: see drawbridge pin list.`], code: 1 };
      text.remove(name);
      return { problems: [], code: 0 };
    },
    done: () => `${name} is taken out.`,
  });
}

async function askForPin(): Promise<string | undefined> {
  const digits = await readSecret('PIN: ');
  // what was typed is shown nowhere, not even where it is wrong
  if (digits === undefined || !FORM.test(digits)) {
    complain('found no PIN, or another text (not shown), expected 4 to 12 digits');
    return undefined;
  }
  if (process.stdin.isTTY && (await readSecret('The same again: ')) !== digits) {
    complain('The two are not the same. Nothing was changed.');
    return undefined;
  }
  return digits;
}

function hashed(given: Given, digits: string): string | undefined {
  const directory = dataDirectoryFrom(given);
  try {
    process.umask(0o077);
    makeDataDirectory(directory);
    const salt = randomBytes(SALT_BYTES).toString('base64url');
    return hashPin(digits, salt, readOrMakePinKey(directory));
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error;
    complain(reasonOf(error));
    return undefined;
  }
}

function texts({ flags }: Given, flag: string, key: string): Readonly<Record<string, unknown>> {
  const value = flags[flag];
  return Array.isArray(value) ? { [key]: value } : {};
}
