import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { reasonOf } from '../src/config/reason-of.ts';
import {
  asteriskFolder,
  asteriskLayout,
  asteriskModules,
  runningAsterisk,
} from '../test/support/asterisk/unpacked.ts';

/** Tried in order. Debian's stable releases have no Asterisk; the development suites do. */
const suites = ['sid', 'forky', 'trixie', 'testing'];

/**
 * Asterisk, its modules, and the libraries that those of `modules.conf` load. Libraries by stem: their package
 * names change with each new binary interface (`libxml2-16`, `libssl3t64`), and all that match are taken.
 */
const programs = ['asterisk', 'asterisk-modules', 'asterisk-core-sounds-en-gsm'];
const libraries = [
  ...[
    'libc',
    'libgcc-s',
    'libstdc++',
    'libcap',
    'libcrypt',
    'libedit',
    'libbsd',
    'libmd',
    'libtinfo',
  ],
  ...[
    'libjansson',
    'libsqlite3-',
    'libssl',
    'libzstd',
    'zlib',
    'libsystemd',
    'liburiparser',
    'libuuid',
  ],
  ...['libxml2-', 'libxslt1.', 'libsrtp2-', 'libnss', 'libnspr', 'libgsm', 'libopus'],
];
const providesLibrary = (name: string) =>
  libraries.some(
    (stem) => name.startsWith(stem) && /^[\d.]+[a-z]?(t64)?$/.test(name.slice(stem.length)),
  );

const unwanted = [
  ...['doc', 'man', 'locale', 'lintian', 'bug', 'asterisk/firmware'].map(
    (part) => `./usr/share/${part}`,
  ),
  './usr/lib/*/gconv',
];

/**
 * Unpacks a runnable Asterisk from Debian's packages into the cache. Nothing is installed: neither the
 * machine's packages nor its apt state is touched, and root is not needed.
 */
export function fetchAsterisk(): void {
  if (existsSync(join(asteriskFolder, 'PACKAGES'))) return;
  const problems: string[] = [];
  for (const suite of suites) {
    const work = mkdtempSync(join(tmpdir(), 'fetch-asterisk-'));
    try {
      console.log(`fetching Asterisk from Debian ${suite}`);
      fetchFrom(suite, work);
      return;
    } catch (problem) {
      problems.push(`${suite}: ${reasonOf(problem)}`);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  throw new Error(`no Debian suite has an Asterisk that runs here\n${problems.join('\n')}`);
}

function fetchFrom(suite: string, work: string): void {
  const apt = privateApt(suite, work);
  apt('apt-get', '-qq', 'update');
  const known = apt('apt-cache', 'pkgnames').split('\n');
  const absent = programs.filter((name) => !known.includes(name));
  if (absent.length > 0) throw new Error(`has no ${absent.join(', ')}`);

  const packages = join(work, 'packages');
  mkdirSync(packages);
  apt('apt-get', '-qq', 'download', ...programs, ...known.filter(providesLibrary));

  // Beside its final place, so that the last step is one rename: a broken-off fetch leaves no half Asterisk.
  const unpacked = `${asteriskFolder}.${process.pid}`;
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked, { recursive: true });
  try {
    const files = readdirSync(packages);
    for (const file of files) unpack(join(packages, file), unpacked);
    checkLibraries(unpacked);
    writeFileSync(join(unpacked, 'PACKAGES'), `${suite}\n${files.join('\n')}\n`);
    rmSync(asteriskFolder, { recursive: true, force: true });
    mkdirSync(dirname(asteriskFolder), { recursive: true });
    renameSync(unpacked, asteriskFolder);
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
}

/** apt with its own lists, status and cache, reading one suite from the mirror this machine already uses. */
function privateApt(suite: string, work: string) {
  const mirror = execFileSync(
    'apt-get',
    ['indextargets', '--format', '$(LABEL) $(REPO_URI)', 'Created-By: Packages'],
    { encoding: 'utf8' },
  )
    .split('\n')
    .find((line) => line.startsWith('Debian '))
    ?.slice('Debian '.length);
  if (mirror === undefined) throw new Error('apt on this machine names no Debian mirror');

  for (const folder of [
    'etc/apt.conf.d',
    'etc/preferences.d',
    'etc/trusted.gpg.d',
    'state/lists/partial',
    'cache/archives/partial',
  ])
    mkdirSync(join(work, folder), { recursive: true });
  writeFileSync(join(work, 'status'), '');
  writeFileSync(
    join(work, 'etc/sources.list'),
    `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} ${suite} main\n`,
  );
  const { architecture } = asteriskLayout;
  writeFileSync(
    join(work, 'apt.conf'),
    `Dir::Etc "${work}/etc"; Dir::Etc::sourceparts "-"; Dir::State "${work}/state";
Dir::State::status "${work}/status"; Dir::Cache "${work}/cache"; Dir::Log "${work}";
APT::Architecture "${architecture}"; APT::Architectures { "${architecture}"; };
APT::Sandbox::User "root"; Acquire::Languages "none"; Acquire::Check-Valid-Until "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false"; Debug::NoLocking "true";
`,
  );
  return (command: string, ...args: string[]): string =>
    execFileSync(command, args, {
      cwd: existsSync(join(work, 'packages')) ? join(work, 'packages') : work,
      env: { ...process.env, APT_CONFIG: join(work, 'apt.conf') },
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
}

function unpack(file: string, into: string): void {
  const archive = execFileSync('dpkg-deb', ['--fsys-tarfile', file], { maxBuffer: 1024 ** 3 });
  execFileSync('tar', ['-x', '-C', into, ...unwanted.map((path) => `--exclude=${path}`)], {
    input: archive,
  });
}

/** Every module that will be loaded must find its libraries inside, or a renamed package went unnoticed. */
function checkLibraries(unpacked: string): void {
  const { loader, libraryPath, program, module } = runningAsterisk(unpacked);
  for (const file of [program, ...asteriskModules().map(module)]) {
    const listed = execFileSync(loader, ['--library-path', libraryPath, '--list', file], {
      encoding: 'utf8',
    });
    const lost = listed.split('\n').filter((line) => /not found|cannot open/.test(line));
    if (lost.length > 0)
      throw new Error(
        `${file} lacks ${lost.map((line) => line.trim()).join(', ')}; was a library package renamed?`,
      );
  }
}
