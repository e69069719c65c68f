import { join } from 'node:path';
import { type GateProcess, openControl } from './app/open-control.ts';
import { openPlanes } from './app/open-planes.ts';
import type { Parts } from './app/parts.ts';
import type { Settings } from './config/settings.ts';
import { Condition } from './control/condition.ts';
import {
  type DataDirectory,
  dataDirectoryAt,
  lockDataDirectory,
  makeDataDirectory,
  refuseAsRoot,
} from './control/data-directory.ts';
import { DataPlaneNews } from './control/data-plane-news.ts';
import { awaitInheritance, startHeir, tellThatWeServe } from './control/hand-over.ts';
import { type Ending, Life, STOP_SECONDS } from './control/life/life.ts';
import type { Legacy } from './control/life/living-gate.ts';
import { type Logger, openLog } from './control/log.ts';
import { offeredSockets } from './control/offered-sockets.ts';
import type { Present } from './control/present.ts';
import { Records } from './control/records.ts';
import { ReloadCounts } from './control/reloads.ts';
import { sayOpen } from './control/say-open.ts';
import { readOrMakePinKey, readOrMakeTokenKey, tokenKeyOf } from './control/secret-keys.ts';
import { serveMetrics } from './control/serve-metrics.ts';
import { ServiceManager, serviceManagerPlace } from './control/service-manager.ts';
import { onSignals } from './control/signals.ts';
import type { DataPlane } from './data/data-plane.ts';
import type { DataPlaneInput } from './data/messages.ts';

/**
 * Builds both planes, serves until told to end, and says with which code to exit. Throws `CannotStart` or
 * `CannotServe`, with a message for the operator, when it cannot begin.
 */
export async function runGate(given: GateProcess): Promise<number> {
  const startedAt = Date.now();
  const { settings } = given;
  const { log, follow } = openLog(settings.log);
  const life = new Life(log);
  onSignals(life, log);
  process.on('uncaughtException', (error) => life.fault(error));
  await using undo = new AsyncDisposableStack();
  const manager = new ServiceManager(serviceManagerPlace(), log);
  undo.defer(() => manager.close());

  const inheritance = await awaitInheritance(settings, life.ended);
  const predecessor = process.ppid;
  // What must be one process's alone: released before the end where another takes our place.
  const held = undo.use(new AsyncDisposableStack());
  held.defer(() => manager.close());

  const directory = dataDirectoryAt(settings.dataDirectory);
  const keys = takeDataDirectory(directory, settings, held, log);
  const present: Present = { settings };
  const stored: DataPlane['stored'] = (kept, batch) => present.plane?.stored(kept, batch);
  const records = new Records({ directory, settings, stored, held, undo, log });
  const crashed = (): void => life.end('crashed');
  const news = new DataPlaneNews({ records, present, crashed, log });
  const condition = new Condition({
    heartbeat: () => news.heartbeat,
    life,
    cluster: () => present.shared?.status,
    settings: () => present.settings,
  });
  const parts: Parts = {
    ...{ startedAt, directory, life, present, records, news, condition },
    ...{ reloadCounts: new ReloadCounts(), held, undo, log },
  };
  const metricsAt = await serveMetrics(parts);
  const planes = await openPlanes(parts, { ...keys, inheritance });
  const { plane } = planes;
  const reloads = await openControl(parts, planes, { ...given, follow, metricsAt });
  const found = { dataAt: directory.path, registrations: records.store.found };
  sayOpen(log, { ...given, ...found, listeners: plane.listeners, metricsAt });

  // asked before it served: the gate before us hears that nobody takes over
  if (inheritance !== undefined && life.endAsked) return await end('faulty', plane, records, log);
  if (inheritance !== undefined) tellThatWeServe();
  life.serve({
    manager,
    standing: () => condition.standing,
    proveAlive: () => condition.prove(plane),
    underWay: () => condition.underWay,
    deadlineSeconds: () => present.settings.drain.deadlineSeconds,
    reload: () => reloads.reload({ by: 'signal' }),
    drain: () => plane.drain(),
    async startHeir(program, givenUp) {
      const sockets = await offeredSockets(plane, predecessor);
      return startHeir(program, { sockets, http: settings.http }, givenUp);
    },
    giveAway: () => giveAway(parts, plane),
    record: records.record,
  });
  return await end(await life.ended, plane, records, log);
}

/** No other process has it from here on. What is made in it holds registrations and keys: for its owner only. */
function takeDataDirectory(
  directory: DataDirectory,
  { cluster: { secret } }: Settings,
  held: AsyncDisposableStack,
  log: Logger,
): Pick<DataPlaneInput, 'tokenKey' | 'pinKey'> {
  process.umask(0o077);
  makeDataDirectory(directory);
  refuseAsRoot(directory);
  const lock = lockDataDirectory(directory);
  held.defer(() => lock.release());
  if (lock.warning) log.error(lock.warning);
  const tokenKey = secret === '' ? readOrMakeTokenKey(directory) : tokenKeyOf(secret);
  return { tokenKey, pinKey: readOrMakePinKey(directory) };
}

/** All that must be one process's alone is released: from here on nobody has it. */
async function giveAway(
  { directory, present, records, held }: Parts,
  plane: DataPlane,
): Promise<Legacy> {
  const link = join(directory.path, 'hand-over.sock');
  // what cannot be written now is given up: waiting for the disk here would keep everybody waiting
  records.store.closing();
  const { boot, done } = await plane.handOver(link);
  await held.disposeAsync();
  present.kernel = undefined;
  present.shared = undefined;
  return { link, boot, done };
}

/** Says with which code to exit. */
async function end(
  why: Ending,
  plane: DataPlane,
  { store }: Records,
  log: Logger,
): Promise<number> {
  if (why === 'hangs') await plane.stop(0);
  else if (why !== 'crashed') {
    store.closing();
    const inTime = await plane.stop(STOP_SECONDS * 1000);
    if (inTime) log.info('stopped');
    else log.error(`the data plane did not end in ${STOP_SECONDS} s and was cut off`);
  }
  return why === 'asked' ? 0 : 1;
}
