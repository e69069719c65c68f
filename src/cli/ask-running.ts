import { askGate } from '../control/ask.ts';
import type { ControlRequest } from '../control/control-messages.ts';
import type { Given } from './command.ts';
import { dataDirectoryFrom } from './settings-flags.ts';

/** Asks the gate that runs with the data directory given. `CannotAsk` may come through: it ends the command. */
export const askRunning = <T>(
  given: Given,
  request: ControlRequest,
  timeoutMs?: number,
): Promise<T> => askGate<T>(dataDirectoryFrom(given).socket, request, timeoutMs);
