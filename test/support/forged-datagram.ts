import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
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

/** Reads lines of a port, a blank and a datagram in base64, and sends each as if it came from that port of an address. */
const forging = `
use Socket; use MIME::Base64;
my ($from, $address, $port) = @ARGV;
socket(my $raw, AF_INET, SOCK_RAW, 17) or die "no raw socket: $!";
bind($raw, pack_sockaddr_in(0, inet_aton($from))) or die "not bound: $!";
my $to = pack_sockaddr_in(0, inet_aton($address));
while (<STDIN>) {
  my ($source, $text) = split / /;
  $text = decode_base64($text);
  send($raw, pack('nnnn', $source, $port, 8 + length $text, 0) . $text, 0, $to);
}
`;

/** Whoever writes the address of another into his datagrams. */
export interface Forger {
  send(fromPort: number, text: string): void;
  close(): Promise<void>;
}

/** Forges datagrams of that address, one of this machine's. */
export function aForger(address: string, to: Place): Forger {
  const words = ['-e', forging, address, to.address, String(to.port)];
  const perl = spawn('perl', words, { stdio: ['pipe', 'ignore', 'inherit'] });
  return {
    send: (fromPort, text) =>
      void perl.stdin.write(`${fromPort} ${Buffer.from(text, 'latin1').toString('base64')}\n`),
    async close() {
      perl.stdin.end();
      await once(perl, 'close');
    },
  };
}
