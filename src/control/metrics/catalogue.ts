import { Counter, Gauge, Registry } from 'prom-client';
import type { DataPlaneStats, EventLoopLag } from '../../data/messages.ts';
import { attackKinds } from '../../edge/attack-watch.ts';
import { pressures } from '../../policy/pressure.ts';
import type { KernelStatus } from '../kernel/kernel-status.ts';
import type { ListStatus } from '../lists/lists.ts';
import type { ContactStatus } from '../notify/contact.ts';
import { openFiles } from '../open-files.ts';
import type { ReloadCounts } from '../reloads.ts';
import type { ClusterStatus, SharedState } from '../shared/shared-state.ts';

/** What the metrics are read from. Asked at each scrape, so that a scrape costs the data plane nothing. */
export interface MetricSources {
  /** The data plane's last report; undefined before the first. */
  stats(): DataPlaneStats | undefined;
  controlLag(): EventLoopLag;
  databaseErrors(): number;
  lostLogLines(): number;
  lostEvents(): number;
  /** Undefined when this node is alone. */
  cluster(): (ClusterStatus & Pick<SharedState, 'errors' | 'asked'>) | undefined;
  lists(): readonly ListStatus[];
  contacts(): readonly ContactStatus[];
  readonly reloads: Readonly<ReloadCounts>;
  /** Errors of the control plane that nobody caught. */
  faults(): number;
  /** Undefined before the data plane serves. */
  kernel(): KernelStatus | undefined;
  readonly build: { readonly version: string; readonly node: string };
}

/**
 * Every metric there is, in one place. No label takes a value from the network: realms, methods, classes,
 * transports and limits are closed sets, node and certificate names come from the operator's own files.
 */
export function openMetrics(from: MetricSources): Registry {
  const registry = new Registry();
  const registers = [registry];

  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    fill: (set: (value: number, labels?: Record<L, string>) => void, stats: DataPlaneStats) => void,
  ) =>
    new Gauge<L>({
      name: `drawbridge_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        const stats = from.stats();
        if (!stats) return;
        fill((value, labels) => (labels ? this.set(labels, value) : this.set(value)), stats);
      },
    });

  // The data plane counts since its start; a counter here shows that count as it stands.
  const counter = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    fill: (
      count: (value: number, labels: Record<L, string>) => void,
      stats: DataPlaneStats,
    ) => void,
  ) =>
    new Counter<L>({
      name: `drawbridge_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        const stats = from.stats();
        if (stats) fill((value, labels) => this.inc(labels, value), stats);
      },
    });

  counter('requests_total', 'Requests received', ['realm', 'method'], (count, { requests }) => {
    for (const [realm, methods] of Object.entries(requests)) {
      for (const [method, value] of Object.entries(methods)) count(value, { realm, method });
    }
  });

  counter('answers_total', 'Answers sent, by class', ['realm', 'class'], (count, { answers }) => {
    for (const [realm, classes] of Object.entries(answers)) {
      for (const [name, value] of Object.entries(classes)) count(value, { realm, class: name });
    }
  });

  counter(
    'decisions_total',
    'What rules refused, or would have: in shadow, or but for an exception',
    ['outcome', 'rule', 'reason', 'method', 'realm', 'tier'],
    (count, { decisions }) => {
      for (const { count: value, ...labels } of decisions) count(value, labels);
    },
  );

  gauge('blocks', 'Sources on the block list', [], (set, { blocks }) => set(blocks.count));
  counter(
    'blocks_made_total',
    'Blocks made, by the rule, or operator',
    ['rule'],
    (count, { blocks }) => {
      for (const [rule, value] of Object.entries(blocks.made)) count(value, { rule });
    },
  );
  gauge('guards', 'Extensions that are guarded', [], (set, { guards }) => set(guards));
  counter(
    'attacks_total',
    'Attacks that were seen in what many do one by one',
    ['kind'],
    (count, { attacks }) => {
      for (const kind of attackKinds) count(attacks[kind] ?? 0, { kind });
    },
  );
  gauge(
    'kernel_refuses',
    '1 where the kernel refuses for the gate: ingress, prerouting or none',
    ['hook'],
    (set) => set(1, { hook: from.kernel()?.hook ?? 'none' }),
  );
  gauge('kernel_elements', 'Networks in the sets of the kernel', ['set'], (set) => {
    for (const [name, value] of Object.entries(from.kernel()?.elements ?? {}))
      set(value, { set: name });
  });
  counter(
    'kernel_dropped_packets_total',
    'Packets that the kernel dropped, by the rule',
    ['by'],
    (count) => {
      for (const [by, value] of Object.entries(from.kernel()?.dropped ?? {})) count(value, { by });
    },
  );
  counter(
    'kernel_repairs_total',
    'Times that the table in the kernel was made anew because it was not as the gate left it',
    [],
    (count) => count(from.kernel()?.repairs ?? 0, {}),
  );
  counter(
    'messages_ignored_total',
    'Messages that were no SIP, or belonged to nothing',
    [],
    (count, { ignored }) => count(ignored, {}),
  );
  gauge(
    'datagrams_dropped',
    'Datagrams the system dropped on our UDP ports because they came too fast',
    [],
    (set, { datagramsDropped }) => set(datagramsDropped),
  );

  gauge(
    'pressure',
    'How hard the gate and its PBX are pressed: 0, 1 strangers wait, 2 new calls get shares too',
    [],
    (set, { pressure }) => set(pressures.indexOf(pressure)),
  );

  counter('clock_steps_total', 'How often the clock was set', [], (count, { clockSteps }) =>
    count(clockSteps, {}),
  );

  gauge('registrations', 'Bindings held', [], (set, { registrations }) => set(registrations));
  gauge('calls', 'Live calls', [], (set, { calls }) => set(calls));
  gauge('calls_ringing', 'INVITEs not answered yet', [], (set, { ringing }) => set(ringing));
  gauge('transactions', 'Transactions at work', [], (set, { transactions }) => set(transactions));
  gauge('timers', 'Timers set', [], (set, { timers }) => set(timers));

  gauge('connections', 'Open connections', ['transport'], (set, { connections }) => {
    for (const [transport, value] of Object.entries(connections.open)) set(value, { transport });
  });
  gauge(
    'connections_handshaking',
    'Connections not yet through their handshake',
    [],
    (set, stats) => set(stats.connections.handshaking),
  );
  counter(
    'connections_refused_total',
    'Connections turned away or cut off, by the limit they met',
    ['limit'],
    (count, { connections }) => {
      for (const [limit, value] of Object.entries(connections.refused)) count(value, { limit });
    },
  );

  gauge('programs_connected', 'Programs connected', ['direction'], (set, { programs }) => {
    if (!programs) return;
    set(programs.connected - programs.outbound, { direction: 'inbound' });
    set(programs.outbound, { direction: 'outbound' });
  });
  counter(
    'program_frames_total',
    'Frames received from programs and sent to them',
    ['direction'],
    (count, { programs }) => {
      if (!programs) return;
      count(programs.framesReceived, { direction: 'received' });
      count(programs.framesSent, { direction: 'sent' });
    },
  );
  counter(
    'programs_refused_total',
    'Connections of programs turned away or cut off, by why',
    ['why'],
    (count, { programs }) => {
      for (const [why, value] of Object.entries(programs?.refused ?? {})) count(value, { why });
    },
  );
  counter(
    'program_requests_total',
    'Requests that were for programs, by what became of them',
    ['outcome'],
    (count, { programs }) => {
      for (const [outcome, value] of Object.entries(programs?.requests ?? {}))
        count(value, { outcome });
    },
  );

  gauge(
    'drachtio_server_up',
    '1 when this drachtio-server carries SIP, 0 when it was the last that did',
    ['server'],
    (set, { drachtio }) => {
      if (drachtio) set(drachtio.connected ? 1 : 0, { server: drachtio.address });
    },
  );
  gauge('pbx_node_up', '1 when the PBX node answers', ['node'], (set, { pbx }) => {
    for (const { name, up } of pbx) set(up ? 1 : 0, { node: name });
  });
  gauge(
    'pbx_node_draining',
    '1 when nothing new goes to the PBX node',
    ['node'],
    (set, { pbx }) => {
      for (const { name, draining } of pbx) set(draining ? 1 : 0, { node: name });
    },
  );
  gauge(
    'pbx_node_latency_seconds',
    "Time of the PBX node's last answer to OPTIONS",
    ['node'],
    (set, { pbx }) => {
      for (const { name, latencyMs } of pbx) {
        if (latencyMs !== undefined) set(latencyMs / 1000, { node: name });
      }
    },
  );

  gauge(
    'certificate_days_to_expiry',
    'Days until the certificate expires; below 0 it has',
    ['certificate'],
    (set, { certificates }) => {
      for (const { name, expiresAt } of certificates) {
        set((expiresAt - Date.now()) / 86_400_000, { certificate: name });
      }
    },
  );

  gauge('draining', '1 when no new calls are taken', [], (set, { draining }) =>
    set(draining ? 1 : 0),
  );
  gauge('data_plane_heap_bytes', 'JavaScript heap of the data plane', [], (set, { heapBytes }) =>
    set(heapBytes),
  );
  gauge(
    'event_loop_lag_seconds',
    'Delay of the event loop over the last second (data) or since the last scrape (control)',
    ['plane', 'of'],
    (set, { eventLoop }) => {
      for (const [plane, lag] of [
        ['data', eventLoop],
        ['control', from.controlLag()],
      ] as const) {
        set(lag.mean / 1000, { plane, of: 'mean' });
        set(lag.p99 / 1000, { plane, of: 'p99' });
        set(lag.max / 1000, { plane, of: 'max' });
      }
    },
  );

  counter('database_errors_total', 'Failed writes to the database', [], (count) =>
    count(from.databaseErrors(), {}),
  );
  counter('log_lines_lost_total', 'Log lines of the data plane that were too many', [], (count) =>
    count(from.lostLogLines(), {}),
  );
  counter('events_lost_total', 'Events that are on no disk', [], (count) =>
    count(from.lostEvents(), {}),
  );
  counter(
    'reloads_total',
    'How often files were read anew, by whether they were taken or refused whole',
    ['outcome'],
    (count) => {
      for (const [outcome, value] of Object.entries(from.reloads)) count(value, { outcome });
    },
  );
  counter(
    'control_plane_faults_total',
    'Errors of the control plane that nobody caught: after the first the process ends when no call is left',
    [],
    (count) => count(from.faults(), {}),
  );

  gauge('redis_up', '1 when what nodes share arrives', [], (set) => {
    const cluster = from.cluster();
    if (cluster !== undefined) set(cluster.connected ? 1 : 0);
  });
  gauge('cluster_nodes', 'Nodes that give a sign of life, this one included', [], (set) => {
    const cluster = from.cluster();
    if (cluster !== undefined) set(cluster.nodes.length + 1);
  });
  counter('redis_errors_total', 'Exchanges with Redis that failed', [], (count) => {
    const cluster = from.cluster();
    if (cluster !== undefined) count(cluster.errors, {});
  });

  counter(
    'redis_leases_total',
    'New calls that asked Redis for their places, by whether it answered',
    ['outcome'],
    (count) => {
      for (const [outcome, value] of Object.entries(from.cluster()?.asked ?? {}))
        count(value, { outcome });
    },
  );

  const ofLists = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    fill: (set: (value: number, labels: Record<L, string>) => void, list: ListStatus) => void,
  ) =>
    gauge(name, help, labelNames, (set) => {
      for (const list of from.lists()) fill(set, list);
    });
  ofLists('list_networks', 'Networks that the list names', ['list', 'mode'], (set, list) =>
    set(list.networks, { list: list.name, mode: list.mode }),
  );
  ofLists(
    'list_age_seconds',
    'Since the list was read, or found to be as it was',
    ['list'],
    (set, { name, readAt }) => {
      if (readAt !== undefined) set((Date.now() - readAt) / 1000, { list: name });
    },
  );
  ofLists(
    'list_failing',
    '1 while the list cannot be read, by why the last time; the old one stays',
    ['list', 'why'],
    (set, { name, failing }) => {
      if (failing !== undefined) set(1, { list: name, why: failing.kind });
    },
  );
  counter('list_failures_total', 'Lists that could not be read', ['list', 'why'], (count) => {
    for (const { name, failures } of from.lists())
      for (const [why, times] of failures) count(times, { list: name, why });
  });
  counter(
    'list_packets_total',
    'Packets refused because a list names their source, or that would be',
    ['list', 'mode'],
    (count) => {
      for (const { name, mode, packets } of from.lists()) count(packets, { list: name, mode });
    },
  );

  counter(
    'notifications_sent_total',
    'Messages that contacts were sent, of notifications.yaml',
    ['contact'],
    (count) => {
      for (const { name, sent } of from.contacts()) count(sent, { contact: name });
    },
  );
  counter(
    'notification_events_lost_total',
    'Events that a contact was to be told of, and never was',
    ['contact'],
    (count) => {
      for (const { name, lost } of from.contacts()) count(lost, { contact: name });
    },
  );
  gauge(
    'notifications_waiting',
    'Messages that wait to be sent to the contact',
    ['contact'],
    (set) => {
      for (const { name, waiting } of from.contacts()) set(waiting, { contact: name });
    },
  );
  gauge(
    'notification_failing',
    '1 while the contact cannot be reached; messages are kept, and tried again',
    ['contact'],
    (set) => {
      for (const { name, failing } of from.contacts())
        set(failing === undefined ? 0 : 1, { contact: name });
    },
  );

  new Gauge({
    name: 'drawbridge_process_files',
    help: 'Files, sockets and the like that the process has open, and how many it may have',
    labelNames: ['of'],
    registers,
    collect() {
      this.reset();
      const files = openFiles();
      if (files === undefined) return;
      this.set({ of: 'open' }, files.open);
      this.set({ of: 'most' }, files.most);
    },
  });
  new Gauge({
    name: 'drawbridge_process_resident_bytes',
    help: 'Memory of the whole process',
    registers,
    collect() {
      try {
        this.set(process.memoryUsage.rss());
      } catch {
        // the system says it in a file, which cannot be opened while there are too many; all else is known still
      }
    },
  });
  new Counter({
    name: 'drawbridge_process_cpu_seconds_total',
    help: 'CPU time of the whole process',
    registers,
    collect() {
      this.reset();
      const { user, system } = process.cpuUsage();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: 'drawbridge_build_info',
    help: 'Always 1; the labels say what runs',
    labelNames: ['version', 'node'],
    registers,
  }).set({ ...from.build }, 1);

  return registry;
}
