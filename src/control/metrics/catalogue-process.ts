import { openFiles } from '../open-files.ts';
import { by, byBoth, byName, metricsOf, type Section } from './metric.ts';
import { cpuSeconds, inSeconds, residentBytes } from './of-process.ts';
import { digestOf } from './of-settings.ts';

const gate = metricsOf((from) => from.stats());
const settings = metricsOf((from) => from.stats() && from.settings());
const contacts = metricsOf((from) => from.contacts());
const process = metricsOf((from) => from);

const contact = 'as in policies/notifications.yaml';

/** The part of the catalogue that is not about SIP. */
export const ofTheProcess: readonly Section[] = [
  {
    title: 'Notifications',
    metrics: [
      contacts.counters('notifications_sent_total', 'Messages sent', { contact }, (all) =>
        byName('contact', all, ({ sent }) => sent),
      ),
      contacts.counters(
        'notification_events_lost_total',
        'Events that a contact was to be told of, and never was',
        { contact },
        (all) => byName('contact', all, ({ lost }) => lost),
      ),
      contacts.gauges(
        'notifications_waiting',
        'Messages that wait to be sent',
        { contact },
        (all) => byName('contact', all, ({ waiting }) => waiting),
      ),
      contacts.gauges(
        'notification_failing',
        '1 while the contact cannot be reached; messages are kept, and tried again',
        { contact },
        (all) => byName('contact', all, ({ failing }) => (failing === undefined ? 0 : 1)),
      ),
    ],
  },
  {
    title: 'Settings',
    metrics: [
      process.counters(
        'reloads_total',
        'How often files were read anew, and taken or refused whole',
        { outcome: 'taken or refused' },
        ({ reloads: { taken, refused } }) => by('outcome', { taken, refused }),
      ),
      process.gauges(
        'last_reload_timestamp_seconds',
        'When files were last taken, the start included, or refused, in seconds since 1970',
        { outcome: 'taken or refused' },
        ({ reloads: { takenAt, refusedAt } }) =>
          by('outcome', {
            taken: takenAt / 1000,
            refused: refusedAt === undefined ? undefined : refusedAt / 1000,
          }),
      ),
      settings.gauges(
        'policy_info',
        'Always 1; the label is the same wherever the same rules hold',
        { digest: 'of what policies/ and routes/outbound.yaml say' },
        ({ policy }) => [[1, { digest: digestOf(policy) }]],
      ),
      process.gauges(
        'build_info',
        'Always 1; the labels say what runs',
        { version: 'of Drawbridge', node: 'of Node' },
        ({ build }) => [[1, build]],
      ),
    ],
  },
  {
    title: 'The process',
    metrics: [
      gate.gauge('draining', '1 when no new calls are taken', ({ draining }) => (draining ? 1 : 0)),
      process.gauges(
        'event_loop_lag_seconds',
        'Delay of the event loop over the last second (data) or since the last scrape (control)',
        { plane: 'data or control', of: 'mean, p99 or max' },
        ({ stats, controlLag }) =>
          byBoth('plane', 'of', {
            data: inSeconds(stats()?.eventLoop),
            control: inSeconds(controlLag()),
          }),
      ),
      gate.gauge('data_plane_heap_bytes', 'Heap of the data plane', ({ heapBytes }) => heapBytes),
      gate.counter(
        'clock_steps_total',
        'How often the clock was set',
        ({ clockSteps }) => clockSteps,
      ),
      process.counter('database_errors_total', 'Failed writes to the database', (from) =>
        from.databaseErrors(),
      ),
      process.counter('events_lost_total', 'Events that are on no disk', (from) =>
        from.lostEvents(),
      ),
      process.counter('log_lines_lost_total', 'Log lines that were too many', (from) =>
        from.lostLogLines(),
      ),
      process.counter(
        'control_plane_faults_total',
        'Errors of the control plane that nobody caught: after the first the process ends when no call is left',
        (from) => from.faults(),
      ),
      process.gauges(
        'process_files',
        'Files, sockets and the like that the process has open, and how many it may have',
        { of: 'open or most' },
        () => by('of', { ...openFiles() }),
      ),
      process.gauge('process_resident_bytes', 'Memory of the whole process', residentBytes),
      process.counter('process_cpu_seconds_total', 'CPU time of the whole process', cpuSeconds),
      process.gauge(
        'process_start_time_seconds',
        'When the process started, in seconds since 1970',
        ({ startedAt }) => startedAt / 1000,
      ),
    ],
  },
];
