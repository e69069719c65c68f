import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { plainName } from './dns-message.ts';

export type Hosts = ReadonlyMap<string, readonly string[]>;

/** hosts(5): every name and alias with its addresses, of either family, in the order of the file. */
export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (!address || isIP(address) === 0) continue;
    for (const name of names.map(plainName)) {
      const addresses = hosts.get(name);
      if (addresses === undefined) hosts.set(name, [address]);
      else if (!addresses.includes(address)) addresses.push(address);
    }
  }
  return hosts;
}

/** The system's own; a system without one has no such names. */
export async function readHosts(path = '/etc/hosts'): Promise<Hosts> {
  return parseHosts(await readFile(path, 'utf8').catch(() => ''));
}
