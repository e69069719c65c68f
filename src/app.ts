import { hostname } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { showHostPort } from './config/forms.ts';
import type { Loaded } from './config/load.ts';
import type { SettingsFlags } from './config/overrides.ts';
import { reasonOf } from './config/reason-of.ts';
import type { Settings } from './config/settings.ts';
import { ControlAnswers } from './control/control-answers.ts';
import type { ProcessStatus } from './control/control-messages.ts';
import { dataDirectoryAt, lockDataDirectory, makeDataDirectory } from './control/data-directory.ts';
import { EventLog } from './control/events/event-log.ts';
import {
  awaitInheritance,
  HAND_OVER_PROTOCOL,
  type Heir,
  startHeir,
  tellThatWeServe,
} from './control/hand-over.ts';
import { type Heartbeat, liveness, readiness } from './control/health.ts';
import { serveHttp } from './control/http.ts';
import { Kernel } from './control/kernel/kernel.ts';
import { Lists } from './control/lists/lists.ts';
import { type Logger, openLog } from './control/log.ts';
import { openMetrics } from './control/metrics/open-metrics.ts';
import { Notifications } from './control/notify/notifications.ts';
import { announce, recorded } from './control/pbx-news.ts';
import { clusterEvent, clusterNotes, fault } from './control/recorded-news.ts';
import { type Accepted, type ReloadAsked, ReloadCounts, Reloads } from './control/reloads.ts';
import { readOrMakePinKey, readOrMakeTokenKey, tokenKeyOf } from './control/secret-keys.ts';
import { ServiceManager, serviceManagerPlace } from './control/service-manager.ts';
import { openSharedState, type SharedState } from './control/shared/shared-state.ts';
import { type Actions, onSignals } from './control/signals.ts';
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
import type { LogLine } from './data/messages.ts';
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
  const ended = Promise.withResolvers<Ending>();
  // Until the gate serves, a signal to end means at once, and one to reload waits.
  let reloadAsked = false;
  let endAsked = false;
  const endAtOnce = (): void => {
    endAsked = true;
    ended.resolve('asked');
  };
  let actions: Actions = {
    reload() {
      reloadAsked = true;
    },
    drain: endAtOnce,
    stop: endAtOnce,
    // state is on disk
    fault(error) {
      const { stack } = error;
      log.error({ stack }, 'an error nobody caught; the process ends so that it is restarted');
      process.exit(1);
    },
  };
  onSignals(() => actions, log);
  process.on('uncaughtException', (error) => actions.fault(error));
  const directory = dataDirectoryAt(settings.dataDirectory);
  await using undo = new AsyncDisposableStack();
  const manager = new ServiceManager(serviceManagerPlace(), log);
  undo.defer(() => manager.close());

  const inheritance = await awaitInheritance(settings, ended.promise);
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
  let draining = false;
  let faults = 0;
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
    faults: () => faults,
    kernel: () => kernel?.status,
    build: { version, node: process.version },
    startedAt,
  });
  const ready = () =>
    readiness(
      heartbeat,
      { draining, faulty: faults > 0, notes: clusterNotes(shared?.status) },
      performance.now(),
    );
  const http = await serveHttp({
    ...settings.http,
    metrics,
    liveness: () => liveness(heartbeat, performance.now()),
    readiness: ready,
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
        ended.resolve('crashed');
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
  const alive = watchLiveness(() => liveness(heartbeat, performance.now()), {
    ill: (reasons) => log.error({ why: reasons.join(', ') }, 'the gate does not do its work'),
    well: () => log.info('the gate does its work again'),
    hopeless() {
      log.error('the data plane hangs; the process ends so that it is restarted');
      record([fault('the data plane hangs')]);
      ended.resolve('hangs');
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
    handOver,
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
      ready: ready().reasons,
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

  const reload = async (): Promise<void> => {
    if (!draining) manager.reloading();
    await reloads.reload({ by: 'signal' });
    if (!draining) manager.ready(standing());
  };
  // asked before it served: the gate before us hears that nobody takes over
  const isOver = inheritance !== undefined && endAsked;
  if (!isOver) {
    actions = { reload: () => void reload(), drain, stop: endAtOnce, fault: serveToTheLastCall };
    if (inheritance !== undefined) tellThatWeServe();
    manager.ready(standing());
    manager.watch(provenAlive, standing);
    if (reloadAsked) void reload();
  }
  const ending = isOver ? 'faulty' : await ended.promise;
  if (ending === 'hangs') await serving.stop(0);
  else if (ending !== 'crashed') {
    store.closing();
    const inTime = await serving.stop(STOP_SECONDS * 1000);
    if (inTime) log.info('stopped');
    else log.error(`the data plane did not end in ${STOP_SECONDS} s and was cut off`);
  }
  return ending === 'asked' ? 0 : 1;

  /** Another process takes our place: we keep what is under way, and it has all else. */
  async function handOver(program: readonly string[]): Promise<{ readonly process: number }> {
    if (draining) throw new Error('The gate is ending already, or handing over.');
    draining = true;
    const before = actions;
    const givenUp = new AbortController();
    // whoever asks the gate to end wants no other one in its place
    const giveUp = (then: () => void) => () => {
      givenUp.abort();
      actions = before;
      then();
    };
    actions = { ...before, drain: giveUp(drain), stop: giveUp(endAtOnce) };
    const heir = await heirOf(program, givenUp.signal).catch((error: unknown) => {
      draining = givenUp.signal.aborted;
      actions = before;
      throw draining ? new Error('The gate was asked to end: nothing was handed over.') : error;
    });
    log.info({ process: heir.pid, ...underWay() }, 'handing over to another process');
    // the answer goes out first
    setTimeout(() => {
      if (!givenUp.signal.aborted) void giveTo(heir, givenUp);
    }, 50);
    return { process: heir.pid };
  }

  async function heirOf(program: readonly string[], givenUp: AbortSignal): Promise<Heir> {
    const sockets = await serving.sockets();
    if (sockets === 'not ours')
      throw new Error(
        'A gate on a drachtio-server, or with programs, cannot hand over: end it by SIGTERM and start the new one.',
      );
    if (sockets === 'not yet ours')
      throw new Error(
        `Process ${predecessor}, which handed over to this one, still has calls, and connections over them. Hand over when ` +
          `it has ended: with its last call, or by drain.deadlineSeconds; kill -TERM ${predecessor} ends it at once.`,
      );
    return startHeir(program, { sockets, http: settings.http }, givenUp);
  }

  async function giveTo(heir: Heir, givenUp: AbortController): Promise<void> {
    // held by nobody from here on until the other serves: asked to end we drain with what we have
    actions = { ...actions, reload() {}, drain: () => givenUp.abort() };
    let succeeded = false;
    const end = (): void => ended.resolve(succeeded || givenUp.signal.aborted ? 'asked' : 'faulty');
    const { deadlineSeconds } = reloads.settings.drain;
    setTimeout(end, deadlineSeconds * 1000).unref();
    try {
      const link = join(directory.path, 'hand-over.sock');
      // what cannot be written now is given up: waiting for the disk here would keep everybody waiting
      store.closing();
      const { boot, done } = await serving.handOver(link);
      await held.disposeAsync();
      kernel = undefined;
      shared = undefined;
      await heir.succeed(link, boot);
      succeeded = true;
      actions = { ...actions, drain: endAtOnce, stop: endAtOnce };
      log.info({ process: heir.pid, ...underWay(), deadlineSeconds }, 'handed over');
      void heir.ended.then((why) => {
        succeeded = false;
        log.error({ process: heir.pid, why }, 'the new process is gone: no new calls here either');
      });
      await done;
      end();
    } catch (error) {
      heir.kill();
      await drainAlone(givenUp.signal.aborted, reasonOf(error));
      end();
    }
  }

  /** All is given away, and nobody has it. */
  async function drainAlone(asked: boolean, why: string): Promise<void> {
    actions = { ...actions, drain: endAtOnce, stop: endAtOnce };
    const { deadlineSeconds } = reloads.settings.drain;
    if (asked) {
      log.info(underWay(), 'asked to end while handing over: nobody takes over, no new calls');
      manager.stopping(standing(), (deadlineSeconds + STOP_SECONDS) * 1000);
    } else {
      log.error({ why }, 'nobody took over: no new calls, and the process ends');
      manager.watch(provenAlive, standing);
    }
    await serving.drain();
  }

  /** For whoever asks the service manager. */
  function standing(): string {
    const { calls, ringing } = underWay();
    const { registrations = 0, pbx = [] } = heartbeat?.stats ?? {};
    const up = pbx.filter((node) => node.up).length;
    const doing = draining ? 'draining' : 'serving';
    return `${doing}: ${calls + ringing} calls, ${registrations} registrations, ${up} of ${reloads.settings.pbx.nodes.length} PBX nodes answer`;
  }

  /** The other thread reports each second by itself; that it also does what it is told takes a question. */
  async function provenAlive(): Promise<void> {
    await serving.status(0);
    const { good, reasons } = liveness(heartbeat, performance.now());
    if (!good) throw new Error(reasons.join(', '));
  }

  function underWay(): { readonly calls: number; readonly ringing: number } {
    const { calls = 0, ringing = 0 } = heartbeat?.stats ?? {};
    return { calls, ringing };
  }

  /** A bug in this thread: the other one knows nothing of it, so no call has to end for it. */
  function serveToTheLastCall(error: Error): void {
    faults++;
    if (faults > MOST_FAULTS_SAID) return;
    const { deadlineSeconds } = reloads.settings.drain;
    log.error(
      { stack: error.stack, ...underWay(), deadlineSeconds },
      'an error nobody caught in the control plane: calls go on, new ones too; the process ends when there are none, ' +
        'so that it is restarted',
    );
    record([fault(`the control plane failed: ${error.message}`)]);
    if (faults > 1) return;
    setTimeout(() => ended.resolve('faulty'), deadlineSeconds * 1000).unref();
    setInterval(() => {
      const { calls, ringing } = underWay();
      if (calls + ringing === 0) ended.resolve('faulty');
    }, 1000).unref();
  }

  function drain(): void {
    draining = true;
    const { deadlineSeconds } = reloads.settings.drain;
    manager.stopping(standing(), (deadlineSeconds + STOP_SECONDS) * 1000);
    log.info(
      { ...underWay(), deadlineSeconds },
      'draining: no new calls, answered and ringing ones go on; a second signal ends at once',
    );
    const deadline = setTimeout(() => {
      log.warn(underWay(), 'the drain deadline has passed');
      ended.resolve('asked');
    }, deadlineSeconds * 1000).unref();
    void serving.drain().then(() => {
      clearTimeout(deadline);
      ended.resolve('asked');
    });
  }
}

/** By a person or a deadline, by an error in this thread, or because the data plane is no more. */
type Ending = 'asked' | 'faulty' | 'crashed' | 'hangs';

const STOP_SECONDS = 5;

/** The log is not filled by one that comes again and again. */
const MOST_FAULTS_SAID = 10;
/** Each look wakes the thread, busy or not; here nobody waits for milliseconds. */
const LAG_EVERY_MS = 50;

function writeLine(log: Logger, { level, message, fields }: LogLine): void {
  log[level](fields, message);
}
