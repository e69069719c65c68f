import type { Settings } from '../config/settings.ts';
import { askLive } from '../edge/ask-live.ts';
import { type CountryOf, openCountryDatabase } from '../edge/country-database.ts';
import { type Edge, type EdgeObserver, openEdge } from '../edge/edge.ts';
import { addressWithoutPin } from '../edge/hidden-pins.ts';
import type { OutsideCall } from '../edge/outside-calls.ts';
import type { Binding } from '../edge/registrations.ts';
import type { Call, Flow, Handlers, RingingCall } from '../edge/signaling.ts';
import { ProgramServer } from '../engine/protocol/program-server.ts';
import type { ServedCertificate } from '../engine/transport/certificate/certificates.ts';
import { selfSignedFiles } from '../engine/transport/certificate/self-signed.ts';
import type { TransportLog } from '../engine/transport/transport-context.ts';
import type { Question } from '../policy/asking/question.ts';
import type { CallFacts } from '../policy/facts.ts';
import { needsCountries } from '../policy/policy-settings.ts';
import { overload } from '../policy/rules/network/overload.ts';
import { version } from '../version.ts';
import { rowOf } from './block-changes.ts';
import { BlockCounts } from './block-counts.ts';
import { blockBy, findBlocks } from './blocks.ts';
import { Counters } from './counters.ts';
import { DecisionCounts } from './decision-counts.ts';
import { EnforcementFeed } from './enforcement-feed.ts';
import type { GateEvent } from './event.ts';
import type { CreateGate, GateOptions, Log } from './gate.ts';
import { describedQuestion, describedRequest } from './gate-events.ts';
import { hearOthers } from './hear-others.ts';
import type {
  CallStatus,
  CertificateStatus,
  GateStatus,
  PbxNodeStats,
  RegistrationStatus,
} from './messages.ts';
import { type CarrierServing, openCarrier } from './open-carrier.ts';
import type { Bounds } from './pressure-gauge.ts';
import { PressureWatch } from './watch-pressure.ts';

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
  const feed = new EnforcementFeed(
    {
      blocks: () => running.edge.gatekeeper.blocks.entries(),
      familiar: () => running.edge.registrations.sources.all(),
      trusted: () => running.edge.neighbours.networks,
    },
    { send: options.enforcement },
  );
  const carrier = openCarrier(settings, Buffer.from(options.tokenKey), transportLog(log), counters);
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
    others: options.sharing,
    countryOf: (address) => countryOf(address),
    pressure: () => pressureWatch.pressure,
    observer: observer(options, { decisions, made, feed }, () => current),
  });
  if (serving === undefined) throw new Error('Nothing carries SIP.');
  const open = serving;
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
    () => boundsOf(current),
  );

  return {
    listeners: open.listeners,
    reload(fresh: Settings) {
      countryOf = countriesFor(fresh, log, { settings: current, countryOf });
      current = fresh;
      open.reconfigure(fresh);
      running.reload(fresh);
      if (programs === undefined) programs = servePrograms(open, fresh, log);
      else programs.reload(fresh);
    },
    drain() {
      programs?.drain();
      running.drain();
    },
    liveCalls() {
      const { calls, ringing } = open.counts();
      return calls + ringing + (programs?.callIds().size ?? 0);
    },
    hangup(call, reason) {
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
      for (const callId of callIds) open.end(callId, reason);
      return ended;
    },
    takeListed: (listed) => running.edge.gatekeeper.takeListed(listed),
    blocks: (search, rows) => findBlocks(running.edge.gatekeeper, search, rows),
    block: (order) => blockBy(running.edge, order),
    unblock(network) {
      const lifted = running.edge.gatekeeper.blocks.lift(network);
      return lifted && rowOf(lifted);
    },
    told: (told) => hearOthers(running.edge, told),
    tellAll() {
      const { gatekeeper, registrations: held } = running.edge;
      options.sharing?.tellAll(gatekeeper.blocks.entries(), held.all());
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
    status: (rows) => ({
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
        rows: [...Iterator.from(running.edge.registrations.all()).take(rows)].map(
          registrationStatus,
        ),
      },
      blocks: {
        count: running.edge.gatekeeper.blocks.size,
        listed: running.edge.gatekeeper.listed.blocked,
        enforced: [open.server === undefined ? 'socket' : 'request'],
      },
      calls: callsStatus(open, running.edge, rows),
      counted: [...Iterator.from(running.edge.leases.ledger.liveByKey()).take(rows)],
    }),
    stats() {
      const counts = open.counts();
      const { byTransport, handshaking, refused } = counts.connections;
      return {
        ...counters.stats,
        decisions: decisions.rows,
        blocks: { count: running.edge.gatekeeper.blocks.size, made: made.byRule },
        lists: running.edge.gatekeeper.listed.counts,
        registrations: running.edge.registrations.size - running.edge.registrations.elsewhere,
        calls: counts.calls,
        ringing: counts.ringing,
        transactions: counts.transactions,
        timers: counts.timers,
        connections: { open: byTransport, handshaking, refused },
        datagramsDropped: counts.datagramsDropped,
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

interface Observing {
  readonly decisions: DecisionCounts;
  readonly made: BlockCounts;
  readonly feed: EnforcementFeed;
}

function observer(
  { log, event, events, blocksStore, sharing }: GateOptions,
  { decisions, made, feed }: Observing,
  settings: () => Pick<Settings, 'events'>,
): EdgeObserver {
  return {
    up: ({ settings: { name, uri }, latencyMs }) =>
      event({ kind: 'pbx-up', node: name, uri, latencyMs: latencyMs ?? 0 }),
    down: ({ settings: { name, uri } }, why) => event({ kind: 'pbx-down', node: name, uri, why }),
    packetDecided: (decision) => decisions.packetDecided(decision),
    blockChanged(change) {
      blocksStore.changed(change);
      sharing?.blockChanged(change);
      made.changed(change);
      events.blockChanged(change);
      feed.blockChanged(change);
    },
    listedCame: (listed) => events.listedCame(listed),
    clockSet(byMs) {
      const seconds = Math.round(Math.abs(byMs) / 1000);
      const text = `the clock was set ${byMs > 0 ? 'forward' : 'back'}`;
      log('warn', text, { seconds });
      feed.tellAll();
      events.add({ at: Date.now(), level: 'warn', kind: 'clock', count: 1, seconds, text });
    },
    familiarChanged: (source) => feed.familiarChanged(source),
    emergencyPassed: (address, port) => feed.emergencyPassed(address, port),
    pathDropped: (node) =>
      log('warn', 'the PBX dropped our Path: from now on it is told by Contact', { node }),
    decided(decided) {
      const { rule, fault } = decided.decision;
      if (fault !== undefined)
        log('error', 'a rule threw: a fault in the gate itself', { rule, fault });
      decisions.decided(decided);
      events.decided(decided);
    },
    admitted(facts) {
      if (settings().events.admitted) events.add(admittedCall(facts));
    },
    emergency(facts) {
      const { source, extension } = facts;
      log('warn', 'an emergency call', {
        extension,
        number: facts.dialled.digits,
        source: source.address,
      });
      events.emergency(facts);
    },
    registered(binding, asked) {
      if (settings().events.admitted) events.add(newRegistration(binding, asked));
    },
    failed({ extension, source }, reason) {
      log('info', 'a registration failed', { extension, source, reason });
      // our own refusals are told of as such
      if (reason === 'password-wrong' || reason === 'extension-unknown')
        events.failed(extension, source, reason);
    },
    callStarted: (call, outside) =>
      log('debug', 'a call was answered', {
        callId: call.callId,
        caller: where(call.caller),
        ...aboutOutside(outside),
      }),
    callOverdue(call, { seconds, setting, mode }) {
      const { callId, extension, number } = call;
      const about = { callId, ...(extension !== undefined && { extension }), number, seconds };
      log('info', mode === 'on' ? 'a call was ended: too long' : 'a call is too long', about);
      events.add({
        at: Date.now(),
        level: 'warn',
        kind: mode === 'on' ? 'call-ended' : 'shadow',
        count: 1,
        reason: 'call-too-long',
        rule: 'call-duration',
        source: call.source,
        ...about,
        ...aboutOutside(call),
        text: `after ${seconds} s, by ${setting.join('.')}`,
      });
    },
    callFailed(callId, status) {
      if (!settings().events.admitted) return;
      const at = Date.now();
      const text = 'not answered';
      events.add({ at, level: 'info', kind: 'call-ended', count: 1, callId, status, text });
    },
    callEnded(call, why, outside) {
      const { callId } = call;
      const at = Date.now();
      const seconds = Math.round((at - call.startedAt) / 1000);
      log('debug', 'a call ended', { callId, why, seconds });
      if (settings().events.admitted)
        events.add({
          ...{ at, level: 'info', kind: 'call-ended', count: 1, callId, seconds, text: why },
          ...(outside?.extension !== undefined && { extension: outside.extension }),
          ...(outside !== undefined && { number: outside.number }),
          ...aboutOutside(outside),
        });
    },
  };
}

function boundsOf({ policy }: Settings): Bounds {
  const rules: Readonly<Record<string, unknown>> = policy.network;
  return rules[overload.name] as Bounds;
}

/** By which way it left, and with whose PIN. */
const aboutOutside = (
  outside: OutsideCall | undefined,
): Pick<GateEvent, 'route' | 'trunk' | 'pin'> => ({
  ...(outside?.route !== undefined && { route: outside.route }),
  ...(outside?.trunk !== undefined && { trunk: outside.trunk }),
  ...(outside?.pin !== undefined && { pin: outside.pin }),
});

const admittedCall = (facts: CallFacts): GateEvent => ({
  at: facts.at,
  level: 'info',
  kind: 'call',
  count: 1,
  ...describedRequest(facts),
});

const newRegistration = (binding: Binding, asked: Question): GateEvent => ({
  at: Date.now(),
  level: 'info',
  kind: 'registered',
  count: 1,
  ...describedQuestion(asked, {
    method: 'REGISTER',
    extension: asked.register ?? '',
    callId: binding.callId,
    seconds: Math.round((binding.expiresAt - Date.now()) / 1000),
  }),
});

const where = ({ transport, address, port }: Flow): string => `${transport} ${address}:${port}`;

const certificateStatus = (
  { file, names, daysToExpiry }: ServedCertificate,
  { dataDirectory }: Settings,
): CertificateStatus => ({
  name: names[0] ?? file,
  selfSigned: file === selfSignedFiles(dataDirectory).certificate,
  expiresAt: Date.now() + daysToExpiry * 86_400_000,
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

/** The answered first. */
function callsStatus(open: CarrierServing, edge: Edge, most: number): GateStatus['calls'] {
  const status = (call: Call | RingingCall, state: CallStatus['state']): CallStatus => {
    const { route, trunk } = edge.outside.of(call) ?? {};
    return {
      ...{ id: call.id, callId: call.callId, state, from: call.from, startedAt: call.startedAt },
      to: addressWithoutPin(call.to, edge.gatekeeper.policy.site),
      caller: where(call.caller),
      callee: 'callee' in call ? where(call.callee) : undefined,
      ...(route !== undefined && { route }),
      ...(trunk !== undefined && { trunk }),
    };
  };
  const rows = [...Iterator.from(open.calls()).take(most)].map((call) => status(call, 'answered'));
  let ringing = 0;
  for (const call of open.ringing()) {
    if (rows.length < most) rows.push(status(call, 'ringing'));
    ringing++;
  }
  return { count: open.counts().calls, ringing, rows };
}

const transportLog = (log: Log): TransportLog => ({
  info: (fields, text) => log('info', text, { ...fields }),
  warn: (fields, text) => log('warn', text, { ...fields }),
  error: (fields, text) => log('error', text, { ...fields }),
});
