import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { about, type Examined, type Finding } from './finding.ts';

const clock = about('clock');
const run = promisify(execFile);
/** Nothing of this is older. */
const EARLIEST = Date.UTC(2026, 0, 1);

/** Certificates, times of rules and what happened when all hang on it. */
export async function checkClock({ root }: Examined): Promise<readonly Finding[]> {
  const now = new Date();
  if (now.getTime() < EARLIEST)
    return [clock.bad(`it is ${now.toISOString()} here`, 'set the clock, and keep it by NTP')];
  const said = await synchronised(root);
  if (said === undefined)
    return [
      clock.warn(
        `it is ${now.toISOString()} here; nothing here knows whether that is kept right`,
        'compare it, and run systemd-timesyncd or chrony; in a container, on its host',
      ),
    ];
  return [
    said.kept
      ? clock.ok(`it is ${now.toISOString()}, kept right as ${said.by} says`)
      : clock.bad(
          `it is ${now.toISOString()}, and ${said.by} says that nothing keeps it right`,
          'timedatectl set-ntp true, or install chrony',
        ),
  ];
}

interface Said {
  readonly kept: boolean;
  readonly by: string;
}

/** Of those who may know the first that does. */
async function synchronised(root: string): Promise<Said | undefined> {
  const timedatectl = await outputOf('timedatectl', ['show', '-p', 'NTPSynchronized', '--value']);
  if (timedatectl !== undefined && /^(?:yes|no)$/.test(timedatectl))
    return { kept: timedatectl === 'yes', by: 'timedatectl' };
  const chrony = await outputOf('chronyc', ['-c', 'tracking']);
  if (chrony !== undefined)
    return { kept: !/Not synchronised/i.test(chrony) && chrony !== '', by: 'chronyc' };
  const adjtimex = await outputOf('adjtimex', ['--print']);
  const [, status] = /status:\s*(\d+)/.exec(adjtimex ?? '') ?? [];
  if (status !== undefined) return { kept: (Number(status) & 0x40) === 0, by: 'adjtimex' };
  return existsSync(join(root, 'run/systemd/timesync/synchronized'))
    ? { kept: true, by: 'systemd-timesyncd' }
    : undefined;
}

async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, args, { timeout: 3000 });
    return stdout.trim();
  } catch {
    return undefined; // it is not there, or has nobody to ask
  }
}
