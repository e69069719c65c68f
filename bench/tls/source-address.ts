const PER_ADDRESS = 16;
const ADDRESSES = 65_024;

/**
 * Where the n-th connection comes from: any address of 127/8 may be a source, and phones of one address
 * stay few, so that no limit per source is met and no address runs out of ports.
 */
export function sourceAddress(connection: number): string {
  const index = Math.floor(connection / PER_ADDRESS) % ADDRESSES;
  return `127.1.${Math.floor(index / 254)}.${(index % 254) + 1}`;
}
