import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatNetwork, parseNetwork } from '../limits/address-key.ts';
import { Networks } from '../policy/networks.ts';

/** The text of a file; undefined when there is none, or it is not for us to read. */
export function textOf(root: string, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

const loopback = new Networks(['127.0.0.0/8', '::1']);
const notPublic = new Networks([
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.168.0.0/16', '::/128', '::1', 'fc00::/7', 'fe80::/10'],
]);

export const isLoopback = (address: string): boolean => loopback.find(address) !== undefined;
export const isPublic = (address: string): boolean => notPublic.find(address) === undefined;
export const isAny = (address: string): boolean => address === '0.0.0.0' || address === '::';

export interface OpenSocket {
  readonly protocol: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
}

const LISTENING = '0A';
const tables = ['udp', 'udp6', 'tcp', 'tcp6'] as const;

/** Sockets that wait for whoever comes: what is bound over UDP, what listens over TCP. */
export function openSockets(root: string): readonly OpenSocket[] {
  return tables.flatMap((table) => {
    const protocol = table.startsWith('udp') ? 'udp' : 'tcp';
    const [, ...lines] = (textOf(root, `proc/net/${table}`) ?? '').trim().split('\n');
    return lines.flatMap((line): OpenSocket[] => {
      const [, local = '', , state] = line.trim().split(/\s+/);
      if (protocol === 'tcp' && state !== LISTENING) return [];
      const [packed = '', port = ''] = local.split(':');
      return [{ protocol, address: addressOf(packed), port: Number.parseInt(port, 16) }];
    });
  });
}

/** Words of 32 bits, each as this machine has it in memory: its bytes from behind. */
function addressOf(packed: string): string {
  const bytes = (packed.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
  );
  const network = parseNetwork(groups.join(':'));
  return network === undefined ? '::' : formatNetwork(network);
}
