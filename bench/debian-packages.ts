import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

/** Makes sure of programs that Debian packages bring: installs them as root, names them to anyone else. */
export function requirePrograms(programs: readonly string[], packages: readonly string[]): void {
  const missing = () => programs.filter((program) => !isInstalled(program));
  if (missing().length === 0) return;

  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0) {
    throw new Error(`${missing().join(', ')} missing; as root: ${command}`);
  }
  console.error(`installing ${packages.join(', ')}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const [program = '', ...rest] = command.split(' ');
  execFileSync(program, ['update', '-qq'], { env: environment, stdio: ['ignore', 2, 2] });
  execFileSync(program, rest, { env: environment, stdio: ['ignore', 2, 2] });
  if (missing().length > 0) {
    throw new Error(`${missing().join(', ')} still missing after: ${command}`);
  }
}

function isInstalled(program: string): boolean {
  const folders = (process.env.PATH ?? '').split(':');
  return [...folders, '/usr/sbin'].some((folder) => {
    try {
      accessSync(`${folder}/${program}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The installed version of a Debian package, or `unknown`. */
export function packageVersion(name: string): string {
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own format
    return execFileSync('dpkg-query', ['-W', '-f=${Version}', name], { encoding: 'utf8' });
  } catch {
    return 'unknown';
  }
}
