import type { ClusterSettings } from '../../src/config/settings.ts';
import type { Place } from './sip-wire.ts';

/** The settings of a node that shares with others by this Redis, with leases so short that a test can wait for their end. */
export const sharedBy = ({ address, port }: Place, name: string): ClusterSettings => ({
  redis: {
    servers: [{ at: { host: address, port }, tls: false, database: 0 }],
    ...{ kind: 'single', sentinelName: '', user: null, password: '', sentinelPassword: '' },
    ...{ prefix: 'test', exchangeMs: 50, leaseMs: 100, drachtioBlacklist: null },
  },
  ...{ node: { name, uri: undefined }, secret: '' },
});
