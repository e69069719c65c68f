import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ONE_BY_ONE } from '../../src/engine/transport/system-calls.ts';
import { aPbx } from '../support/a-pbx.ts';
import { aPhone } from '../support/a-phone.ts';
import { startBackground } from '../support/background-process.ts';
import { aBareRoot, type BareRoot, mayMakeRoots } from '../support/bare-root.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';

/** What the unit gives it, as far as that can be had without systemd. */
const AS_THE_SERVICE = [
  ...['setpriv', '--reuid=drawbridge', '--regid=drawbridge', '--init-groups'],
  ...['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'],
];
const unit = readFileSync(new URL('../../packaging/drawbridge.service', import.meta.url), 'utf8');
/** What stands in the unit under a key, each line's value. */
const inUnit = (key: string): readonly string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
/** A flood takes more: docs/deploying.md says how much. */
const MOST_MEGABYTES_AT_REST = 140;
const [stop = ''] = inUnit('ExecStop').map((line) => /^\/bin\/sh -c '(.*)'$/.exec(line)?.[1]);
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

test.each([
  ['nobody is left, as systemd runs it when the gate ended by itself', ''],
  ['the gate ends in the meantime', '4194304'],
])('what stops the unit does not fail, for it would be started again, where %s', (_where, pid) => {
  const env = pid === '' ? {} : { MAINPID: pid };
  const { status } = spawnSync('/bin/sh', ['-c', stop], { env });
  expect(stop).not.toBe('');
  expect(status).toBe(0);
});

describe.skipIf(!mayMakeRoots)('the install script', () => {
  let root: BareRoot;
  let said: string;

  beforeAll(async () => {
    root = await aBareRoot();
    said = root.run('sh /source/packaging/install.sh --kernel');
  });
  afterAll(() => root.close());

  test('makes a user, a data directory of its own, settings that only it may read, and says what comes next', () => {
    expect(root.run('getent passwd drawbridge')).toMatch(/:\/usr\/sbin\/nologin$/m);
    const owners = 'stat -c "%U:%G %a %n" /var/lib/drawbridge /etc/drawbridge/environment';
    expect(root.run(owners)).toBe(
      'drawbridge:drawbridge 700 /var/lib/drawbridge\nroot:drawbridge 640 /etc/drawbridge/environment\n',
    );
    expect(said).toContain('Open the firewall');
    expect(root.run('drawbridge check')).toContain('good  /etc/drawbridge/routes');
  });

  test.skipIf(!hasSystemd)('brings a unit that systemd finds sound, and well shut off', () => {
    expect(root.run('systemd-analyze verify drawbridge.service 2>&1')).toBe('');
    const rated = root.run('systemd-analyze security --offline=yes drawbridge.service');
    const exposure = Number(/exposure level.*: ([\d.]+)/.exec(rated)?.[1]);
    expect(exposure).toBeLessThan(2.2);
  });

  test('run again replaces the program, and nothing of the operator', () => {
    root.run(
      'echo "# mine" >> /etc/drawbridge/routes/pbx.yaml; rm /etc/drawbridge/policies/times.yaml',
    );
    const before = root.run('readlink /opt/drawbridge/current');
    // the packages are as they were: they need not be copied a second time
    root.run(
      'sleep 1; mkdir /again; cp -RL /source/package.json /source/src /source/routes /source/policies ' +
        '/source/packaging /source/package-lock.json /source/.npmrc /again; ' +
        'mkdir /again/node_modules; mount --bind /opt/drawbridge/current/node_modules /again/node_modules; ' +
        'sh /again/packaging/install.sh; umount /again/node_modules',
    );
    expect(root.run('readlink /opt/drawbridge/current')).not.toBe(before);
    expect(root.run('tail -n 1 /etc/drawbridge/routes/pbx.yaml')).toBe('# mine\n');
    expect(root.run('ls /etc/drawbridge/policies')).toContain('times.yaml');
    expect(root.run('drawbridge version')).toMatch(/^drawbridge \d/);
  });

  test('what root writes by the command stays for the gate to read, and root starts no gate in its place', () => {
    const owners =
      'stat -c "%U:%G %a" /etc/drawbridge/policies/pins.yaml /var/lib/drawbridge/pin.key';
    root.run('echo 4711 | drawbridge pin add anna');
    expect(root.run(owners)).toBe('root:drawbridge 640\ndrawbridge:drawbridge 600\n');
    const start = 'DRAWBRIDGE_PBX=sip:127.0.0.1:5080 drawbridge run 2>&1 || echo "ended with $?"';
    const refused = root.run(start);
    expect(refused).toContain('The data directory /var/lib/drawbridge belongs to user');
    expect(refused).toContain('ended with 1');
    expect(root.run('ls -A /var/lib/drawbridge')).toBe('pin.key\n');
  });

  test('init writes where the service reads, and says how that is started', () => {
    const said = root.run('drawbridge init /etc/drawbridge --force --pbx 127.0.0.1:5080 --yes');
    expect(said).toContain('1. Start it:  systemctl enable --now drawbridge');
    expect(said).toContain('drawbridge doctor\n');
    const asTheGate = AS_THE_SERVICE.join(' ');
    expect(root.run(`${asTheGate} drawbridge check`)).toContain('sip:127.0.0.1:5080');
  });

  test('what it installs serves as its user, without rights, in a system that it can only read, at rest within the memory promised', async () => {
    root.run(
      'mount -t tmpfs -o size=64m tmpfs /var/lib/drawbridge; chown drawbridge: /var/lib/drawbridge; ' +
        'mount -o remount,ro /',
    );
    const address = ownAddress();
    const pbx = await aPbx({ address: ownAddress() });
    pbx.registersAll();
    const [program = '', ...words] = [
      ...root.through,
      ...AS_THE_SERVICE,
      ...['env', ...inUnit('Environment').flatMap((line) => line.split(' '))],
      // the countries are unpacked somewhere before they are read
      'TMPDIR=/var/lib/drawbridge',
      ...inUnit('ExecStart').flatMap((line) => line.split(' ')),
      ...['--pbx', pbx.uri, '--listen', `udp:${address}:${ownPorts.sip}`],
      ...['--listen', `tls:${address}:${ownPorts.sips}`, '--http', `${address}:${ownPorts.http}`],
      // so that the countries are read
      ...[
        '--set',
        'network.source-countries.mode=shadow',
        '--set',
        'network.source-countries.countries=[DE]',
      ],
    ];
    const gate = startBackground('the gate', program, words);
    try {
      await gate.prints('answers', 30_000);
      const to = { address, port: ownPorts.sip };
      // what reads and sends many datagrams at once came along, and is allowed
      expect(gate.output()).not.toContain(ONE_BY_ONE);
      const phone = await aPhone({ to, user: '1001', address: ownAddress() });
      await phone.register();
      const call = await phone.invite('1002');
      const invite = await pbx.expect('INVITE');
      await Promise.all([pbx.accept(invite), call.answered()]);
      expect(root.run(`grep -E "^(Uid|CapEff|CapBnd)" /proc/${gate.pid}/status`)).toMatch(
        /Uid:\t(?!0\t).*\nCapEff:\t0+\nCapBnd:\t0+\n/,
      );
      // its own: what is mapped from files the kernel can drop and read again
      const own = /RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${gate.pid}/status`, 'utf8'));
      const megabytes = Number(own?.[1]) / 1000;
      expect(megabytes).toBeGreaterThan(0);
      expect(megabytes).toBeLessThan(MOST_MEGABYTES_AT_REST);

      // as the unit stops it: systemd kills at once what has not ended when this has
      const [toRoot = '', ...theRest] = root.through;
      const stopping = startBackground('ExecStop', toRoot, [
        ...theRest,
        ...['env', `MAINPID=${gate.pid}`, 'sh', '-c', stop],
      ]);
      await gate.prints('draining');
      pbx.always('BYE', (bye) => pbx.answer(bye, 200));
      await sleep(500);
      expect(stopping.running).toBe(true);
      expect((await call.bye()).status).toBe(200);
      expect((await stopping.ended()).code).toBe(0);
      expect((await gate.ended()).code).toBe(0);
      expect(root.run('ls /var/lib/drawbridge')).toContain('state.db');
      await phone.close();
    } catch (problem) {
      throw new Error(gate.output(), { cause: problem });
    } finally {
      await gate.kill();
      await pbx.close();
    }
  });
});
