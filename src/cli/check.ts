import { showHostPort } from '../config/forms.ts';
import { showListenPoint } from '../config/listen-point.ts';
import { loadSettings } from '../config/load.ts';
import { refuseLockOut } from '../config/lock-out.ts';
import { operatorAddresses } from '../config/operator-addresses.ts';
import { hideInUrl } from '../config/problem.ts';
import { shown } from '../config/read-folders.ts';
import { reasonOf } from '../config/reason-of.ts';
import type { Settings } from '../config/settings.ts';
import { checkDataDirectory } from '../control/check-data-directory.ts';
import { dataDirectoryAt } from '../control/data-directory.ts';
import { whyNoSocketAt } from '../control/socket-path.ts';
import type { Command } from './command.ts';
import { complain, counted, print, styled, table } from './output.ts';
import { forceFlag, settingsFlags, settingsFrom } from './settings-flags.ts';
import { complainOf } from './show-problems.ts';

export const check: Command = {
  name: 'check',
  summary: 'load everything run would, and say what is wrong',
  mostOperands: 0,
  asTheGateRuns: true,
  flags: { ...settingsFlags, ...forceFlag },
  details:
    'It opens no port and no connection: the gate may be running. Whether a port is free and whether the PBX\n' +
    'answers is seen at start only; whether the data directory can be written, as the user who asks.',
  async run(given) {
    const loaded = refuseLockOut(loadSettings(settingsFrom(given)), {
      operators: operatorAddresses(),
      force: given.flags.force === true,
    });
    if (!loaded.ok) {
      complainOf(loaded.problems);
      return 1;
    }
    const { settings, notices, directories } = loaded;
    const directory = dataDirectoryAt(settings.dataDirectory);
    try {
      checkDataDirectory(directory);
    } catch (error) {
      complain(reasonOf(error));
      return 1;
    }
    print(`${styled('green', 'good')}  ${Object.values(directories).map(shown).join(', ')}`);
    const rows = [
      ...settings.listeners.map((one) => ['listener', showListenPoint(one), one.realm]),
      ...settings.drachtio.servers.map(({ host, port }) => [
        'drachtio',
        `${settings.drachtio.tls.enabled ? 'tls' : 'tcp'}:${showHostPort(host, port)}`,
      ]),
      ...settings.pbx.nodes.map(({ name, uri }) => ['PBX', uri, name]),
      ...settings.trunks.map(({ name, uri }) => ['trunk', uri, name]),
      ...programRows(settings),
      ...certificateRows(settings),
      ['metrics', `http://${showHostPort(settings.http.address, settings.http.port)}/metrics`],
      ['data', directory.path],
    ];
    print(table(rows));
    const noSocket = whyNoSocketAt(directory.socket);
    for (const notice of [...notices, ...(noSocket === undefined ? [] : [noSocket])])
      print(`${styled('yellow', 'note')}  ${notice}`);
    return 0;
  },
};

/** Over a drachtio-server they are its own affair. */
function certificateRows({ drachtio, tls: { certificates } }: Settings): string[][] {
  if (drachtio.servers.length > 0) return [];
  const pairs = certificates.length;
  return [['certificates', pairs === 0 ? 'self-signed' : counted(pairs, 'pair')]];
}

function programRows({ programPort, programs }: Settings): string[][] {
  const { address, port, tls } = programPort;
  return [
    ...(port === null
      ? []
      : [['programs', `${tls.enabled ? 'tls' : 'tcp'}:${showHostPort(address, port)}`]]),
    ...programs.handlers.map(({ url, methods = [] }) => [
      'handler',
      hideInUrl(url),
      methods.join(' '),
    ]),
  ];
}
