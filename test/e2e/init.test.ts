import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startBackground } from '../support/background-process.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const main = join(checkout, 'src/main.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drawbridge-init-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const environment = { NO_COLOR: '1', TZ: 'Europe/Vienna' };

async function drawbridge(...words: string[]): Promise<{ code: number | null; output: string }> {
  const run = startBackground('drawbridge', process.execPath, [main, ...words], {
    cwd: folder,
    environment,
  });
  const { code } = await run.ended();
  return { code, output: run.output() };
}

/** On a terminal of its own: types each answer once its question stands there. */
async function typing(
  words: readonly string[],
  answers: readonly (readonly [question: string, answer: string])[],
): Promise<{ code: number | null; output: string }> {
  const command = [process.execPath, main, ...words].join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, ...environment },
  });
  let output = '';
  let from = 0;
  const left = [...answers];
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    const [question = '', answer = ''] = left[0] ?? [];
    const at = left.length === 0 ? -1 : output.indexOf(question, from);
    if (at < 0) return;
    from = at + question.length;
    left.shift();
    child.stdin.write(answer);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  expect(left).toEqual([]);
  return { code, output };
}

const read = (name: string) => readFileSync(join(folder, name), 'utf8');

/** The lines in which two texts differ. */
function changedLines(name: string): readonly string[] {
  const before = readFileSync(join(checkout, name), 'utf8').split('\n');
  return read(join('site', name))
    .split('\n')
    .filter((line) => !before.includes(line));
}

describe('drawbridge init', () => {
  test('writes the shipped files with what flags said, ends with check, and says what is next', async () => {
    writeFileSync(
      join(folder, 'phones.csv'),
      'extension,name,group,allowed ips,password\n1001,Anna,sales,192.0.2.0/24,hunter2\n1002,,,,\n',
    );
    const { code, output } = await drawbridge(
      ...['init', '--pbx', '192.0.2.10', '--country', 'de', '--call', 'AT, CH', '--call', 'LI'],
      ...['--outside-prefix', '0', '--local', '192.0.2.0/24', '--import', 'phones.csv'],
    );
    expect(output).toContain('good  2 extensions imported');
    expect(output).toContain('passwords stay with the PBX');
    expect(output).toMatch(/good {2}site\/routes, site\/policies\n.*\n\nNext:\n {2}1\. Start it:/s);
    expect(code).toBe(0);
    expect(changedLines('policies/site.yaml')).toEqual([
      '  homeCountry: DE',
      '  timeZone: Europe/Vienna # of times in policies/: Europe/Berlin',
      '    - 192.0.2.0/24',
      '    outsidePrefix: "0" # dialled first for an outside line: "0" or "9", in quotes',
    ]);
    expect(changedLines('policies/extensions.yaml')).toEqual([
      '  unlisted: refuse # extensions that are not in the list: allow (the defaults hold for them) or refuse',
      '  groups:',
      '    sales: {}',
      '  list:',
      '    1001: # Anna',
      '      groups: [sales]',
      '      permittedIps: [192.0.2.0/24]',
      '    1002: {}',
    ]);
    expect(changedLines('policies/outbound.yaml').join()).toContain('countries: [AT, CH, LI] #');
    expect(changedLines('routes/pbx.yaml')).toEqual(['    - uri: sip:192.0.2.10:5060']);
    const shipped = ['policies/network.yaml', 'policies/schema/site.json', 'routes/listeners.yaml'];
    for (const name of shipped) expect(changedLines(name)).toEqual([]);
    for (const name of readdirSync(join(folder, 'site'), { recursive: true, encoding: 'utf8' }))
      if (/\.(yaml|json)$/.test(name)) expect(read(join('site', name))).not.toContain('hunter2');
  });

  test('takes the extensions of an Asterisk, and its tests notice when they are let go', async () => {
    cpSync(join(checkout, 'test/support/asterisk'), join(folder, 'asterisk'), { recursive: true });
    const config = join(folder, 'asterisk/pjsip.conf');
    const phone =
      '[1001](extension)\naors=1001\nauth=a\n[1001](extension-aor)\n[a](extension-auth)\n';
    const filled = readFileSync(config, 'utf8')
      .replace('@EXTENSIONS@', `${phone}username=1001\npassword=hunter2\n`)
      .replace('@MAX_CONTACTS@', '3');
    writeFileSync(config, filled);
    const { code, output } = await drawbridge(
      ...['init', 'here', '--yes', '--pbx', 'pbx.example.com:5080', '--import', config],
    );
    expect(output).toContain('good  1 extension imported');
    expect(output).toContain('edge has no auth, as carriers have none: left out');
    expect(code).toBe(0);
    const extensions = read('here/policies/extensions.yaml');
    expect(extensions).toContain('    1001:\n      registerName: "1001"\n      devices: 3\n');

    writeFileSync(
      join(folder, 'here/policies/extensions.yaml'),
      extensions.replace('unlisted: refuse', 'unlisted: allow'),
    );
    const places = ['--policies', 'here/policies', '--routes', 'here/routes'];
    const { output: refused } = await drawbridge('test', ...places);
    expect(refused).toContain('found pass, expected extension-unlisted');
  });

  test('behind a router tells phones the public name and the PBX its own', async () => {
    const { code, output } = await drawbridge(
      ...['init', '--yes', '--pbx', '127.0.0.9:5080', '--public', '203.0.113.5'],
    );
    expect(code).toBe(0);
    expect(changedLines('routes/listeners.yaml')).toEqual([
      ...['udp', 'tcp', 'tls'].map(() => '    advertise: 203.0.113.5'),
      expect.stringContaining('# For the PBX'),
      '  - listen: udp:127.0.0.1:5062',
      '    realm: core',
    ]);
    expect(output).toContain('The PBX calls by 127.0.0.1:5062.');
    expect(output).toContain('Point a phone at 203.0.113.5');
  });

  test('writes nothing over what is there, and keeps it when told to', async () => {
    mkdirSync(join(folder, 'site/policies'), { recursive: true });
    writeFileSync(join(folder, 'site/policies/site.yaml'), 'mine');
    const refused = await drawbridge('init', '--yes', '--pbx', '192.0.2.10');
    expect(refused.output).toContain('site/policies is there already');
    expect(refused.code).toBe(1);
    expect(existsSync(join(folder, 'site/routes'))).toBe(false);

    const forced = await drawbridge('init', '--yes', '--pbx', '192.0.2.10', '--force');
    expect(forced.code).toBe(0);
    const kept = readdirSync(join(folder, 'site')).find((name) => name.startsWith('policies.'));
    expect(read(join('site', kept ?? '', 'site.yaml'))).toBe('mine');
    expect(readdirSync(join(folder, 'site'))).toHaveLength(3);
  });

  test.each([
    ['nothing to be asked on', ['--yes'], 2, 'found no --pbx'],
    ['a bad country', ['--pbx', '192.0.2.10', '--country', 'Germany'], 2, 'did you mean DE?'],
    ['one of several', ['--pbx', '192.0.2.10', '--call', 'AT,XX'], 2, '--call: found "XX"'],
    ['no address', ['--pbx', 'http://x'], 2, '--pbx: found "http://x", expected an address'],
    ['its own port', ['--pbx', '127.0.0.1'], 2, 'such as 127.0.0.1:5080: move the PBX there'],
    ['the shipped files', [checkout, '--pbx', '192.0.2.10', '--force'], 1, 'Name another folder'],
    ['an unknown file', ['--pbx', '192.0.2.10', '--import', 'x.conf'], 1, 'x.conf: does not exist'],
  ])('writes nothing where it is told %s', async (_what, flags, expectedCode, expected) => {
    const { code, output } = await drawbridge('init', ...flags);
    expect(output).toContain(expected);
    expect(code).toBe(expectedCode);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('on a terminal', () => {
  test('it asks, and asks again where an answer cannot be used', async () => {
    writeFileSync(join(folder, 'phones.csv'), 'extension,devices\n1001,two\n');
    const { code, output } = await typing(
      ['init', '--local', '10.1.0.0/16'],
      [
        ['Where is the PBX?', '\n'],
        ['expected an address', 'pbx.example.com\n'],
        ['By which name', '\n'],
        ['In which country', 'Germany\n'],
        ['did you mean DE?', 'DE\n'],
        ['other countries', 'at, uk\n'],
        ['did you mean GB?', 'at, gb\n'],
        ['outside line', '9\n'],
        ['pjsip.conf', 'phones.csv\n'],
        ['1 problem: nothing is imported', '\n'],
      ],
    );
    expect(output).not.toContain('own?');
    expect(output).toContain('Next:');
    expect(code).toBe(0);
    expect(read('site/routes/pbx.yaml')).toContain('- uri: sip:pbx.example.com:5060');
    expect(read('site/policies/outbound.yaml')).toContain('countries: [AT, GB] #');
  });

  test('Ctrl-C leaves nothing behind', async () => {
    const { code, output } = await typing(
      ['init'],
      [
        ['Where is the PBX?', '192.0.2.10\n'],
        ['By which name', '\u0003'],
      ],
    );
    expect(output).toContain('Nothing was written.');
    expect(code).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });
});
