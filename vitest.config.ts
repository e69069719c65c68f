import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/support/slowest-first.ts';

/** Processes that answer to the clock, or need all of the machine. */
const timed = [
  'test/e2e/{cluster-blocks,failover,kernel-speed,large-policy,lists,outage,siege,under-load}.test.ts',
];

/** They compute, and do nothing else. */
const pure = [
  'src/{config,edge,limits,numbers,policy,replay,report,setup,sip}/**/*.test.ts',
  'test/config/**/*.test.ts',
  'test/conformance/torture-parse.test.ts',
  'test/fuzz/{message,corpus}.test.ts',
];

/** On a machine that is busy what is waited for may take a while. */
const patience = { poll: { timeout: 5000 } };

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        // no sockets, no clocks, nothing of the process: what one has loaded serves the next, which to load takes longer
        test: {
          name: 'pure',
          testTimeout: 20_000,
          maxWorkers: 3,
          isolate: false,
          include: pure,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'unit',
          expect: patience,
          testTimeout: 20_000,
          maxWorkers: 3,
          include: ['src/**/*.test.ts', 'bench/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: pure,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'contract',
          include: [
            'test/contract/**/*.test.ts',
            'test/engine/**/*.test.ts',
            'test/edge/**/*.test.ts',
            'test/cluster/**/*.test.ts',
            'test/support/**/*.test.ts',
            'test/conformance/torture.test.ts',
            'test/fuzz/{gate,programs}.test.ts',
          ],
          expect: patience,
          testTimeout: 30_000,
          // these wait for real timers most of the time: many at once, each on ports of its own
          maxWorkers: 6,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // the same suite, on the adapter over the engine's own protocol port
        test: {
          name: 'contract-drachtio',
          include: ['test/contract/*.test.ts', 'test/drachtio/*.test.ts'],
          provide: { carrier: 'drachtio' },
          expect: patience,
          testTimeout: 30_000,
          maxWorkers: 6,
          sequence: { groupOrder: 1 },
        },
      },
      // both again on a drachtio-server that runs already, one test at a time: all share it
      // biome-ignore lint/style/noProcessEnv: this is what says that there is one
      ...(process.env.DRACHTIO_SERVER === undefined
        ? []
        : [
            {
              test: {
                name: 'contract-drachtio-server',
                include: ['test/contract/**/*.test.ts'],
                exclude: ['test/contract/programs/ways-in.test.ts'], // into the gate
                provide: { carrier: 'drachtio-server' as const },
                setupFiles: ['test/contract/known-to-fail-on-a-server.ts'],
                expect: patience,
                testTimeout: 60_000,
                maxWorkers: 1,
                maxConcurrency: 1,
                sequence: { groupOrder: 3 },
              },
            },
          ]),
      {
        // real processes that answer to rules and words, not to the clock: several at once, each on addresses of its own
        test: {
          name: 'process',
          include: ['test/e2e/**/*.test.ts'],
          exclude: timed,
          expect: patience,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 4,
          maxConcurrency: 20,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: timed,
          expect: patience,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Real processes that measure time: one file at a time, after everything else.
          maxWorkers: 1,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
