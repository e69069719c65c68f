import type { Settings } from '../config/settings.ts';
import type { DataPlane } from '../data/data-plane.ts';
import type { Kernel } from './kernel/kernel.ts';
import type { Lists } from './lists/lists.ts';
import type { SharedState } from './shared/shared-state.ts';

/**
 * What changes while the gate lives: the settings that hold, and the parts that are there. Some are built after those that
 * speak to them, and some are closed before them, when the gate has handed over.
 */
export interface Present {
  settings: Settings;
  plane?: DataPlane;
  lists?: Lists;
  kernel?: Kernel | undefined;
  /** Not where the node is alone. */
  shared?: SharedState | undefined;
}
