import { isIP } from 'node:net';
import type { Transport } from '../edge/signaling.ts';
import { expected, type Understood, understood } from '../policy/written.ts';
import { showHostPort, transports } from './forms.ts';

/** Where something listens, or is to. */
export interface ListenPoint {
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
}

/** `udp:198.51.100.1:5060`, `tls:[2001:db8::1]:5061`. Port 0 lets the system choose. */
export function readListenPoint(text: string): Understood<ListenPoint> {
  const form = 'transport:address:port such as udp:0.0.0.0:5060 or tls:[::]:5061';
  const match = /^([a-z]+):(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/i.exec(text);
  if (!match) {
    return expected(
      /^[a-z]+:[0-9a-f]*:[0-9a-f:.]*:\d+$/i.test(text) ? `${form} (IPv6 in brackets)` : form,
    );
  }
  const transport = transports.find((known) => known === match[1]?.toLowerCase());
  if (transport === undefined)
    return expected(`${form}; the transports are ${transports.join(', ')}`);
  const address = match[2] ?? match[3] ?? '';
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined && isIP(mapped) === 4)
    return expected('an IPv4 address as such: no socket can be bound to one written as IPv6', {
      meant: `${transport}:${mapped}:${match[4]}`,
    });
  if (address === '*')
    return expected('an IP address; all of this machine are 0.0.0.0 and [::]', {
      meant: `${transport}:0.0.0.0:${match[4]}`,
    });
  if (isIP(address) !== (match[2] === undefined ? 4 : 6)) {
    return expected('an IP address of this machine between transport and port, IPv6 in brackets');
  }
  const port = Number(match[4]);
  if (port > 65_535) return expected('a port from 0 to 65535');
  return understood({ transport, address, port });
}

/** As it is written, with brackets where IPv6 needs them. */
export const showListenPoint = ({ transport, address, port }: ListenPoint): string =>
  `${transport}:${showHostPort(address, port)}`;

/** As settings name them: port 0 is port 0, whatever the system chooses for it. */
export const isSamePlace = (one: ListenPoint, other: ListenPoint): boolean =>
  one.transport === other.transport && one.address === other.address && one.port === other.port;
