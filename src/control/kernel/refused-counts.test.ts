import { expect, test } from 'vitest';
import { Mirror } from './mirror.ts';
import { RefusedCounts } from './refused-counts.ts';

const network = '192.0.2.7';

function counting() {
  const packets = new Map<string, number>();
  const counts = new RefusedCounts({
    count: async () => ({ packets: new Map(packets), tookMs: 5 }),
  });
  const mirror = new Mirror();
  const blocks = [{ network, forgeable: false, until: undefined }];
  const rest = { batch: 1, fresh: true, complete: true, familiar: [], passes: [] };
  mirror.take({ ...rest, blocks }, Date.now());
  return { packets, counts, mirror };
}

test('each time what came since is told', async () => {
  const { packets, counts, mirror } = counting();
  packets.set(network, 5);
  expect(await counts.read(mirror)).toEqual({
    ...{ complete: true, tookMs: 5 },
    refused: [{ network, packets: 5 }],
  });
  expect((await counts.read(mirror)).refused).toEqual([]);
  packets.set(network, 7);
  expect((await counts.read(mirror)).refused).toEqual([{ network, packets: 2 }]);
  packets.set(network, 3); // it was put in anew
  expect((await counts.read(mirror)).refused).toEqual([{ network, packets: 3 }]);
  counts.begunAnew();
  expect((await counts.read(mirror)).refused).toEqual([{ network, packets: 3 }]);
});

test('what is missing is noticed', async () => {
  const { counts, mirror } = counting();
  expect((await counts.read(mirror)).complete).toBe(false);
});
