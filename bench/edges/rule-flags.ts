const bucket = '{ perSecond: 100000, burst: 1000000 }';
const buckets = `{ register: ${bucket}, invite: ${bucket}, other: ${bucket} }`;

/**
 * Every rule that ships judges every request, and lets the load through: the phones call without having registered,
 * from one address, far more often than phones do. What is counted for a limit is counted; no limit is crossed.
 */
export const judgingFlags = (port: string): readonly string[] =>
  [
    'site.homeCountry=GB',
    // the kernel is everybody's here, and what it refuses would be missing from the load
    'kernel.mode=off',
    'outbound.no-guests.guests=[127.0.0.0/8]',
    ...['strangers', 'sites', 'phones'].map((who) => `network.request-rates.${who}=${buckets}`),
    'network.strangers-share={ perSecond: 1000000, burst: 10000000 }',
    'network.overload.busyPercent=100',
    'network.overload.callsPerSecond=100000',
    'network.overload.callsBurst=1000000',
    'registration.pbx-pace={ perSecond: 1000000, burst: 10000000, strangersPercent: 100 }',
    `network.automatic-defence.rates=[{ port: ${port}, protocol: udp, packets: 1000000, seconds: 1 }]`,
  ].flatMap((setting) => ['--set', setting]);

export const withoutRules = ['--set', 'site.rules=off', '--set', 'kernel.mode=off'] as const;
