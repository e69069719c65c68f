import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest in their group, mostly because they wait for real timers, the longest first. */
const slowest = [
  'test/engine/programs/time.test.ts',
  'test/fuzz/programs.test.ts',
  'test/fuzz/gate.test.ts',
  'test/edge/outside-calls.test.ts',
  'test/contract/timeouts.test.ts',
  'test/engine/timeouts.test.ts',
  'test/engine/programs/proxy-last-word.test.ts',
  'test/cluster/redis-kinds.test.ts',
  'test/e2e/hand-over-mishaps.test.ts',
  'test/e2e/reload.test.ts',
  'test/e2e/asterisk-calls.test.ts',
  'test/e2e/fail-modes/notifications.test.ts',
  'test/e2e/command-line.test.ts',
  'test/e2e/call-rules.test.ts',
  'test/e2e/cluster-load.test.ts',
  'test/e2e/fail-modes/faults.test.ts',
  'test/e2e/cluster-calls.test.ts',
  'test/e2e/scenarios.test.ts',
];

/** What begins last ends last: where one long file is left for the end, all other workers wait for it. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    return usual.sort((a, b) => groupOf(a) - groupOf(b) || placeOf(a) - placeOf(b));
  }
}

const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;

const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = slowest.findIndex((file) => moduleId.endsWith(file));
  return place < 0 ? slowest.length : place;
};
