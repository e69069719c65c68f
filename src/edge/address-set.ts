import { BlockList, isIP } from 'node:net';
import { canonicalAddress } from './packed-address.ts';

/** Addresses and CIDRs (`192.0.2.0/24`, `2001:db8::/32`, `192.0.2.0/255.255.255.0`) asked about for every packet. */
export class AddressSet {
  readonly #exact = new Set<string>();
  readonly #ranges = new BlockList();
  #hasRanges = false;

  constructor(entries: Iterable<string>) {
    for (const entry of entries) this.add(entry);
  }

  add(entry: string): void {
    const [address = '', suffix] = entry.split('/');
    const family = isIP(address);
    if (family === 0) return;
    if (suffix === undefined) this.#exact.add(canonicalAddress(address));
    else {
      this.#ranges.addSubnet(address, prefixLength(suffix), family === 6 ? 'ipv6' : 'ipv4');
      this.#hasRanges = true;
    }
  }

  has(address: string): boolean {
    if (this.#exact.has(address)) return true;
    return this.#hasRanges && this.#ranges.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  }
}

function prefixLength(suffix: string): number {
  if (!suffix.includes('.')) return Number(suffix);
  return suffix
    .split('.')
    .reduce((bits, part) => bits + Number(part).toString(2).replaceAll('0', '').length, 0);
}
