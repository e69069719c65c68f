import type { DataPlane } from '../data/data-plane.ts';
import type { BlockOrder } from '../limits/block-entry.ts';
import { momentOf, type Question } from '../policy/asking/question.ts';
import type { ControlRequest, ProcessStatus, StartedWith } from './control-messages.ts';
import type { Lists } from './lists/lists.ts';
import type { Logger } from './log.ts';
import type { Notifications } from './notify/notifications.ts';
import type { Reloads } from './reloads.ts';

export interface ControlAnswersOptions {
  readonly serving: DataPlane;
  readonly reloads: Reloads;
  readonly lists: Pick<Lists, 'status' | 'refresh'>;
  readonly notifications: Pick<Notifications, 'status' | 'test'>;
  readonly log: Logger;
  /** What the kernel refused up to now is known when this resolves. */
  readonly countInKernel: () => Promise<unknown>;
  readonly handOver: (program: readonly string[]) => Promise<unknown>;
  readonly startedWith: StartedWith;
  readonly status: (rows: number) => Promise<ProcessStatus>;
}

/** Does what the command line asks of the gate that runs. */
export class ControlAnswers {
  readonly #options: ControlAnswersOptions;

  constructor(options: ControlAnswersOptions) {
    this.#options = options;
  }

  async answer(request: ControlRequest): Promise<unknown> {
    const { serving, reloads, lists, notifications, log } = this.#options;
    const { countInKernel, handOver, startedWith, status } = this.#options;
    switch (request.command) {
      case 'status':
        return status(request.rows);
      case 'started-with':
        return startedWith;
      case 'reload':
        return reloads.reload({ ...request, by: 'command' });
      case 'explain':
        return this.#explain(request.question);
      case 'hand-over':
        return handOver(request.program);
      case 'hangup': {
        const count = await serving.hangup(request.call, { text: 'ended by the operator' });
        log.info({ call: request.call ?? 'all', count }, 'calls ended by the operator');
        return { ended: count };
      }
      case 'blocks':
        await countInKernel();
        return serving.blocks(request.search, request.rows);
      case 'lists':
        return lists.status;
      case 'refresh-lists':
        return (await lists.refresh(request.name)) ?? null;
      case 'contacts':
        return notifications.status;
      case 'test-contact':
        return notifications.test(request.name);
      case 'block': {
        const { network, seconds, why } = request;
        const outcome = await serving.block(orderOf(network, seconds, why));
        if (outcome.kind === 'blocked')
          log.info({ network, seconds, why }, 'blocked by the operator');
        return outcome;
      }
      case 'unblock': {
        const lifted = await serving.unblock(request.network);
        if (lifted) log.info({ network: lifted.network }, 'unblocked by the operator');
        return { lifted: lifted ?? null };
      }
      case 'guards':
        return serving.guards(request.rows);
      case 'guard': {
        const { extension, seconds, why } = request;
        const forMs = seconds === null ? undefined : seconds * 1000;
        return serving.guard({ extension, by: 'operator', evidence: why, forMs });
      }
      case 'unguard':
        return { lifted: (await serving.unguard(request.extension)) ?? null };
    }
  }

  #explain(question: Question): Promise<unknown> {
    const { serving, reloads } = this.#options;
    const at = momentOf(question, reloads.settings.policy.site.timeZone, Date.now());
    if (at === undefined) throw new Error(`at: found "${question.at}", expected a moment`);
    return serving.explain(question, at);
  }
}

/** A block by the word of a person. */
const orderOf = (network: string, seconds: number | null, why: string): BlockOrder => ({
  network,
  by: 'operator',
  rule: 'operator',
  evidence: why,
  forMs: seconds === null ? undefined : seconds * 1000,
});
