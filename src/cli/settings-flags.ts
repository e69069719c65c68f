import { findDataDirectory } from '../config/load.ts';
import type { SettingsFlags } from '../config/overrides.ts';
import { type DataDirectory, dataDirectoryAt } from '../control/data-directory.ts';
import { type Flags, flagText, type Given } from './command.ts';

/** Where the files and the data are. */
export const placeFlags = {
  data: { type: 'string', value: 'DIR', help: 'where state lives (default ./data)' },
  routes: {
    type: 'string',
    value: 'DIR',
    help: 'the folder that says where calls go (default: the routes/ shipped)',
  },
  policies: {
    type: 'string',
    value: 'DIR',
    help: 'the folder with the rules (default: the policies/ shipped)',
  },
} as const satisfies Flags;

/** For commands that would refuse a policy which shuts the operator out. */
export const forceFlag = {
  force: {
    type: 'boolean',
    help: 'take the settings also where the rules would never hear your own address',
  },
} as const satisfies Flags;

/** The flags that change settings. */
export const settingsFlags = {
  pbx: {
    type: 'string',
    multiple: true,
    value: '[NAME=]URI',
    help: 'a PBX node, such as sip:192.0.2.10:5060; repeat for more',
  },
  listen: {
    type: 'string',
    multiple: true,
    value: 'WHERE',
    help: 'udp:198.51.100.1:5060, tls:[::]:5061; optional @realm and =advertised-host; repeat for more',
  },
  trunk: {
    type: 'string',
    multiple: true,
    value: '[NAME=]URI',
    help: 'a carrier, such as carrier=sip:203.0.113.5; repeat for more',
  },
  drachtio: {
    type: 'string',
    multiple: true,
    value: 'HOST:PORT',
    help: 'SIP over this drachtio-server instead of own sockets; repeat for failover',
  },
  redis: {
    type: 'string',
    multiple: true,
    value: 'URL',
    help: 'share blocks, counters and registrations with other nodes: redis://10.0.0.9; repeat for more',
  },
  ...placeFlags,
  http: {
    type: 'string',
    value: 'ADDR:PORT',
    help: 'where metrics and health are served (default 127.0.0.1:9464)',
  },
  'log-level': {
    type: 'string',
    value: 'LEVEL',
    help: 'trace, debug, info, warn or error (default info)',
  },
  set: {
    type: 'string',
    multiple: true,
    value: 'KEY=VALUE',
    help: 'any other key, such as pbx.health.everySeconds=5; see help settings; repeat for more',
  },
} as const satisfies Flags;

/** The settings flags among what was given, or what stands in their place. */
export function settingsFrom(given: Given): SettingsFlags {
  if (given.settings !== undefined) return given.settings;
  const texts = (name: string): { [key: string]: readonly string[] } => {
    const value = given.flags[name];
    return Array.isArray(value) ? { [name]: value } : {};
  };
  const text = (name: string): { [key: string]: string } => {
    const value = flagText(given, name);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ...texts('pbx'),
    ...texts('listen'),
    ...texts('trunk'),
    ...texts('drachtio'),
    ...texts('redis'),
    ...texts('set'),
    ...text('data'),
    ...text('routes'),
    ...text('policies'),
    ...text('http'),
    ...text('log-level'),
  };
}

/** The data directory that the settings say, even where something else in them is wrong. */
export const dataDirectoryFrom = (given: Given): DataDirectory =>
  dataDirectoryAt(findDataDirectory(settingsFrom(given)));
