import type { Load } from './throughput.ts';

export const registering: Load = {
  title: 'REGISTER over UDP',
  unit: 'REGISTER',
  args: ['reg'],
  windows: [16, 32, 64],
  latency: 'answer',
  latencyLabel: 'answer',
  cpuGoal: 1,
};

/** Each call is answered at once and lasts 200 ms, so that a window of 1,500 allows at most 7,500 calls a second. */
export const calling: Load = {
  title: 'Whole calls over UDP',
  unit: 'call',
  args: ['call', '--hold', '200'],
  windows: [500, 1500, 3000],
  latency: 'answer',
  latencyLabel: 'answer to INVITE',
  cpuGoal: 0.8,
};

export const withinCalls: Load = {
  title: 'Requests within calls over UDP (INFO, OPTIONS, re-INVITE)',
  unit: 'request',
  args: ['dialog', '--calls', '1000', '--open-rate', '1000'],
  windows: [16, 32, 64],
  latency: 'request',
  latencyLabel: 'answer',
};
