import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { csvColumns } from './csv-columns.ts';
import { importCsv } from './import-csv.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function imported(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-csv-'));
  folders.push(folder);
  const file = join(folder, 'phones.csv');
  writeFileSync(file, text);
  const { problems, ...rest } = importCsv(file);
  const shown = problems.map(({ where, key, text }) =>
    [where, key, text].filter(Boolean).join(' '),
  );
  return { ...rest, problems: shown.map((one) => one.replaceAll(`${folder}/`, '')) };
}

test('a table says everything there is to say of an extension', () => {
  const { extensions, problems } = imported(
    'Extension,Name,Group,User Agent,Allowed IPs,register_name,Transports,Devices,Concurrent-Calls,Remote,International\r\n' +
      '1001,"Müller, ""Anna""",sales|managers,Yealink SIP-T46|Grandstream,192.0.2.0/24|198.51.100.7,anna,tls|wss,2,3,no,yes\r\n' +
      '\r\n' +
      '1002,,,,,,,,,,\r\n',
  );
  expect(problems).toEqual([]);
  expect(extensions).toMatchObject([
    {
      extension: '1001',
      owner: 'Müller, "Anna"',
      settings: {
        groups: ['sales', 'managers'],
        userAgents: ['Yealink SIP-T46', 'Grandstream'],
        permittedIps: ['192.0.2.0/24', '198.51.100.7'],
        registerName: 'anna',
        transports: ['tls', 'wss'],
        devices: 2,
        concurrentCalls: 3,
        remote: false,
        international: true,
      },
    },
    { extension: '1002', owner: undefined, settings: {} },
  ]);
});

test('a table with semicolons and a mark at its beginning is one, too', () => {
  const { extensions } = imported('\uFEFFextension;allowed ips\n1001;192.0.2.1,192.0.2.2\n');
  expect(extensions).toMatchObject([
    { extension: '1001', settings: { permittedIps: ['192.0.2.1', '192.0.2.2'] } },
  ]);
});

test('a password is not read', () => {
  const { extensions, notes } = imported('extension,secret\n1001,hunter2\n');
  expect(JSON.stringify(extensions)).not.toContain('hunter2');
  expect(notes.join()).toContain('the column secret is passed over');
});

test.each([
  ['nothing', '', 'phones.csv:1 found no column extension'],
  ['no extension', 'name\nAnna\n', 'expected a first line with the names of columns'],
  ['an unknown column', 'extension,usr agent\n', 'did you mean user agent?'],
  ['a column twice', 'extension,group,groups\n', 'found the column group twice'],
  ['too few cells', 'extension,name\n1001\n', 'phones.csv:2 found 1 cells, expected 2'],
  ['a quote that stays open', 'extension\n1001\n"1002\n1003\n', 'phones.csv:3 found a quote'],
  [
    'no number',
    'extension,devices\n1001,two\n',
    'phones.csv:2 devices found "two", expected a whole',
  ],
  [
    'neither yes nor no',
    'extension,remote\n1001,maybe\n',
    'remote found "maybe", expected yes or no',
  ],
  ['an unknown transport', 'extension,transports\n1001,tsl\n', 'expected some of udp, tcp'],
  [
    'no address',
    'extension,allowed ips\n1001,192.0.2\n',
    'allowed IPs found "192.0.2", expected an IP',
  ],
  ['an extension twice', 'extension\n1001\n1001\n', 'phones.csv:3 found 1001 a second time'],
  ['a row without an extension', 'extension,name\n,Anna\n', 'phones.csv:2 extension found ""'],
])('is refused with its line: %s', (_what, text, expected) => {
  expect(imported(text).problems.join('\n')).toContain(expected);
});

test('the guide has every column there is', () => {
  const guide = readFileSync(new URL('../../docs/getting-started.md', import.meta.url), 'utf8');
  const [, section = ''] = guide.split('## Extensions from a table');
  const named = [...section.matchAll(/^\| ([\w ]+?) +\|/gm)].map(([, name]) => name);
  const columns = csvColumns.map(({ name }) => name);
  expect(named).toEqual(['column', 'extension', 'name', ...columns]);
});
