/** How much it matters: `info` is for the record, `warn` deserves a look, `alert` somebody's attention now. */
export const eventLevels = ['info', 'warn', 'alert'] as const;
export type EventLevel = (typeof eventLevels)[number];

/** What can happen. A closed set: events are searched by it, and people are told by it. */
export const eventKinds = [
  'refused',
  'shadow',
  'excepted',
  'emergency',
  'call',
  'call-ended',
  'registered',
  'failed',
  'blocked',
  'unblocked',
  'attack',
  'guard',
  'pbx',
  'cluster',
  'reload',
  'exception',
  'overload',
  'clock',
  'list',
  'notification',
  'fault',
] as const;
export type EventKind = (typeof eventKinds)[number];
