import type { Settings } from '../config/settings.ts';
import type { DataPlane } from '../data/data-plane.ts';
import { type Health, type Heartbeat, liveness, readiness } from './health.ts';
import type { Life } from './life/life.ts';
import type { UnderWay } from './life/living-gate.ts';
import { clusterNotes } from './recorded-news.ts';
import type { ClusterStatus } from './shared/shared-state.ts';

export interface ConditionSources {
  /** The data plane's last; undefined before the first. */
  heartbeat(): Heartbeat | undefined;
  readonly life: Pick<Life, 'draining' | 'faults'>;
  /** Undefined when this node is alone. */
  cluster(): ClusterStatus | undefined;
  /** Those that hold. */
  settings(): Pick<Settings, 'pbx'>;
}

/** How the gate is, for whoever asks: probes, the service manager, the command line. */
export class Condition {
  readonly #from: ConditionSources;

  constructor(from: ConditionSources) {
    this.#from = from;
  }

  get liveness(): Health {
    return liveness(this.#from.heartbeat(), performance.now());
  }

  get readiness(): Health {
    const { heartbeat, life, cluster } = this.#from;
    const { draining, faults } = life;
    return readiness(
      heartbeat(),
      { draining, faulty: faults > 0, notes: clusterNotes(cluster()) },
      performance.now(),
    );
  }

  get underWay(): UnderWay {
    const { calls = 0, ringing = 0 } = this.#from.heartbeat()?.stats ?? {};
    return { calls, ringing };
  }

  /** In one line. */
  get standing(): string {
    const { heartbeat, life, settings } = this.#from;
    const { calls, ringing } = this.underWay;
    const { registrations = 0, pbx = [] } = heartbeat()?.stats ?? {};
    const up = pbx.filter((node) => node.up).length;
    const doing = life.draining ? 'draining' : 'serving';
    return `${doing}: ${calls + ringing} calls, ${registrations} registrations, ${up} of ${settings().pbx.nodes.length} PBX nodes answer`;
  }

  /**
   * Rejects where it does not do its work. The other thread reports each second by itself; that it also does what it is told
   * takes a question.
   */
  async prove(plane: Pick<DataPlane, 'status'>): Promise<void> {
    await plane.status(0);
    const { good, reasons } = this.liveness;
    if (!good) throw new Error(reasons.join(', '));
  }
}
