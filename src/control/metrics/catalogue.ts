import { attackKinds } from '../../edge/attack-watch.ts';
import { pressures } from '../../policy/pressure.ts';
import { ofTheProcess } from './catalogue-process.ts';
import { by, byBoth, byName, metricsOf, type Section } from './metric.ts';
import { callLimitsIn } from './of-settings.ts';

// where metrics are read from; without a report of the data plane nothing is known of the gate, nor of its settings
const gate = metricsOf((from) => from.stats());
const settings = metricsOf((from) => from.stats() && from.settings());
const kernel = metricsOf((from) => from.kernel());
const lists = metricsOf((from) => from.lists());
const cluster = metricsOf((from) => from.cluster());
const process = metricsOf((from) => from);

// what labels may say
const realm = 'access, core or trunk';
const method = 'REGISTER, INVITE, ACK, BYE and the other known ones; other';
const answerClass = '1xx to 6xx';
const rule = 'the rule, as drawbridge rules lists them';
const ruleOrOperator = 'the rule, or operator';
const route = 'as in routes/outbound.yaml';
const trunk = 'as in routes/trunks.yaml';
const node = 'as in routes/pbx.yaml';
const extension = 'as in policies/extensions.yaml, where it has metrics: true';
const list = 'as in policies/lists.yaml';
const mode = 'block, allow or shadow';
const why = 'one of a few words';

/**
 * Every metric there is. No label takes a value from the network: each is of a closed set, or a name that stands in the
 * operator's own files.
 */
export const catalogue: readonly Section[] = [
  {
    title: 'Requests',
    metrics: [
      gate.counters('requests_total', 'Requests received', { realm, method }, ({ requests }) =>
        byBoth('realm', 'method', requests),
      ),
      gate.counters('answers_total', 'Answers sent', { realm, class: answerClass }, ({ answers }) =>
        byBoth('realm', 'class', answers),
      ),
      gate.durations(
        'added_latency_seconds',
        'How long requests were in the gate: from when they were taken off their socket until they went on',
        { method: 'REGISTER, INVITE or other' },
        ({ added }) => by('method', added),
      ),
      gate.counter(
        'messages_ignored_total',
        'Messages that were no SIP, or belonged to nothing',
        ({ ignored }) => ignored,
      ),
      gate.counter(
        'datagrams_dropped_total',
        'Datagrams lost because more came than the gate could do: the system had no room, or they waited for too long',
        ({ datagramsDropped }) => datagramsDropped,
      ),
      gate.gauge(
        'flood_lanes',
        'Blocked sources that flood, and have a short queue of their own where the kernel does not refuse for us',
        ({ floodLanes }) => floodLanes,
      ),
      gate.gauge('transactions', 'Transactions at work', ({ transactions }) => transactions),
      gate.gauge('timers', 'Timers set', ({ timers }) => timers),
    ],
  },
  {
    title: 'Rules, and who is blocked',
    metrics: [
      gate.counters(
        'decisions_total',
        'What rules refused, or would have: in shadow, or but for an exception',
        {
          outcome: 'refused, shadow or excepted',
          rule,
          reason: 'as in events',
          method: `${method}; none where nothing was read`,
          realm,
          tier: 'trusted, known or unknown',
        },
        ({ decisions }) => decisions.map(({ count, ...labels }) => [count, labels]),
      ),
      gate.counters(
        'registration_failures_total',
        'Registrations that failed with credentials, at the PBX or by a rule',
        { kind: 'password-wrong, extension-unknown and the other ways to fail' },
        ({ failures }) => by('kind', failures),
      ),
      gate.gauges('blocks', 'Sources on the block list', { rule: ruleOrOperator }, ({ blocks }) =>
        by('rule', { operator: 0, ...blocks.byRule }),
      ),
      gate.counters(
        'blocks_made_total',
        'Blocks made by this node',
        { rule: ruleOrOperator },
        ({ blocks }) => by('rule', blocks.made),
      ),
      gate.gauge('guards', 'Extensions that are guarded', ({ guards }) => guards),
      gate.counters(
        'attacks_total',
        'Attacks that were seen in what many do one by one',
        { kind: attackKinds.join(', ') },
        ({ attacks }) => attackKinds.map((kind) => [attacks[kind] ?? 0, { kind }]),
      ),
      gate.gauge(
        'pressure',
        'How hard the gate and its PBX are pressed: 0, 1 strangers wait, 2 new calls get shares too',
        ({ pressure }) => pressures.indexOf(pressure),
      ),
      process.gauge('exceptions', 'Exceptions in force', ({ exceptions }) => exceptions()),
    ],
  },
  {
    title: 'The kernel',
    metrics: [
      kernel.gauges(
        'kernel_refuses',
        'Always 1; the label says where the kernel refuses for the gate',
        { hook: 'ingress, prerouting or none' },
        ({ hook }) => [[1, { hook }]],
      ),
      kernel.gauges(
        'kernel_elements',
        'Networks in the sets of the kernel',
        { set: 'blocked, unproven, listed or known' },
        ({ elements }) => by('set', { ...elements }),
      ),
      kernel.counters(
        'kernel_dropped_packets_total',
        'Packets that the kernel dropped',
        { by: 'the rule for which it did' },
        ({ dropped }) => by('by', dropped),
      ),
      kernel.counter(
        'kernel_repairs_total',
        'Times that the table in the kernel was made anew because it was not as the gate left it',
        ({ repairs }) => repairs,
      ),
    ],
  },
  {
    title: 'Lists of others',
    metrics: [
      lists.gauges('list_networks', 'Networks that the list names', { list, mode }, (all) =>
        all.map(({ name, networks, ...of }) => [networks, { list: name, mode: of.mode }]),
      ),
      lists.gauges(
        'list_age_seconds',
        'Since the list was read, or found to be as it was',
        { list },
        (all) => byName('list', all, ({ readAt }) => readAt && (Date.now() - readAt) / 1000),
      ),
      lists.gauges(
        'list_failing',
        '1 while the list cannot be read, by why the last time; the old one stays',
        { list, why },
        (all) =>
          all.flatMap(({ name, failing }) =>
            failing ? [[1, { list: name, why: failing.kind }]] : [],
          ),
      ),
      lists.counters(
        'list_failures_total',
        'Times that the list could not be read',
        { list, why },
        (all) =>
          all.flatMap(({ name, failures }) =>
            failures.map(([kind, times]) => [times, { list: name, why: kind }] as const),
          ),
      ),
      lists.counters(
        'list_packets_total',
        'Packets refused because the list names their source, or that would be',
        { list, mode },
        (all) => all.map(({ name, packets, ...of }) => [packets, { list: name, mode: of.mode }]),
      ),
    ],
  },
  {
    title: 'Registrations and calls',
    metrics: [
      gate.gauge('registrations', 'Bindings held', ({ registrations }) => registrations),
      gate.gauge('calls', 'Live calls, each a dialog', ({ calls }) => calls),
      gate.gauge('calls_ringing', 'INVITEs not answered yet', ({ ringing }) => ringing),
      gate.counter('calls_answered_total', 'Calls answered', ({ calling }) => calling.answered),
      gate.counters(
        'calls_ended_total',
        'Calls that came to an end',
        { why: 'bye; ended, by us; expired; lost, one side knew it no more' },
        ({ calling }) => by('why', calling.ended),
      ),
      gate.counter(
        'emergency_calls_total',
        'Calls to emergency numbers that were let through',
        ({ calling }) => calling.emergencies,
      ),
      settings.gauges(
        'limit',
        'How many there may be; beyond, what is new is refused',
        {
          of: 'registrations, calls, transactions or connections, as under limits in routes/gate.yaml',
        },
        ({ limits: { registrations, calls, transactions, connections } }) =>
          by('of', { registrations, calls, transactions, connections }),
      ),
    ],
  },
  {
    title: 'Routes and trunks',
    metrics: [
      process.gauges(
        'route_calls',
        'Live calls by the route, from the verdict on',
        { route },
        (from) => {
          const routes = from.stats()?.calling.routes;
          const { outboundRoutes } = from.settings().policy;
          return byName('route', outboundRoutes, ({ name }) => routes?.[name]?.live ?? 0);
        },
      ),
      settings.gauges(
        'route_calls_limit',
        'How many there may be, as under concurrent-calls',
        { route },
        ({ policy }) => by('route', callLimitsIn(policy).routes),
      ),
      gate.counters(
        'route_calls_total',
        'Calls let through by the route',
        { route },
        ({ calling }) =>
          Object.entries(calling.routes).map(([name, { made }]) => [made, { route: name }]),
      ),
      process.gauges('trunk_calls', 'Live calls over the trunk, both ways', { trunk }, (from) =>
        from
          .settings()
          .trunks.map(({ name }) => [
            from.stats()?.calling.trunks[name]?.live ?? 0,
            { trunk: name },
          ]),
      ),
      settings.gauges(
        'trunk_calls_limit',
        'How many there may be, as under concurrent-calls',
        { trunk },
        ({ policy }) => by('trunk', callLimitsIn(policy).trunks),
      ),
      gate.counters(
        'trunk_calls_received_total',
        'Calls by the carrier that were let through',
        { trunk },
        ({ calling }) =>
          Object.entries(calling.trunks).map(([name, { received }]) => [received, { trunk: name }]),
      ),
      gate.counters(
        'trunk_answers_total',
        'Calls sent to the trunk, by its final answer',
        { trunk, class: `${answerClass}; none where nothing came` },
        ({ calling }) =>
          Object.entries(calling.trunks).flatMap(([name, { answers }]) =>
            Object.entries(answers).map(
              ([one, count]) => [count, { trunk: name, class: one }] as const,
            ),
          ),
      ),
    ],
  },
  {
    title: 'Single extensions',
    metrics: [
      gate.gauges(
        'extension_registrations',
        'Devices registered',
        { extension },
        ({ extensions }) => byName('extension', extensions, (one) => one.registrations),
      ),
      gate.gauges('extension_calls', 'Live calls by it', { extension }, ({ extensions }) =>
        byName('extension', extensions, (one) => one.live),
      ),
      gate.counters(
        'extension_calls_total',
        'Calls by it that were let through',
        { extension },
        ({ extensions }) => byName('extension', extensions, (one) => one.calls),
      ),
      gate.counters(
        'extension_refused_total',
        'Registrations and calls in its name that rules refused',
        { extension },
        ({ extensions }) => byName('extension', extensions, (one) => one.refused),
      ),
      gate.counters(
        'extension_failures_total',
        'Registrations in its name that failed with credentials',
        { extension },
        ({ extensions }) => byName('extension', extensions, (one) => one.failed),
      ),
    ],
  },
  {
    title: 'The PBX, and what carries SIP',
    metrics: [
      gate.gauges('pbx_node_up', '1 when the PBX node answers', { node }, ({ pbx }) =>
        byName('node', pbx, ({ up }) => (up ? 1 : 0)),
      ),
      gate.gauges(
        'pbx_node_draining',
        '1 when nothing new goes to the PBX node',
        { node },
        ({ pbx }) => byName('node', pbx, ({ draining }) => (draining ? 1 : 0)),
      ),
      gate.gauges(
        'pbx_node_latency_seconds',
        "Time of the PBX node's last answer to OPTIONS",
        { node },
        ({ pbx }) => byName('node', pbx, ({ latencyMs }) => latencyMs && latencyMs / 1000),
      ),
      gate.gauges(
        'drachtio_server_up',
        '1 when this drachtio-server carries SIP, 0 when it was the last that did',
        { server: 'as in routes/drachtio.yaml' },
        ({ drachtio }) =>
          drachtio ? [[drachtio.connected ? 1 : 0, { server: drachtio.address }]] : [],
      ),
    ],
  },
  {
    title: 'Connections and certificates',
    metrics: [
      gate.gauges(
        'connections',
        'Open connections',
        { transport: 'tcp, tls, ws or wss' },
        ({ connections }) => by('transport', connections.open),
      ),
      gate.gauge(
        'connections_handshaking',
        'Connections not yet through their handshake',
        ({ connections }) => connections.handshaking,
      ),
      gate.counters(
        'connections_refused_total',
        'Connections turned away or cut off',
        { limit: 'the limit that they met' },
        ({ connections }) => by('limit', connections.refused),
      ),
      gate.gauges(
        'certificate_expires_timestamp_seconds',
        'When the certificate expires, in seconds since 1970',
        { certificate: 'the first name in it' },
        ({ certificates }) =>
          byName('certificate', certificates, ({ expiresAt }) => expiresAt / 1000),
      ),
    ],
  },
  {
    title: 'Programs',
    metrics: [
      gate.gauges(
        'programs_connected',
        'Programs connected',
        { direction: 'inbound or outbound' },
        ({ programs }) => {
          if (programs === undefined) return [];
          const { connected, outbound } = programs;
          return by('direction', { inbound: connected - outbound, outbound });
        },
      ),
      gate.gauge(
        'program_dialogs',
        'Dialogs that programs are in, of calls and subscriptions',
        ({ programs }) => programs?.dialogs,
      ),
      gate.counters(
        'program_frames_total',
        'Frames exchanged with programs',
        { direction: 'received or sent' },
        ({ programs }) =>
          by('direction', { received: programs?.framesReceived, sent: programs?.framesSent }),
      ),
      gate.counters(
        'programs_refused_total',
        'Connections of programs turned away or cut off',
        { why },
        ({ programs }) => by('why', programs?.refused ?? {}),
      ),
      gate.counters(
        'program_requests_total',
        'Requests that were for programs',
        { outcome: 'what became of them, one of a few words' },
        ({ programs }) => by('outcome', programs?.requests ?? {}),
      ),
    ],
  },
  {
    title: 'Several nodes',
    metrics: [
      cluster.gauge('redis_up', '1 when what nodes share arrives', ({ connected }) =>
        connected ? 1 : 0,
      ),
      cluster.gauge(
        'cluster_nodes',
        'Nodes that give a sign of life, this one included',
        ({ nodes }) => nodes.length + 1,
      ),
      cluster.counter(
        'redis_errors_total',
        'Exchanges with Redis that failed',
        ({ errors }) => errors,
      ),
      cluster.counters(
        'redis_leases_total',
        'New calls that asked Redis for their places',
        { outcome: 'answered or failed' },
        ({ asked }) => by('outcome', asked),
      ),
    ],
  },
  ...ofTheProcess,
];
