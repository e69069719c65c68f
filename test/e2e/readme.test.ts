import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { startAsterisk } from '../support/asterisk.ts';
import { type Background, runToEnd, startBackground } from '../support/background-process.ts';
import { startBaresip } from '../support/baresip.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const section = 'In five minutes';
/** What a newcomer puts his own in place of. */
const theirPbx = '192.0.2.10';

const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one();
});

/** The commands of a section of the README, block by block. */
function commandsOf(title: string): readonly (readonly string[])[] {
  const readme = readFileSync(join(checkout, 'README.md'), 'utf8');
  const [, from = ''] = readme.split(new RegExp(`^## ${title}.*$`, 'm'));
  const [text = ''] = from.split(/^## /m);
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) =>
    block.trim().split('\n'),
  );
}

/** A repository with the files as they are here now, committed or not. */
async function repositoryOfTheseFiles(folder: string): Promise<string> {
  const repository = join(folder, 'repository.git');
  const git = (...words: readonly string[]) =>
    runToEnd(`git ${words[0]}`, 'git', [`--git-dir=${repository}`, ...words], { cwd: checkout });
  await git('init', '--quiet', '--bare');
  await git(`--work-tree=${checkout}`, 'add', '--all');
  const as = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
  await git(...as, `--work-tree=${checkout}`, 'commit', '--quiet', '--message', 'as it is');
  return repository;
}

test('a newcomer gets from git clone to a phone over TLS and a refused premium call by what the README says', async () => {
  const [[clone = '', enter = '', install = '', init = '', start = ''] = [], asking = []] =
    commandsOf(section);
  const [, url = ''] = /^git clone (\S+)$/.exec(clone) ?? [];
  expect(enter).toBe('cd drawbridge');
  expect(install).toBe('npm ci');
  expect(init).toContain(theirPbx);

  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-newcomer-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const address = ownAddress();
  const asterisk = await startAsterisk({ edge: `${address}:${ownPorts.sip}` });
  undo.push(() => asterisk.close());
  const environment = {
    NO_COLOR: '1',
    // it is cloned from here, whatever address the README names
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.${await repositoryOfTheseFiles(folder)}.insteadOf`,
    GIT_CONFIG_VALUE_0: url,
    // and listens on an address of this test's own; the kernel is everybody's
    DRAWBRIDGE_LISTEN: `udp:${address}:${ownPorts.sip} tls:${address}:${ownPorts.sips}`,
    DRAWBRIDGE_HTTP: `${address}:${ownPorts.http}`,
    DRAWBRIDGE_KERNEL__MODE: 'off',
  };
  const inClone = { cwd: join(folder, 'drawbridge'), environment };
  const shell = (command: string, where = inClone): Promise<string> =>
    runToEnd(command, 'bash', ['-c', command], where);

  const printed = async (command: string): Promise<string> => {
    const run = startBackground(command, 'bash', ['-c', command], inClone);
    await run.ended();
    return run.output();
  };

  await shell(clone, { ...inClone, cwd: folder });
  // npm ci would fetch for a minute what lies here already
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'drawbridge/node_modules'));
  const written = await shell(init.replace(theirPbx, `${asterisk.address}:${asterisk.port}`));
  expect(written).toContain('Next:');
  const gate: Background = startBackground(start, 'bash', ['-c', `exec ${start}`], inClone);
  undo.push(() => gate.stop());
  await gate.prints('Drawbridge is open', 30_000);
  await gate.prints(/PBX at \S+ answers/, 30_000);

  const phone = await startBaresip({
    user: '1001',
    password: 'secret1001',
    transport: 'tls',
    registrar: `${address}:${ownPorts.sips}`,
  });
  undo.push(() => phone.stop());
  await phone.registered(30_000);
  const explain = asking.find((command) => command.includes(' explain ')) ?? '';
  const [, premium = ''] = /invite (\d+)/.exec(explain) ?? [];
  await phone.dial(premium);
  await phone.over(15_000);
  expect(phone.log()).toContain('SIP/2.0 403');

  const checks = ['check', 'doctor', 'explain invite 09001234567 --as 1001'];
  const [checked = '', looked = '', explained = ''] = await Promise.all(
    checks.map((words) => printed(`npm run -s drawbridge -- ${words}`)),
  );
  // of the files that the gate was started with, not of those shipped
  expect(checked).toContain('good  site/routes, site/policies');
  expect(looked).toMatch(new RegExp(`ok +${asterisk.address}:${asterisk.port} .*answers`));
  expect(explained).toContain('site/policies/outbound.yaml:');
  const draft = await printed('npm run -s drawbridge -- check --routes routes');
  expect(draft).not.toContain('site/');

  const said = await Promise.all(asking.map((command) => printed(command)));
  expect(said.join('\n')).toContain('site/policies/outbound.yaml:');
  expect(said.join('\n')).toMatch(/1001 .*tls/);
  for (const text of said.slice(1)) expect(text).toContain('class-blocked');
}, 180_000);
