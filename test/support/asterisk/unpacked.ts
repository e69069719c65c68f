import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where `scripts/fetch-asterisk.ts` unpacks it. */
export const asteriskFolder = fileURLToPath(new URL('../../../.cache/asterisk', import.meta.url));

const layouts: Readonly<Record<string, { architecture: string; triple: string; loader: string }>> =
  {
    x64: { architecture: 'amd64', triple: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
    arm64: { architecture: 'arm64', triple: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
  };

const layout = layouts[process.arch];
if (layout === undefined) throw new Error(`no Debian Asterisk is known for ${process.arch}`);

/** Debian's words for this machine. */
export const asteriskLayout = layout;

/**
 * How to run it where it is: with the C library and loader that were unpacked beside it, since it comes from
 * a newer Debian than the machine's.
 */
export function runningAsterisk(folder: string = asteriskFolder) {
  const libraries = join(folder, 'usr/lib', asteriskLayout.triple);
  const modules = join(libraries, 'asterisk/modules');
  return {
    loader: join(libraries, asteriskLayout.loader),
    libraryPath: `${libraries}:${join(folder, 'usr/lib')}`,
    program: join(folder, 'usr/sbin/asterisk'),
    modules,
    module: (name: string) => join(modules, name),
  };
}

/** The modules that `modules.conf` loads. */
export function asteriskModules(): readonly string[] {
  const text = readFileSync(new URL('./modules.conf', import.meta.url), 'utf8');
  return [...text.matchAll(/^load=(\S+)/gm)].flatMap(([, name]) => name ?? []);
}
