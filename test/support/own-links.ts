import { networkInterfaces } from 'node:os';

/** The addresses of this machine's links, but for the cables that other tests make and take away. */
export const ownLinks = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
  addresses.flatMap((one) =>
    one.family === 'IPv6' && one.scopeid > 0 && !name.startsWith('drawbridge')
      ? [{ name, scope: one.scopeid, address: `${one.address}%${name}` }]
      : [],
  ),
);
