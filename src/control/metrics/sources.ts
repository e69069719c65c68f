import type { Settings } from '../../config/settings.ts';
import type { DataPlaneStats, EventLoopLag } from '../../data/gate-stats.ts';
import type { KernelStatus } from '../kernel/kernel-status.ts';
import type { ListStatus } from '../lists/lists.ts';
import type { ContactStatus } from '../notify/contact.ts';
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
  /** Those that hold. */
  settings(): Pick<Settings, 'policy' | 'trunks' | 'limits'>;
  /** How many exceptions are in force. */
  exceptions(): number;
  readonly reloads: Readonly<ReloadCounts>;
  /** Errors of the control plane that nobody caught. */
  faults(): number;
  /** Undefined before the data plane serves. */
  kernel(): KernelStatus | undefined;
  readonly build: { readonly version: string; readonly node: string };
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}
