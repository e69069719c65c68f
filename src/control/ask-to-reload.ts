import { askGate, NoGate } from './ask.ts';
import type { ProcessStatus } from './control-messages.ts';
import { reasonOf } from './data-directory.ts';

/** Tells the gate that runs on this socket that its files have changed; `none` when none does. */
export async function askToReload(
  socket: string,
): Promise<'told' | 'none' | { readonly problem: string }> {
  try {
    // the gate says its own process id: one that was written down may be another's by now
    const { process: pid } = await askGate<ProcessStatus>(socket, { command: 'status', rows: 0 });
    process.kill(pid, 'SIGHUP');
    return 'told';
  } catch (error) {
    if (error instanceof NoGate) return 'none';
    return { problem: reasonOf(error) };
  }
}
