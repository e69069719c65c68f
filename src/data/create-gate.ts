import type { Settings } from '../config/settings.ts';
import { askLive } from '../edge/ask-live.ts';
import { nameOf } from '../edge/call-name.ts';
import { type CountryOf, openCountryDatabase } from '../edge/country-database.ts';
import { type Edge, openEdge } from '../edge/edge.ts';
import { addressWithoutPin } from '../edge/hidden-pins.ts';
import { inTurns } from '../edge/in-turns.ts';
import type { Binding } from '../edge/registrations.ts';
import type { BindingRow } from '../edge/registrations-store.ts';
import type { Call, Handlers, RingingCall } from '../edge/signaling.ts';
import { ProgramServer } from '../engine/protocol/program-server.ts';
import type { ServedCertificate } from '../engine/transport/certificate/certificates.ts';
import { selfSignedFiles } from '../engine/transport/certificate/self-signed.ts';
import type { TransportLog } from '../engine/transport/transport-context.ts';
import type { FailureKind } from '../policy/failure-kinds.ts';
import { needsCountries } from '../policy/needs-countries.ts';
import { overload } from '../policy/rules/network/overload.ts';
import { settingsOf } from '../policy/settings-of.ts';
import { version } from '../version.ts';
import { rowOf } from './block-changes.ts';
import { BlockCounts } from './block-counts.ts';
import { blockBy, findBlocks } from './blocks.ts';
import { CallCounts } from './call-counts.ts';
import { Counters } from './counters.ts';
import { DecisionCounts } from './decision-counts.ts';
import { EnforcementFeed } from './enforcement-feed.ts';
import { ExtensionCounts } from './extension-counts.ts';
import type { CreateGate, Log } from './gate.ts';
import type { CertificateStatus, PbxNodeStats } from './gate-stats.ts';
import type {
  CallStatus,
  GateStatus,
  GuardedExtensions,
  RegistrationStatus,
} from './gate-status.ts';
import { hearOthers } from './hear-others.ts';
import { observeEdge, where } from './observe-edge.ts';
import { type CarrierServing, openCarrier } from './open-carrier.ts';
import { PER_TURN } from './told-in-parts.ts';
import { PressureWatch } from './watch-pressure.ts';

/** Each is looked for among all that is under way, and told to both sides. */
const HANGS_UP_PER_TURN = 10;
/** How often blocked sources came since is kept too: a row for each that came. */
const SAVE_SEEN_EVERY_MS = 60_000;

/** Puts the engine and the edge together. */
export const createGate: CreateGate = async (options) => {
  const { settings, log, store, registrations } = options;
  let current = settings;
  let countryOf = countriesFor(settings, log);
  const counters = new Counters();
  const decisions = new DecisionCounts();
  const made = new BlockCounts();
  const calls = new CallCounts();
  const extensions = new ExtensionCounts();
  const failures: Partial<Record<FailureKind, number>> = {};
  const feed = new EnforcementFeed(
    {
      blocks: () => running.edge.gatekeeper.blocks.entries(),
      familiar: () => running.edge.registrations.sources.all(),
      trusted: () => running.edge.neighbours.networks,
    },
    { send: options.enforcement },
  );
  const carrier = openCarrier(
    settings,
    Buffer.from(options.tokenKey),
    transportLog(log),
    counters,
    options.inheritance,
  );
  const pressureWatch = new PressureWatch(options);
  let serving: CarrierServing | undefined;
  const running = await openEdge({
    signaling: {
      placesOf: (uri) => carrier.placesOf(uri),
      async serve(handlers: Handlers) {
        serving = await carrier.serve(handlers);
        return serving;
      },
    },
    settings,
    tokenKey: options.tokenKey,
    pinKey: options.pinKey,
    registrations,
    mostRegistrations: settings.limits.registrations,
    store,
    blocks: options.blocks,
    guards: options.guards,
    others: options.sharing,
    countryOf: (address) => countryOf(address),
    pressure: () => pressureWatch.pressure,
    observer: observeEdge(
      options,
      { decisions, made, feed, calls, extensions, failures },
      () => current,
    ),
  });
  if (serving === undefined) throw new Error('Nothing carries SIP.');
  const open = serving;
  extensions.follow(running.edge.gatekeeper.policy.site.extensions);
  let programs = servePrograms(open, settings, log);
  try {
    await programs?.listen();
  } catch (problem) {
    await programs?.close();
    await running.close();
    throw problem;
  }
  const certificates = (): CertificateStatus[] =>
    [...open.certificates(), ...(programs?.certificates() ?? [])]
      .map((served) => certificateStatus(served, settings))
      .filter(({ name }, index, all) => all.findIndex((one) => one.name === name) === index);

  const pbxStats = (): PbxNodeStats[] =>
    running.edge.pbx.nodes.map((node) => ({
      name: node.settings.name,
      uri: node.settings.uri,
      up: node.up === true,
      draining: node.settings.drain,
      latencyMs: node.latencyMs,
    }));

  let seenSavedAt = Date.now();
  const saveBlocksSeen = () => {
    const since = seenSavedAt;
    seenSavedAt = Date.now();
    for (const entry of running.edge.gatekeeper.blocks.entries())
      if (entry.hits > 0 && entry.lastSeen >= since) options.blocksStore.seen(entry);
  };
  const saving = setInterval(saveBlocksSeen, SAVE_SEEN_EVERY_MS);

  pressureWatch.start(
    () => {
      const { sleptMs, datagramsDropped } = open.counts();
      const answered = running.edge.pbx.nodes.flatMap(({ up, latencyMs }) =>
        up === true && latencyMs !== undefined ? [latencyMs] : [],
      );
      return {
        sleptMs,
        dropped: datagramsDropped,
        refused: decisions.packetsRefused,
        requests: counters.requestCount,
        pbxMs: answered.length === 0 ? undefined : Math.min(...answered),
      };
    },
    () => settingsOf(current.policy, overload),
  );

  return {
    listeners: open.listeners,
    reload(fresh: Settings) {
      countryOf = countriesFor(fresh, log, { settings: current, countryOf });
      current = fresh;
      open.reconfigure(fresh);
      running.reload(fresh);
      extensions.follow(running.edge.gatekeeper.policy.site.extensions);
      if (programs === undefined) programs = servePrograms(open, fresh, log);
      else programs.reload(fresh);
    },
    drain() {
      programs?.drain();
      open.abandon?.();
      running.drain();
    },
    liveCalls() {
      const { calls, ringing } = open.counts();
      return calls + ringing + (programs?.callIds().size ?? 0);
    },
    descriptors: () => (programs === undefined ? open.descriptors?.() : undefined),
    async handOver(link, lost) {
      if (open.handOver === undefined) throw new Error('nothing here can be handed over');
      return open.handOver(link, lost);
    },
    registeredLate: (row) => open.registeredLate?.(row),
    async succeed() {
      await open.succeed?.((row) => running.edge.registrations.takeOver(row as BindingRow));
    },
    inherits: () => open.inherits?.() === true,
    letGo() {
      const { calls, ringing } = open.counts();
      return calls + ringing + (open.letGo?.() ?? 0);
    },
    async hangup(call, reason) {
      const calls = [...open.calls(), ...open.ringing()].filter(
        ({ id, callId }) => call === undefined || call === id || call === callId,
      );
      const callIds = new Set(calls.map(({ callId }) => callId));
      let ended = calls.length;
      for (const callId of programs?.callIds() ?? []) {
        if (callIds.has(callId) || (call !== undefined && call !== callId)) continue;
        callIds.add(callId);
        ended++;
      }
      for await (const some of inTurns(callIds, HANGS_UP_PER_TURN))
        for (const callId of some) open.end(callId, reason);
      return ended;
    },
    takeListed: (listed) => running.edge.gatekeeper.takeListed(listed),
    blocks: (search, rows, tell) => findBlocks(running.edge.gatekeeper, search, rows, tell),
    block: (order) => blockBy(running.edge, order),
    unblock(network) {
      const lifted = running.edge.gatekeeper.blocks.lift(network);
      return lifted && rowOf(lifted);
    },
    guards: (rows) => guardedExtensions(running.edge, rows),
    guard: (order) => ({
      mode: running.edge.attacks.mode,
      guard: running.edge.attacks.guards.raise(order, Date.now()),
    }),
    unguard(extension) {
      const { attacks } = running.edge;
      const lifted = attacks.guards.lift(extension);
      attacks.forgive(extension);
      return lifted;
    },
    told: (told) => hearOthers(running.edge, options.sharing?.heard(told) ?? told),
    tellAll() {
      const { gatekeeper, attacks, registrations: held } = running.edge;
      const { guards } = attacks;
      options.sharing?.tellAll(gatekeeper.blocks.entries(), held.all(), guards.all());
    },
    followNodes: (nodes) =>
      running.edge.neighbours.followNodes(nodes.flatMap(({ uri }) => uri ?? [])),
    saveBlocksSeen,
    enforce: (wanted) => feed.want(wanted),
    enforced: (batch) => feed.done(batch),
    refusedElsewhere(refused) {
      const now = Date.now();
      for (const { network, packets } of refused)
        running.edge.gatekeeper.cameElsewhere(network, packets, now);
    },
    explain: (question, at) => askLive(running.edge, question, at),
    status: (rows, ofMany = rows) => ({
      draining: running.edge.draining,
      pressure: pressureWatch.pressure,
      listeners: open.listeners,
      pbx: pbxStats(),
      certificates: certificates(),
      programs: programs && programsStatus(programs, rows),
      drachtio: open.server?.(),
      registrations: {
        count: running.edge.registrations.size,
        elsewhere: running.edge.registrations.elsewhere,
        rows: [...Iterator.from(running.edge.registrations.all()).take(ofMany)].map(
          registrationStatus,
        ),
      },
      blocks: {
        count: running.edge.gatekeeper.blocks.size,
        listed: running.edge.gatekeeper.listed.blocked,
        enforced: [open.server === undefined ? 'socket' : 'request'],
      },
      guards: guardedExtensions(running.edge, rows),
      calls: callsStatus(open, running.edge, ofMany),
      counted: [...Iterator.from(running.edge.leases.ledger.liveByKey()).take(ofMany)],
    }),
    async tellRows(most, tell) {
      const { registrations, leases } = running.edge;
      const someOf = <Row>(all: Iterable<Row>) => inTurns(Iterator.from(all).take(most), PER_TURN);
      for await (const some of someOf(registrations.all()))
        tell({ registrations: some.map(registrationStatus) });
      for await (const calls of someOf(callsOf(open, running.edge))) tell({ calls });
      for await (const counted of someOf(leases.ledger.liveByKey())) tell({ counted });
    },
    stats() {
      const counts = open.counts();
      const { byTransport, handshaking, refused } = counts.connections;
      return {
        ...counters.stats,
        decisions: decisions.rows,
        blocks: {
          byRule: Object.fromEntries(running.edge.gatekeeper.blocks.byRule),
          made: made.byRule,
        },
        failures,
        calling: calls.stats(running.edge.leases.ledger, {
          routes: current.policy.outboundRoutes.map(({ name }) => name),
          trunks: current.trunks.map(({ name }) => name),
        }),
        extensions: extensions.stats(running.edge.leases.ledger, running.edge.registrations),
        guards: running.edge.attacks.guards.size,
        attacks: running.edge.attacks.begun,
        lists: running.edge.gatekeeper.listed.counts,
        registrations: running.edge.registrations.size - running.edge.registrations.elsewhere,
        calls: counts.calls,
        ringing: counts.ringing,
        transactions: counts.transactions,
        timers: counts.timers,
        connections: { open: byTransport, handshaking, refused },
        datagramsDropped: counts.datagramsDropped,
        floodLanes: counts.floodLanes,
        pressure: pressureWatch.pressure,
        clockSteps: running.clockSteps,
        ignored: counters.ignoredMessages,
        pbx: pbxStats(),
        certificates: certificates(),
        ...(programs && { programs: programs.counts() }),
        drachtio: open.server?.(),
      };
    },
    async close() {
      clearInterval(saving);
      pressureWatch.stop();
      feed.close();
      await programs?.close();
      await running.close();
    },
  };
};

/** Serves programs, when there is a place where they connect or one that we connect to. */
function servePrograms(
  open: CarrierServing,
  settings: Settings,
  log: Log,
): ProgramServer | undefined {
  if (settings.programPort.port === null && settings.programs.handlers.length === 0)
    return undefined;
  let made: ProgramServer | undefined;
  open.servePrograms?.((agents) => {
    const { listeners } = open;
    made = new ProgramServer({ settings, listeners, version, log: transportLog(log) }, agents);
    return made;
  });
  return made;
}

const programsStatus = (programs: ProgramServer, rows: number): GateStatus['programs'] => {
  const { connected } = programs.counts();
  return { port: programs.port, count: connected, rows: programs.connected(rows) };
};

const nowhere: CountryOf = () => undefined;

/** They are read when a rule asks for them, and anew when they are to be others. */
function countriesFor(
  { policy }: Settings,
  log: Log,
  before?: { readonly settings: Settings; readonly countryOf: CountryOf },
): CountryOf {
  if (!needsCountries(policy)) return nowhere;
  const { countryDatabase } = policy.network;
  if (before === undefined) return openCountryDatabase(countryDatabase);
  const { network } = before.settings.policy;
  const open = needsCountries(before.settings.policy);
  if (open && network.countryDatabase === countryDatabase) return before.countryOf;
  try {
    return openCountryDatabase(countryDatabase);
  } catch (error) {
    // it was there when the settings were checked; without it strangers are in no country
    log('error', 'the country database cannot be read', { error });
    return before.countryOf;
  }
}

function guardedExtensions({ attacks: { mode, guards } }: Edge, rows: number): GuardedExtensions {
  const latest = [...guards.all()].toSorted((one, other) => other.since - one.since);
  return { mode, count: guards.size, rows: latest.slice(0, rows) };
}

const certificateStatus = (
  { file, names, endsAt }: ServedCertificate,
  { dataDirectory }: Settings,
): CertificateStatus => ({
  name: names[0] ?? file,
  selfSigned: file === selfSignedFiles(dataDirectory).certificate,
  expiresAt: endsAt,
});

const registrationStatus = (binding: Binding): RegistrationStatus => ({
  aor: binding.aor,
  contact: binding.contact,
  transport: binding.transport,
  address: binding.address,
  port: binding.port,
  expiresAt: binding.expiresAt,
  userAgent: binding.userAgent,
  node: binding.node,
  gate: binding.gate,
});

function callsStatus(open: CarrierServing, edge: Edge, most: number): GateStatus['calls'] {
  return {
    count: open.counts().calls,
    ringing: Iterator.from(open.ringing()).reduce((count) => count + 1, 0),
    rows: [...Iterator.from(callsOf(open, edge)).take(most)],
  };
}

/** The answered first. */
function* callsOf(open: CarrierServing, edge: Edge): IterableIterator<CallStatus> {
  const status = (call: Call | RingingCall, state: CallStatus['state']): CallStatus => {
    const { route, trunk } = edge.outside.of(nameOf(call)) ?? {};
    return {
      ...{ id: call.id, callId: call.callId, state, from: call.from, startedAt: call.startedAt },
      to: addressWithoutPin(call.to, edge.gatekeeper.policy.site),
      caller: where(call.caller),
      callee: 'callee' in call ? where(call.callee) : undefined,
      ...(route !== undefined && { route }),
      ...(trunk !== undefined && { trunk }),
    };
  };
  for (const call of open.calls()) yield status(call, 'answered');
  for (const call of open.ringing()) yield status(call, 'ringing');
}

const transportLog = (log: Log): TransportLog => ({
  info: (fields, text) => log('info', text, { ...fields }),
  warn: (fields, text) => log('warn', text, { ...fields }),
  error: (fields, text) => log('error', text, { ...fields }),
});
