import { hostname } from 'node:os';
import { Kernel } from '../control/kernel/kernel.ts';
import { Lists } from '../control/lists/lists.ts';
import { clusterEvent, fault } from '../control/recorded-news.ts';
import { watchLiveness } from '../control/watch-liveness.ts';
import { startDataPlane } from '../data/data-plane.ts';
import type { DataPlaneInput } from '../data/messages.ts';
import type { Parts, Planes } from './parts.ts';

/** The other thread, and all that speaks with it. */
export async function openPlanes(
  { directory, life, present, records, news, condition, held, undo, log }: Parts,
  own: Pick<DataPlaneInput, 'tokenKey' | 'pinKey' | 'inheritance'>,
): Promise<Planes> {
  const { settings } = present;
  const { record, store } = records;
  const lists = new Lists({
    settings,
    folder: directory.lists,
    send(sliced) {
      present.kernel?.takeLists(sliced); // they leave for the other thread with the next line
      return plane.takeLists(sliced);
    },
    counts: () => news.heartbeat?.stats.lists ?? [],
    record,
    log,
  });
  present.lists = lists;
  held.defer(() => lists.close());
  const listed = lists.slices();
  // the client of Redis is large: a node that is alone does without
  const shared =
    settings.cluster.redis.servers.length === 0
      ? undefined
      : await import('../control/shared/shared-state.ts');
  const plane = await startDataPlane(
    {
      ...{ settings, ...own },
      registrations: store.takeRegistrations(),
      blocks: store.takeBlocks(),
      guards: store.guards,
      lists: listed,
    },
    news,
  );
  present.plane = plane;
  present.shared = shared?.openSharedState({
    cluster: settings.cluster,
    identity: `${hostname()}:${directory.path}`.replace(/\s/g, '_'),
    log,
    told: (told) => plane.told(told),
    tellAll: () => plane.tellAll(),
    taken: (kind, batch) => plane.taken(kind, batch),
    others: (alone, nodes) => plane.others(alone, nodes),
    answered: (ask, held) => plane.answered(ask, held),
    changed: (status, text) => record(clusterEvent(status, text)),
  });
  held.defer(() => present.shared?.close());
  lists.start();
  const kernel = new Kernel({
    settings,
    listeners: plane.listeners,
    lists: listed,
    owner: directory.path,
    want: (wanted) => plane.enforce(wanted),
    done: (batch) => plane.enforced(batch),
    refused: (refused) => plane.refused(refused),
    log,
  });
  present.kernel = kernel;
  held.defer(() => kernel.close());
  kernel.start();
  const alive = watchLiveness(() => condition.liveness, {
    ill: (reasons) => log.error({ why: reasons.join(', ') }, 'the gate does not do its work'),
    well: () => log.info('the gate does its work again'),
    hopeless() {
      log.error('the data plane hangs; the process ends so that it is restarted');
      record(fault('the data plane hangs'));
      life.end('hangs');
    },
  });
  undo.defer(() => alive.close());
  return { plane, lists, kernel };
}
