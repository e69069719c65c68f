import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aPbx } from '../support/a-pbx.ts';
import { type Background, startBackground } from '../support/background-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

let folder: string;
let address: string;
const processes: Background[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drawbridge-cli-'));
  cpSync(join(checkout, 'routes'), join(folder, 'routes'), { recursive: true });
  address = ownAddress();
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((one) => one.kill()));
  rmSync(folder, { recursive: true, force: true });
});

const data = () => join(folder, 'data');

/** Starts `drawbridge` with these words. */
function drawbridge(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Background {
  const started = startBackground('drawbridge', process.execPath, ['src/main.ts', ...words], {
    cwd: checkout,
    // the kernel is everybody's here
    environment: { NO_COLOR: '1', DRAWBRIDGE_KERNEL__MODE: 'off', ...environment },
  });
  processes.push(started);
  return started;
}

/** Runs it to its end. */
async function said(...words: string[]): Promise<{ code: number | null; output: string }> {
  const run = drawbridge(words);
  const { code } = await run.ended();
  return { code, output: run.output() };
}

/** A gate that serves, on an address of this test's own. */
const serving = (...words: string[]): Promise<Background> => servingIn({}, ...words);

async function servingIn(environment: NodeJS.ProcessEnv, ...words: string[]): Promise<Background> {
  const own = [
    '--data',
    data(),
    '--http',
    `${address}:${ownPorts.http}`,
    '--listen',
    `udp:${address}:${ownPorts.sip}`,
  ];
  const all = ['run', '--routes', join(folder, 'routes'), ...own, ...words];
  const gate = drawbridge(all, environment);
  await gate.prints('Drawbridge is open');
  await gate.prints('settings from');
  return gate;
}

const page = async (path: string) =>
  (await fetch(`http://${address}:${ownPorts.http}${path}`)).text();

describe('a gate that starts', () => {
  test('says where it listens, where the PBX and metrics are, and whether the PBX answers', async () => {
    const pbx = await aPbx({ address: ownAddress(), port: ownPorts.sip });
    const gate = await serving('--pbx', `main=${pbx.uri}`);
    expect(gate.output()).toContain(`listening on udp:${address}:${ownPorts.sip}`);
    expect(gate.output()).toContain(`PBX at ${pbx.uri}`);
    expect(gate.output()).toContain(`metrics at http://${address}:${ownPorts.http}/metrics`);
    expect(gate.output()).toContain(`data in ${data()}`);
    await gate.prints(`PBX at ${pbx.uri} answers`);
    expect(await page('/readyz')).toBe('ok\n');
    expect(await page('/healthz')).toBe('ok\n');
    expect(await page('/metrics')).toContain('drawbridge_pbx_node_up{node="main"} 1');
    await pbx.close();
  });

  test('keeps its state for its user only', async () => {
    await serving();
    expect(statSync(data()).mode & 0o777).toBe(0o700);
    for (const name of ['control.sock', 'flow-token.key', 'state.db']) {
      expect(statSync(join(data(), name)).mode & 0o077, name).toBe(0);
    }
  });

  test('with wrong settings ends with 1 and names every problem', async () => {
    const { code, output } = await said(
      'run',
      '--pbx',
      'pbx',
      '--set',
      'http.prot=1',
      '--data',
      data(),
    );
    expect(code).toBe(1);
    expect(output).toContain('--pbx pbx.nodes.0.uri: found "pbx", expected a SIP URI');
    expect(output).toContain('did you mean port?');
    expect(existsSync(data())).toBe(false);
  });

  test('on a data directory that is in use is refused, and the first serves on', async () => {
    const gate = await serving();
    const second = await said(
      'run',
      '--data',
      data(),
      '--listen',
      'udp:127.0.0.1:0',
      '--http',
      '127.0.0.1:0',
    );
    expect(second.code).toBe(1);
    expect(second.output).toContain(
      `Another gate (process ${gate.pid}) uses the data directory ${data()}`,
    );
    expect(await page('/healthz')).toBe('ok\n');

    writeFileSync(join(folder, 'routes/pbx.yaml'), 'pbx: &all\n  nodes: *all\n');
    gate.signal('SIGHUP');
    await gate.prints('found an alias inside of what it names');
    expect(await page('/healthz')).toBe('ok\n');
  });

  test('on an address that is in use ends with 1 and names it', async () => {
    await serving();
    const flags = [
      '--listen',
      `udp:${address}:${ownPorts.sip}`,
      '--http',
      '127.0.0.1:0',
      '--data',
      join(folder, 'other'),
    ];
    const { code, output } = await said('run', ...flags);
    expect(code).toBe(1);
    expect(output).toContain(`${address}:${ownPorts.sip}`);
    expect(output).not.toContain('    at ');
  });

  test('with a damaged flow key is refused, and the key left alone', async () => {
    const gate = await serving();
    gate.signal('SIGTERM');
    await gate.ended();
    writeFileSync(join(data(), 'flow-token.key'), 'short');
    const { code, output } = await said('run', '--data', data(), '--http', '127.0.0.1:0');
    expect(code).toBe(1);
    expect(output).toContain('found 5 bytes, expected 32');
    expect(readFileSync(join(data(), 'flow-token.key'), 'utf8')).toBe('short');
  });

  test('after a crash takes up where the other stopped', async () => {
    const gate = await serving();
    await gate.kill();
    expect(existsSync(join(data(), 'control.sock'))).toBe(true);
    await serving();
    expect((await said('status', '--data', data())).code).toBe(0);
  });
});

describe('a gate that runs', () => {
  test('shows what it holds, to people and to programs', async () => {
    await serving('--pbx', 'main=sip:127.0.0.1:9');
    const people = await said('status', '--data', data());
    expect(people.output).toContain(`udp:${address}:${ownPorts.sip}  access`);
    expect(people.output).toMatch(/down {2}main {2}sip:127\.0\.0\.1:9/);
    const programs = JSON.parse((await said('status', '--json', '--data', data())).output);
    expect(programs).toMatchObject({
      registrations: { count: 0, rows: [] },
      calls: { count: 0, rows: [] },
      listeners: [{ transport: 'udp', address, port: ownPorts.sip, realm: 'access' }],
      ready: ['no PBX node answers'],
    });
  });

  test('is asked for a call that it does not have', async () => {
    await serving();
    expect(await said('hangup', 'no-such-call', '--data', data())).toEqual({
      code: 1,
      output: 'No call has the Call-ID no-such-call.\n',
    });
    expect(await said('hangup', '--all', '--data', data())).toEqual({
      code: 0,
      output: '0 calls ended.\n',
    });
  });

  test('takes up new settings on SIGHUP and says what needs a restart', async () => {
    const gate = await serving();
    const pbx = join(folder, 'routes/pbx.yaml');
    const text = readFileSync(pbx, 'utf8');
    writeFileSync(
      pbx,
      text.replace('by: options', 'by: crlf').replace('ringSeconds: 200', 'ringSeconds: 300'),
    );
    const limits = join(folder, 'routes/gate.yaml');
    writeFileSync(limits, readFileSync(limits, 'utf8').replace('calls: 50000', 'calls: 99'));
    gate.signal('SIGHUP');
    await gate.prints(
      '"changed":["pbx.registration.keepAlive.by: options -> crlf","calls.ringSeconds: 200 -> 300"],"msg":"reloaded"',
    );
    expect(gate.output()).toMatch(/limits\.calls: 50000 -> 99 \(needs a restart: tables/);
    expect(gate.output()).not.toMatch(/calls\.ringSeconds.*needs a restart/);

    writeFileSync(limits, readFileSync(limits, 'utf8').replace('format: auto', 'format: text'));
    gate.signal('SIGHUP');
    await gate.prints('info  reloaded  changed=["log.format: auto -> text"]');
  });

  test('refuses wrong settings on SIGHUP, names every problem, and goes on', async () => {
    const gate = await serving();
    writeFileSync(join(folder, 'routes/pbx.yaml'), 'pbx:\n  nodes: []\ncals: {}\n');
    gate.signal('SIGHUP');
    await gate.prints('reload refused');
    expect(gate.output()).toContain('pbx.yaml:2:10 pbx.nodes: found [], expected at least 1 entry');
    expect(gate.output()).toContain('pbx.yaml:3:1 cals: found an unknown key');
    expect(await page('/healthz')).toBe('ok\n');
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'ends on %s with 0 and leaves no socket behind',
    async (signal) => {
      const gate = await serving();
      gate.signal(signal);
      expect(await gate.ended()).toEqual({ code: 0, signal: null });
      expect(existsSync(join(data(), 'control.sock'))).toBe(false);
      expect(existsSync(join(data(), 'gate.pid'))).toBe(false);
      const { code, output } = await said('status', '--data', data());
      expect(code).toBe(1);
      expect(output).toContain('No gate runs with this data directory');
    },
  );
});

describe('check', () => {
  test('says what run would serve, and changes nothing', async () => {
    const { code, output } = await said('check', '--data', data(), '--pbx', 'main=sip:192.0.2.10');
    expect(code).toBe(0);
    expect(output).toContain('tls:0.0.0.0:5061');
    expect(output).toContain('sip:192.0.2.10');
    expect(existsSync(data())).toBe(false);
  });

  test('tries whether the data directory takes what a start writes, and leaves nothing there', async () => {
    mkdirSync(data());
    // No file beyond eight blocks, as on a disk that has no more.
    const limited = `trap '' XFSZ; ulimit -f 8; exec '${process.execPath}' src/main.ts check --data '${data()}'`;
    const run = startBackground('check', 'sh', ['-c', limited], { cwd: checkout });
    processes.push(run);
    expect((await run.ended()).code).toBe(1);
    expect(run.output()).toContain(`The data directory ${data()} cannot be written: EFBIG`);
    expect((await said('check', '--data', data())).code).toBe(0);
    expect(readdirSync(data())).toEqual([]);
  });

  test('says that nobody could ask a gate whose data directory has too long a name', async () => {
    const long = join(folder, 'd'.repeat(100));
    const { code, output } = await said('check', '--data', long);
    expect(output).toMatch(/note {2}The control socket .* has a path of more than 107 bytes/);
    expect(code).toBe(0);
  });

  test('ends with 1 when run would refuse', async () => {
    writeFileSync(
      join(folder, 'routes/trunks.yaml'),
      'trunks:\n  - uri: sip:carrier\n    surces: []\n',
    );
    const { code, output } = await said('check', '--routes', join(folder, 'routes'));
    expect(code).toBe(1);
    expect(output).toContain('trunks.yaml:3:5 trunks.0.surces: found an unknown key');
    expect(output).toContain('did you mean sources?');
  });
});

describe('the command line', () => {
  test.each([
    [['version'], 0, /^drawbridge \d+\.\d+\.\d+, node \d+/],
    [['--version'], 0, /^drawbridge/],
    [['help'], 0, /hangup <call-id>/],
    [['help', 'status'], 0, /--json/],
    [['help', 'settings'], 0, /DRAWBRIDGE_PBX__HEALTH__EVERY_SECONDS/],
    [['run', '--help'], 0, /--pbx \[NAME=\]URI/],
    [[], 2, /Exit codes/],
    [['stauts'], 2, /did you mean status\?/],
    [['run', '--lsiten', 'x'], 2, /did you mean --listen\?/],
    [['hangup'], 2, /Name one call/],
    [['help', 'stauts'], 2, /found "stauts", expected one of .*did you mean status\?/],
    [['events', '--reason', 'country-not-alowed'], 2, /did you mean country-not-allowed\?/],
    [['events', '--kind', 'refuse'], 2, /expected one of refused, .*did you mean refused\?/],
    [['events', '--rule', 'no-guest', '--level', 'wran'], 2, /mean warn\?.*\n.*mean no-guests\?/],
    [['events', '--source', 'phone'], 2, /--source: found "phone", expected an IP address/],
    [['events', '--source', '[2001:db8::1]'], 2, /did you mean 2001:db8::1\?/],
    [['block', '[2001:db8::1]:5060'], 2, /did you mean 2001:db8::1\?/],
    [['unblock', '::ffff:192.0.2.7'], 2, /did you mean 192\.0\.2\.7\?/],
    [['explain', 'register', '1', '--source', '[2001:db8::1]'], 2, /did you mean 2001:db8::1\?/],
    [['explain', 'register', '1', '--source', '192.0.2.0/24'], 2, /expected the IP address/],
    [['explain', 'register', '1', '--source', '192.0.2.7:5060'], 2, /did you mean 192\.0\.2\.7\?/],
    [['explain', 'invite', '1', '--as', '2', '--live', 'x'], 2, /found "x", expected a number/],
    [['block', '::ffff:0:0/96'], 1, /0\.0\.0\.0\/0 is a great part of the internet/],
    [['report', '--html', '--json'], 2, /found --html and --json, expected one of them/],
    [['explain', '--call', 'x', '--as', '1001'], 2, /found --as, expected none with --call/],
    [['events', '--data', 'package.json'], 1, /events\.db: found a file, expected a folder\.\n/],
    [['status', '--data', 'package.json'], 1, /No gate runs with this data directory/],
    [['schema', '/proc/x'], 1, /cannot be written: no folder can be made in \/proc/],
    [['block', '0.0.0.0/0'], 1, /a great part of the internet\. --force/],
  ])('%j ends with %i', async (words, expected, output) => {
    const run = await said(...words);
    expect(run.output).toMatch(output);
    expect(run.code).toBe(expected);
  });

  test.each([
    [['status', '--json', '--data', '/nowhere'], 1, /No gate runs with this data directory/],
    [['events', '--json', '--data', '/nowhere'], 1, /There is no \/nowhere\/events\.db/],
    [['rules', '--json', '--set', 'site.rules=maybe'], 1, /site\.rules: found "maybe"/],
    [['explain', 'invite', '--json'], 2, /found "invite", expected register EXTENSION/],
    [['blocks', '--json', '--alll'], 2, /did you mean --all\?/],
  ])('%j says what is wrong as JSON, too', async (words, expected, problem) => {
    const aside = `exec '${process.execPath}' src/main.ts "$@" 2>'${join(folder, 'aside')}'`;
    const run = startBackground('json', 'sh', ['-c', aside, 'sh', ...words], { cwd: checkout });
    processes.push(run);
    expect((await run.ended()).code).toBe(expected);
    const { problems } = JSON.parse(run.output());
    expect(problems[0]).toMatch(problem);
    expect(readFileSync(join(folder, 'aside'), 'utf8')).toMatch(problem);
  });

  test('loads nothing for a command that only a gate needs, nor a client of Redis for one that is alone', async () => {
    const hook = join(folder, 'tell-what-is-loaded.mjs');
    writeFileSync(
      hook,
      `import { registerHooks } from 'node:module';
      const load = (url, context, next) => (console.error('loads', url), next(url, context));
      registerHooks({ load });`,
    );
    const telling = { NODE_OPTIONS: `--import ${hook}` };
    const command = drawbridge(['version'], telling);
    await command.ended();
    expect(command.output()).toMatch(/loads .*\/src\/cli\/command-line\.ts/);
    expect(command.output()).not.toMatch(
      /loads .*\/(src\/app\.ts|src\/data\/data-plane\.ts|ioredis\/)/,
    );
    const gate = await servingIn(telling);
    expect(gate.output()).toMatch(/loads .*\/src\/app\.ts/);
    expect(gate.output()).not.toMatch(/loads .*\/ioredis\//);
  });

  test('adds no exception that is over', async () => {
    const policies = join(folder, 'policies');
    cpSync(join(checkout, 'policies'), policies, { recursive: true });
    const before = readFileSync(join(policies, 'exceptions.yaml'), 'utf8');
    const whose = ['--rule', 'no-guests', '--extension', '1001', '--why', 'x'];
    const { code, output } = await said(
      ...['exception', 'add', 'late', ...whose, '--until', '2020-01-01', '--policies', policies],
    );
    expect(output).toContain('--until: found 2020-01-01, expected a moment to come');
    expect(code).toBe(2);
    expect(readFileSync(join(policies, 'exceptions.yaml'), 'utf8')).toBe(before);
    const lasting = ['exception', 'add', 'fair', ...whose, '--for', '2h', '--policies', policies];
    expect(await said(...lasting, '--data', data())).toMatchObject({
      code: 0,
      output: expect.stringContaining(`${policies}/exceptions.yaml holds from the next start`),
    });
  });
});
