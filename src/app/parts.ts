import type { Condition } from '../control/condition.ts';
import type { DataDirectory } from '../control/data-directory.ts';
import type { DataPlaneNews } from '../control/data-plane-news.ts';
import type { Kernel } from '../control/kernel/kernel.ts';
import type { Life } from '../control/life/life.ts';
import type { Lists } from '../control/lists/lists.ts';
import type { Logger } from '../control/log.ts';
import type { Present } from '../control/present.ts';
import type { Records } from '../control/records.ts';
import type { ReloadCounts } from '../control/reloads.ts';
import type { DataPlane } from '../data/data-plane.ts';

/** What is there before the data plane is. */
export interface Parts {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly directory: DataDirectory;
  readonly life: Life;
  readonly present: Present;
  readonly records: Records;
  readonly news: DataPlaneNews;
  readonly condition: Condition;
  readonly reloadCounts: ReloadCounts;
  /** Closes what is one process's alone: before the end where another takes our place. */
  readonly held: AsyncDisposableStack;
  /** Closes the rest. */
  readonly undo: AsyncDisposableStack;
  readonly log: Logger;
}

/** The data plane, and what tells it of lists and has the kernel refuse for it. */
export interface Planes {
  readonly plane: DataPlane;
  readonly lists: Lists;
  readonly kernel: Kernel;
}
