import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBackground } from './background-process.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

const SHIPPED = [
  ...['package.json', 'package-lock.json', '.npmrc'],
  ...['src', 'routes', 'policies', 'packaging'],
];

export interface BareRoot {
  /** What is behind them runs in it. */
  readonly through: readonly string[];
  /** Runs shell lines in it as root, to their end, and says what they printed; throws that when they fail. */
  run(lines: string): string;
  close(): Promise<void>;
}

/** Roots, and file systems laid over others, are root's to make. */
export const mayMakeRoots = process.getuid?.() === 0;

/**
 * This machine's files with a layer over them: whatever is done in it is done to the layer, which is in memory and gone
 * with it. The checkout as it would be shipped, without what only tests and builds need, is in /source.
 */
export async function aBareRoot(): Promise<BareRoot> {
  const folder = mkdtempSync(join(tmpdir(), 'bare-root-'));
  const source = join(folder, 'source');
  for (const part of ['layer', 'root', 'source']) mkdirSync(join(folder, part));
  for (const part of SHIPPED) symlinkSync(join(checkout, part), join(source, part));
  for (const path of shippedPackages()) {
    mkdirSync(join(source, path, '..'), { recursive: true });
    symlinkSync(join(checkout, path), join(source, path));
  }
  // the mounts are nobody else's, and go with the process that holds them
  const mounts = [
    `cd ${folder}`,
    'mount -t tmpfs -o size=2g tmpfs layer',
    'mkdir layer/upper layer/work',
    'mount -t overlay overlay -o lowerdir=/,upperdir=layer/upper,workdir=layer/work root',
    'mkdir root/source',
    'mount --rbind source root/source',
    'mount -t proc proc root/proc',
    'mount --rbind /dev root/dev',
    'mount -t tmpfs -o size=16m tmpfs root/run',
    'echo mounted',
    'exec sleep infinity',
  ].join(' && ');
  const holder = startBackground('the bare root', 'unshare', ['--mount', 'sh', '-ec', mounts]);
  await holder.prints('mounted');
  const root = join(folder, 'root');
  const through = ['nsenter', '--target', String(holder.pid), '--mount', 'chroot', root];
  return {
    through,
    run(lines) {
      const [program = '', ...words] = through;
      const { status, stdout, stderr } = spawnSync(program, [...words, 'sh', '-euc', lines], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`in the bare root: ${stdout}${stderr}`);
      return stdout;
    },
    async close() {
      await holder.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The folders of the packages that the gate needs when it runs. */
function shippedPackages(): readonly string[] {
  type Package = {
    readonly dev?: boolean;
    readonly devOptional?: boolean;
    readonly optional?: boolean;
  };
  const lock: { packages: Record<string, Package> } = JSON.parse(
    readFileSync(join(checkout, 'package-lock.json'), 'utf8'),
  );
  return (
    Object.entries(lock.packages)
      .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
      // of what is made for each kind of machine, that of this one
      .filter(([path, { optional }]) => !optional || existsSync(join(checkout, path)))
      .map(([path]) => path)
      .filter((path) => path.lastIndexOf('node_modules/') === 0)
  ); // those within others come along
}
