import { hostname } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { showHostPort } from './config/forms.ts';
import type { Loaded } from './config/load.ts';
import type { SettingsFlags } from './config/overrides.ts';
import { reasonOf } from './config/reason-of.ts';
import type { Settings } from './config/settings.ts';
import { Condition } from './control/condition.ts';
import { ControlAnswers } from './control/control-answers.ts';
import type { ProcessStatus } from './control/control-messages.ts';
import { dataDirectoryAt, lockDataDirectory, makeDataDirectory } from './control/data-directory.ts';
import { EventLog } from './control/events/event-log.ts';
import {
  awaitInheritance,
  HAND_OVER_PROTOCOL,
  startHeir,
  tellThatWeServe,
} from './control/hand-over.ts';
import type { Heartbeat } from './control/health.ts';
import { serveHttp } from './control/http.ts';
import { Kernel } from './control/kernel/kernel.ts';
import { Life, STOP_SECONDS } from './control/life/life.ts';
import type { LivingGate } from './control/life/living-gate.ts';
import { Lists } from './control/lists/lists.ts';
import { type Logger, openLog } from './control/log.ts';
import { openMetrics } from './control/metrics/open-metrics.ts';
import { Notifications } from './control/notify/notifications.ts';
import { announce, recorded } from './control/pbx-news.ts';
import { clusterEvent, fault } from './control/recorded-news.ts';
import { type Accepted, type ReloadAsked, ReloadCounts, Reloads } from './control/reloads.ts';
import { readOrMakePinKey, readOrMakeTokenKey, tokenKeyOf } from './control/secret-keys.ts';
import { ServiceManager, serviceManagerPlace } from './control/service-manager.ts';
import { openSharedState, type SharedState } from './control/shared/shared-state.ts';
import { onSignals } from './control/signals.ts';
import { openControlSocket } from './control/socket.ts';
import { startedWith } from './control/started-with.ts';
import { openStore } from './control/store/store.ts';
import { watchDataDirectory } from './control/watch-data-directory.ts';
import { ExceptionWatch } from './control/watch-exceptions.ts';
import { watchFiles } from './control/watch-files.ts';
import { watchLiveness } from './control/watch-liveness.ts';
import { type DataPlane, startDataPlane } from './data/data-plane.ts';
import type { GateEvent } from './data/event.ts';
import { readLag } from './data/event-loop-lag.ts';
import type { InheritedSocket, LogLine } from './data/messages.ts';
import { version } from './version.ts';

export interface GateProcess extends Accepted {
  /** Those it was started with. */
  readonly flags: SettingsFlags;
  /** Reads the settings anew, for a reload. */
  load(asked: ReloadAsked, running: Settings): Loaded;
}

/**
 * Builds both planes, serves until told to end, and says with which code to exit. Throws `CannotStart` or
 * `CannotServe`, with a message for the operator, when it cannot begin.
 */
export async function runGate({
  settings,
  tree,
  notices,
  directories,
  flags,
  load,
}: GateProcess): Promise<number> {
  const startedAt = Date.now();
  const { log, follow } = openLog(settings.log);
  const life = new Life(log);
  onSignals(life, log);
  process.on('uncaughtException', (error) => life.fault(error));
  const directory = dataDirectoryAt(settings.dataDirectory);
  await using undo = new AsyncDisposableStack();
  const manager = new ServiceManager(serviceManagerPlace(), log);
  undo.defer(() => manager.close());

  const inheritance = await awaitInheritance(settings, life.ended);
  const predecessor = process.ppid;
  // What must be one process's alone: released before the end where another takes our place.
  const held = undo.use(new AsyncDisposableStack());
  held.defer(() => manager.close());

  // What is made from here on holds registrations and keys: for its owner only.
  process.umask(0o077);
  makeDataDirectory(directory);
  const lock = lockDataDirectory(directory);
  held.defer(() => lock.release());
  if (lock.warning) log.error(lock.warning);
  const { secret } = settings.cluster;
  const tokenKey = secret === '' ? readOrMakeTokenKey(directory) : tokenKeyOf(secret);
  const pinKey = readOrMakePinKey(directory);

  let plane: DataPlane | undefined;
  let kernel: Kernel | undefined;
  let heartbeat: Heartbeat | undefined;
  let shared: SharedState | undefined;
  let lostLogLines = 0;
  const reloadCounts = new ReloadCounts();
  let current = settings;

  const store = openStore(directory.database, log, (kept, batch) => plane?.stored(kept, batch));
  held.defer(() => store.close());
  const watch = watchDataDirectory(directory, {
    gone: () =>
      log.error(
        `${directory.database} was removed or replaced: registrations since then are lost at the next ` +
          'start, and status finds no socket; put the data directory back, or restart the gate',
      ),
    back: () => log.info(`${directory.database} is there again`),
  });
  held.defer(() => watch.close());

  const events = new EventLog(
    { database: directory.events, file: directory.eventsFile },
    settings,
    log,
  );
  undo.defer(() => events.close());
  const notifications = new Notifications({
    settings,
    file: directory.notifications,
    gate: settings.cluster.node.name || hostname(),
    record: (event) => record([event]),
    log,
  });
  held.defer(() => notifications.close());
  function record(batch: readonly GateEvent[], lostBefore = 0): void {
    events.add(batch, lostBefore);
    notifications.take(batch);
  }
  const exceptions = new ExceptionWatch(settings.policy, (event) => record([event]));
  held.defer(() => exceptions.close());

  const databaseErrors = () => store.errors() + watch.losses + notifications.errors;
  const lag = monitorEventLoopDelay({ resolution: LAG_EVERY_MS });
  lag.enable();
  const metrics = openMetrics({
    stats: () => heartbeat?.stats,
    controlLag: () => readLag(lag, LAG_EVERY_MS),
    databaseErrors,
    lostLogLines: () => lostLogLines,
    lostEvents: () => events.lost,
    cluster: () => shared && { ...shared.status, errors: shared.errors, asked: shared.asked },
    lists: () => lists.status,
    contacts: () => notifications.status,
    settings: () => current,
    exceptions: () => exceptions.inForce.length,
    reloads: reloadCounts,
    faults: () => life.faults,
    kernel: () => kernel?.status,
    build: { version, node: process.version },
    startedAt,
  });
  const condition = new Condition({
    heartbeat: () => heartbeat,
    life,
    cluster: () => shared?.status,
    settings: () => current,
  });
  const http = await serveHttp({
    ...settings.http,
    metrics,
    liveness: () => condition.liveness,
    readiness: () => condition.readiness,
  });
  held.defer(() => http.close());
  const metricsAt = `http://${showHostPort(http.address, http.port)}/metrics`;

  const lists = new Lists({
    settings,
    folder: directory.lists,
    send(sliced) {
      kernel?.takeLists(sliced); // they leave for the other thread with the next line
      return serving.takeLists(sliced);
    },
    counts: () => heartbeat?.stats.lists ?? [],
    record: (event) => record([event]),
    log,
  });
  held.defer(() => lists.close());
  const listed = lists.slices();
  const serving = await startDataPlane(
    {
      ...{ settings, tokenKey, pinKey },
      registrations: store.takeRegistrations(),
      blocks: store.takeBlocks(),
      guards: store.guards,
      lists: listed,
      inheritance,
    },
    {
      log(lines, lost) {
        for (const line of lines) writeLine(log, line);
        lostLogLines += lost;
        if (lost > 0) log.warn({ lost }, 'log lines were too many and are lost');
      },
      stats(stats) {
        heartbeat = { stats, at: performance.now() };
      },
      bindings: (batch) => store.write(batch),
      blocks: (batch) => store.writeBlocks(batch),
      guards: (batch) => store.writeGuards(batch),
      share: (batch) => shared?.share(batch),
      live: (counts) => shared?.live(counts),
      notes: (notes) => shared?.notes(notes),
      ask: (ask, places) => shared?.ask(ask, places),
      enforcement: (batch) => kernel?.take(batch),
      event(event) {
        announce(log, event);
        record([recorded(event)]);
      },
      events: record,
      crashed(error) {
        const { stack } = error;
        log.error({ stack }, 'the data plane crashed; the process ends so that it is restarted');
        record([fault(`the data plane crashed: ${error.message}`)]);
        life.end('crashed');
      },
    },
  );
  plane = serving;
  shared = openSharedState({
    cluster: settings.cluster,
    identity: `${hostname()}:${directory.path}`.replace(/\s/g, '_'),
    log,
    told: (told) => serving.told(told),
    tellAll: () => serving.tellAll(),
    taken: (kind, batch) => serving.taken(kind, batch),
    others: (alone, nodes) => serving.others(alone, nodes),
    answered: (ask, held) => serving.answered(ask, held),
    changed: (status, text) => record([clusterEvent(status, text)]),
  });
  held.defer(() => shared?.close());
  lists.start();
  const shield = new Kernel({
    settings,
    listeners: serving.listeners,
    lists: listed,
    owner: directory.path,
    want: (wanted) => serving.enforce(wanted),
    done: (batch) => serving.enforced(batch),
    refused: (refused) => serving.refused(refused),
    log,
  });
  kernel = shield;
  held.defer(() => shield.close());
  shield.start();
  const alive = watchLiveness(() => condition.liveness, {
    ill: (reasons) => log.error({ why: reasons.join(', ') }, 'the gate does not do its work'),
    well: () => log.info('the gate does its work again'),
    hopeless() {
      log.error('the data plane hangs; the process ends so that it is restarted');
      record([fault('the data plane hangs')]);
      life.end('hangs');
    },
  });
  undo.defer(() => alive.close());

  const socket = await openControlSocket(directory.socket, (request) =>
    answers.answer(request),
  ).catch((error: unknown) => {
    log.error(
      { path: directory.socket, why: reasonOf(error) },
      'no control socket: status and hangup will not work',
    );
    return undefined;
  });
  held.defer(() => socket?.close());

  const files = watchFiles(Object.values(directories), () => void reloads.reload({ by: 'change' }));
  held.defer(() => files.close());
  const reloads = new Reloads({
    running: { settings, tree },
    load(asked, running) {
      // What is written while they are read is a change of its own.
      files.seen();
      return load(asked, running);
    },
    async apply(fresh) {
      current = fresh;
      follow(fresh.log);
      events.follow(fresh);
      notifications.follow(fresh);
      exceptions.follow(fresh.policy);
      shield.follow(fresh);
      await serving.reload(fresh);
      lists.follow(fresh);
    },
    record: (event) => record([event]),
    counts: reloadCounts,
    log,
  });

  const answers = new ControlAnswers({
    ...{ serving, reloads, lists, notifications, log },
    countInKernel: () => shield.count(),
    handOver: (program) => life.handOver(program),
    startedWith: startedWith(flags, directories, tree),
    status: async (rows): Promise<ProcessStatus> => ({
      ...(await serving.status(rows)),
      version,
      process: process.pid,
      handsOver: HAND_OVER_PROTOCOL,
      startedAt,
      dataDirectory: directory.path,
      metrics: metricsAt,
      kernel: shield.status,
      ready: condition.readiness.reasons,
      cluster: shared?.status,
      lists: lists.status,
      contacts: notifications.status,
      disk: { errors: databaseErrors(), lostEvents: events.lost },
      exceptions: exceptions.inForce,
      shadows: events.shadows,
    }),
  });

  for (const notice of notices) log.warn(notice);
  log.info({ version, node: process.version, process: process.pid }, 'Drawbridge is open');
  for (const { transport, address, port, realm, advertised } of serving.listeners) {
    const own = advertised.host === address && advertised.port === port;
    log.info(
      { realm, ...(own ? {} : { advertised: showHostPort(advertised.host, advertised.port) }) },
      `listening on ${transport}:${showHostPort(address, port)}`,
    );
  }
  for (const { name, uri, drain } of settings.pbx.nodes) {
    log.info(
      { node: name, ...(drain ? { drain } : {}) },
      `PBX at ${uri}, asked every ${settings.pbx.health.everySeconds} s`,
    );
  }
  log.info(`metrics at ${metricsAt}`);
  log.info({ registrations: store.found }, `data in ${directory.path}`);
  log.info(`settings from ${Object.values(directories).join(' and ')}`);
  if (
    settings.tls.certificates.length === 0 &&
    serving.listeners.some(({ transport }) => transport === 'tls' || transport === 'wss')
  ) {
    log.warn('TLS uses a self-signed certificate: name your own in tls.certificates');
  }

  const gate: LivingGate = {
    manager,
    standing: () => condition.standing,
    proveAlive: () => condition.prove(serving),
    underWay: () => condition.underWay,
    deadlineSeconds: () => reloads.settings.drain.deadlineSeconds,
    reload: () => reloads.reload({ by: 'signal' }),
    drain: () => serving.drain(),
    startHeir: async (program, givenUp) =>
      startHeir(
        program,
        { sockets: await socketsOf(serving, predecessor), http: settings.http },
        givenUp,
      ),
    async giveAway() {
      const link = join(directory.path, 'hand-over.sock');
      // what cannot be written now is given up: waiting for the disk here would keep everybody waiting
      store.closing();
      const { boot, done } = await serving.handOver(link);
      await held.disposeAsync();
      kernel = undefined;
      shared = undefined;
      return { link, boot, done };
    },
    record: (event) => record([event]),
  };
  // asked before it served: the gate before us hears that nobody takes over
  const isOver = inheritance !== undefined && life.endAsked;
  if (!isOver) {
    if (inheritance !== undefined) tellThatWeServe();
    life.serve(gate);
  }
  const ending = isOver ? 'faulty' : await life.ended;
  if (ending === 'hangs') await serving.stop(0);
  else if (ending !== 'crashed') {
    store.closing();
    const inTime = await serving.stop(STOP_SECONDS * 1000);
    if (inTime) log.info('stopped');
    else log.error(`the data plane did not end in ${STOP_SECONDS} s and was cut off`);
  }
  return ending === 'asked' ? 0 : 1;
}

/** Those that can be handed over. Throws where there are none, with a message for whoever asked. */
async function socketsOf(
  plane: DataPlane,
  predecessor: number,
): Promise<readonly InheritedSocket[]> {
  const sockets = await plane.sockets();
  if (sockets === 'not ours')
    throw new Error(
      'A gate on a drachtio-server, or with programs, cannot hand over: end it by SIGTERM and start the new one.',
    );
  if (sockets === 'not yet ours')
    throw new Error(
      `Process ${predecessor}, which handed over to this one, still has calls, and connections over them. Hand over when ` +
        `it has ended: with its last call, or by drain.deadlineSeconds; kill -TERM ${predecessor} ends it at once.`,
    );
  return sockets;
}

/** Each look wakes the thread, busy or not; here nobody waits for milliseconds. */
const LAG_EVERY_MS = 50;

function writeLine(log: Logger, { level, message, fields }: LogLine): void {
  log[level](fields, message);
}
