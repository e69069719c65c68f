import { spawnSync } from 'node:child_process';
import type { Place } from './sip-wire.ts';

/** Node has no raw sockets; perl is on every Debian. */
const script = `
use Socket;
my ($from, $address, $port, $text) = @ARGV;
socket(my $raw, AF_INET, SOCK_RAW, 17) or die "no raw socket: $!";
send($raw, pack('nnnn', $from, $port, 8 + length $text, 0) . $text, 0, pack_sockaddr_in(0, inet_aton($address)))
  or die "not sent: $!" if defined $text;
`;

const perl = (...args: readonly string[]) => spawnSync('perl', ['-e', script, ...args]);

/** Whether this user may open raw sockets: root, as a rule. */
export const mayForge = perl('1', '127.0.0.1', '1').status === 0;

/** Sends a UDP datagram that says it comes from this port of this machine, be it one that nobody can have. */
export function sendForged(fromPort: number, to: Place, text: string): void {
  const { status, stderr } = perl(String(fromPort), to.address, String(to.port), text);
  if (status !== 0) throw new Error(String(stderr));
}
