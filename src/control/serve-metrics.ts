import { monitorEventLoopDelay } from 'node:perf_hooks';
import { showHostPort } from '../config/forms.ts';
import { readLag } from '../data/event-loop-lag.ts';
import { version } from '../version.ts';
import type { Condition } from './condition.ts';
import type { DataPlaneNews } from './data-plane-news.ts';
import { serveHttp } from './http.ts';
import type { Life } from './life/life.ts';
import { openMetrics } from './metrics/open-metrics.ts';
import type { Present } from './present.ts';
import type { Records } from './records.ts';
import type { ReloadCounts } from './reloads.ts';

/** Each look wakes the thread, busy or not; here nobody waits for milliseconds. */
const LAG_EVERY_MS = 50;

export interface MetricsOf {
  readonly life: Pick<Life, 'faults'>;
  readonly present: Present;
  readonly records: Records;
  readonly news: Pick<DataPlaneNews, 'heartbeat' | 'lostLogLines'>;
  readonly condition: Pick<Condition, 'liveness' | 'readiness'>;
  readonly reloadCounts: ReloadCounts;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Closes it. */
  readonly held: AsyncDisposableStack;
}

/** Serves metrics and probes; resolves with the URL of the metrics. */
export async function serveMetrics(of: MetricsOf): Promise<string> {
  const { life, present, records, news, condition, reloadCounts, startedAt, held } = of;
  const lag = monitorEventLoopDelay({ resolution: LAG_EVERY_MS });
  lag.enable();
  const metrics = openMetrics({
    stats: () => news.heartbeat?.stats,
    controlLag: () => readLag(lag, LAG_EVERY_MS),
    databaseErrors: () => records.errors,
    lostLogLines: () => news.lostLogLines,
    lostEvents: () => records.events.lost,
    cluster() {
      const { shared } = present;
      return shared && { ...shared.status, errors: shared.errors, asked: shared.asked };
    },
    lists: () => present.lists?.status ?? [],
    contacts: () => records.notifications.status,
    settings: () => present.settings,
    exceptions: () => records.exceptions.inForce.length,
    reloads: reloadCounts,
    faults: () => life.faults,
    kernel: () => present.kernel?.status,
    build: { version, node: process.version },
    startedAt,
  });
  const http = await serveHttp({
    ...present.settings.http,
    metrics,
    liveness: () => condition.liveness,
    readiness: () => condition.readiness,
  });
  held.defer(() => http.close());
  return `http://${showHostPort(http.address, http.port)}/metrics`;
}
