import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What the tests run besides Node: the program, and the Debian packages it takes. */
const tools: readonly { readonly program: string; readonly packages: readonly string[] }[] = [
  { program: 'sipp', packages: ['sip-tester'] },
  { program: 'baresip', packages: ['baresip-core'] },
  { program: 'dnsmasq', packages: ['dnsmasq-base'] },
  { program: 'ip', packages: ['iproute2'] },
  { program: 'nft', packages: ['nftables'] },
  { program: 'openssl', packages: ['openssl'] },
  { program: 'perl', packages: ['perl-base'] },
  { program: 'systemd-notify', packages: ['systemd'] },
  { program: 'mount', packages: ['mount'] },
  { program: 'script', packages: ['bsdutils'] },
  { program: 'setpriv', packages: ['util-linux'] },
  { program: 'redis-server', packages: ['redis-server', 'redis-tools'] },
  { program: 'gcc', packages: ['gcc', 'libc6-dev'] },
];

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];

const installed = (program: string): boolean =>
  folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Installs what is missing. Throws, naming every package, when this user may not. */
export function prepareDebianTools(): void {
  const missing = tools.filter(({ program }) => !installed(program));
  if (missing.length === 0) return;

  const packages = missing.flatMap((tool) => tool.packages);
  if (process.getuid?.() !== 0)
    throw new Error(
      `the tests need programs that are not installed: ${missing.map(({ program }) => program).join(', ')}\n` +
        `as root: apt-get install --no-install-recommends ${packages.join(' ')}`,
    );

  console.log(`installing ${packages.join(' ')}`);
  // The package lists of a fresh image are empty, and old ones name files the mirror no longer has.
  if (aptGet('install', ...packages) === undefined) return;
  const problem = aptGet('update') ?? aptGet('install', ...packages);
  if (problem !== undefined)
    throw new Error(`apt-get could not install ${packages.join(' ')}:\n${problem}`);
}

/** What it complains about, or nothing when it succeeds. */
function aptGet(...args: readonly string[]): string | undefined {
  const { status, stderr } = spawnSync(
    'apt-get',
    ['-qq', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', ...args],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    },
  );
  return status === 0 ? undefined : stderr;
}
