import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

export interface DnsServer {
  readonly address: string;
  readonly port: number;
}

/** The servers resolv.conf(5) names: at most three, and one on this machine when it names none. */
export function parseServers(resolvConf: string): readonly DnsServer[] {
  const servers: DnsServer[] = [];
  for (const line of resolvConf.split('\n')) {
    const [keyword, address] = line.trim().split(/\s+/);
    const plain = address?.replace(/%.*$/, '');
    if (keyword === 'nameserver' && address && plain && isIP(plain) !== 0)
      servers.push({ address, port: 53 });
  }
  return servers.length > 0 ? servers.slice(0, 3) : [{ address: '127.0.0.1', port: 53 }];
}

/** What the system is told to ask; none when it cannot be read. */
export async function readSystemServers(path = '/etc/resolv.conf'): Promise<readonly DnsServer[]> {
  return parseServers(await readFile(path, 'utf8').catch(() => ''));
}
