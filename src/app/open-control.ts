import type { Loaded } from '../config/load.ts';
import type { SettingsFlags } from '../config/overrides.ts';
import { reasonOf } from '../config/reason-of.ts';
import type { Settings } from '../config/settings.ts';
import { ControlAnswers } from '../control/control-answers.ts';
import type { ProcessStatus } from '../control/control-messages.ts';
import { HAND_OVER_PROTOCOL } from '../control/hand-over.ts';
import type { OpenLog } from '../control/log.ts';
import { type Accepted, type ReloadAsked, Reloads } from '../control/reloads.ts';
import { openControlSocket } from '../control/socket.ts';
import { startedWith } from '../control/started-with.ts';
import { watchFiles } from '../control/watch-files.ts';
import { version } from '../version.ts';
import type { Parts, Planes } from './parts.ts';

export interface GateProcess extends Accepted {
  /** Those it was started with. */
  readonly flags: SettingsFlags;
  /** Reads the settings anew, for a reload. */
  load(asked: ReloadAsked, running: Settings): Loaded;
}

export interface ControlOptions extends GateProcess {
  /** The log takes up other settings. */
  readonly follow: OpenLog['follow'];
  /** A URL. */
  readonly metricsAt: string;
}

/** What people ask of the gate while it runs: by the command line, and by changing its files. */
export async function openControl(
  { startedAt, directory, life, present, records, condition, reloadCounts, held, log }: Parts,
  { plane, lists, kernel }: Planes,
  { settings, tree, directories, flags, load, follow, metricsAt }: ControlOptions,
): Promise<Reloads> {
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
      present.settings = fresh;
      follow(fresh.log);
      records.follow(fresh);
      kernel.follow(fresh);
      await plane.reload(fresh);
      lists.follow(fresh);
    },
    record: records.record,
    counts: reloadCounts,
    log,
  });

  const { notifications, events, exceptions } = records;
  const answers = new ControlAnswers({
    ...{ serving: plane, reloads, lists, notifications, log },
    countInKernel: () => kernel.count(),
    handOver: (program) => life.handOver(program),
    startedWith: startedWith(flags, directories, tree),
    status: async (rows): Promise<ProcessStatus> => ({
      ...(await plane.status(rows)),
      version,
      process: process.pid,
      handsOver: HAND_OVER_PROTOCOL,
      startedAt,
      dataDirectory: directory.path,
      metrics: metricsAt,
      kernel: kernel.status,
      ready: condition.readiness.reasons,
      cluster: present.shared?.status,
      lists: lists.status,
      contacts: notifications.status,
      disk: { errors: records.errors, lostEvents: events.lost },
      exceptions: exceptions.inForce,
      shadows: events.shadows,
    }),
  });
  return reloads;
}
