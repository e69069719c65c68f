import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Background, startBackground } from './background-process.ts';

export interface ServiceManager {
  /** What systemd gives a service of `Type=notify`. */
  readonly environment: NodeJS.ProcessEnv;
  /** Everything it was told, a message each. */
  told(): readonly string[];
  close(): Promise<void>;
}

/** Node has no such socket. */
const LISTEN = `use Socket; $| = 1;
socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die $!;
bind($socket, sockaddr_un($ARGV[0])) or die $!;
print "listening\\n";
while (defined recv($socket, my $message, 65536, 0)) { $message =~ s/\\n/ /g; print "told $message\\n"; }`;

/** Hears what services tell systemd, as systemd does. */
export async function aServiceManager(watchdogMs: number): Promise<ServiceManager> {
  const folder = mkdtempSync(join(tmpdir(), 'service-manager-'));
  const socket = join(folder, 'notify');
  const perl: Background = startBackground('perl', 'perl', ['-e', LISTEN, socket]);
  await perl.prints('listening');
  return {
    environment: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: String(watchdogMs * 1000) },
    told: () =>
      perl
        .output()
        .split('\n')
        .filter((line) => line.startsWith('told ') && !line.includes('BARRIER'))
        .map((line) => line.slice('told '.length)),
    async close() {
      await perl.kill();
      rmSync(folder, { recursive: true });
    },
  };
}
