import { showListenPoint } from '../config/listen-point.ts';
import { about, type Examined, type Finding } from '../doctor/finding.ts';
import { isLoopback } from '../doctor/this-machine.ts';

const ports = about('default ports');

/** Scanners try these before any other. */
const usual: Readonly<Record<string, number>> = { udp: 5060, tcp: 5060, tls: 5061 };

/** Are phones served where scanners look first? */
export function checkDefaultPorts({ settings }: Examined): readonly Finding[] {
  const { listeners, drachtio } = settings;
  if (drachtio.servers.length > 0)
    return [ports.ok("listeners are the drachtio-server's: look at its own")];
  const open = listeners.filter(
    ({ realm, address, port, transport }) =>
      realm === 'access' && !isLoopback(address) && usual[transport] === port,
  );
  if (open.length === 0) return [ports.ok('phones are served on none')];
  const shown = open.map(showListenPoint);
  return [
    ports.warn(
      `phones are served where scanners look first: ${shown.join(', ')}`,
      'listen on another port and tell the phones: it stops nobody, and most never come',
    ),
  ];
}
