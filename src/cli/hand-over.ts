import { setTimeout as sleep } from 'node:timers/promises';
import { askGate, CannotAsk } from '../control/ask.ts';
import type { ProcessStatus } from '../control/control-messages.ts';
import { HAND_OVER_PROTOCOL, HANDS_OVER_IN_ANOTHER_WAY } from '../control/hand-over.ts';
import type { Command } from './command.ts';
import { complain, print } from './output.ts';
import { dataDirectoryFrom, placeFlags } from './settings-flags.ts';

const READY_WITHIN_MS = 70_000;
const SERVING_WITHIN_MS = 30_000;

export const handOver: Command = {
  name: 'hand-over',
  summary: 'have this version take the place of the gate that runs, without ending a call',
  mostOperands: 0,
  flags: placeFlags,
  details:
    'The gate that runs starts this program with its own flags, hands its sockets over and stays until its calls have\n' +
    'ended, or drain.deadlineSeconds have passed. If the new one finds a setting wrong, all stays as it was.',
  async run(given) {
    const { socket } = dataDirectoryFrom(given);
    const [, main = ''] = process.argv;
    const { handsOver } = await askGate<ProcessStatus>(socket, { command: 'status', rows: 0 });
    if (handsOver !== HAND_OVER_PROTOCOL) {
      complain(
        `This version cannot take the place of the gate that runs: ${HANDS_OVER_IN_ANOTHER_WAY}`,
      );
      return 1;
    }
    const { process: heir } = await askGate<{ process: number }>(
      socket,
      { command: 'hand-over', program: [process.execPath, main] },
      READY_WITHIN_MS,
    );
    const status = await servedBy(heir, socket);
    if (status === undefined) {
      const how = runs(heir) ? 'does not serve yet' : 'ended instead';
      complain(`Process ${heir} was to take over, and ${how}: see its log.`);
      return 1;
    }
    print(
      `Process ${heir} serves, version ${status.version}. The one before ends with its last call.`,
    );
    return 0;
  },
};

async function servedBy(pid: number, socket: string): Promise<ProcessStatus | undefined> {
  const giveUpAt = performance.now() + SERVING_WITHIN_MS;
  // where processes have other numbers than here it is never seen
  const seen = runs(pid);
  while (performance.now() < giveUpAt && (!seen || runs(pid))) {
    await sleep(100);
    try {
      const status = await askGate<ProcessStatus>(socket, { command: 'status', rows: 0 }, 2000);
      if (status.process === pid) return status;
    } catch (error) {
      if (!(error instanceof CannotAsk)) throw error; // nobody answers while it changes hands
    }
  }
  return undefined;
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
