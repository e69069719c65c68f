import { closeSync, openSync } from 'node:fs';
import type { TransportLog } from './transport-context.ts';

/**
 * Tells when the process has no file descriptor left, and when it has one again. The system then sheds
 * new connections without telling us, so somebody has to look.
 */
export class DescriptorShortage {
  readonly #log: TransportLog;
  #short = false;

  constructor(log: TransportLog) {
    this.#log = log;
  }

  look(): void {
    const problem = whyNoDescriptor();
    if (problem !== undefined && !this.#short)
      this.#log.error({ problem }, 'no file descriptor is left: new connections are turned away');
    if (problem === undefined && this.#short)
      this.#log.info({}, 'there are file descriptors again: new connections are accepted');
    this.#short = problem !== undefined;
  }
}

function whyNoDescriptor(): string | undefined {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return undefined;
  } catch (problem) {
    const code = problem instanceof Error && 'code' in problem ? problem.code : undefined;
    return code === 'EMFILE' || code === 'ENFILE' ? code : undefined;
  }
}
