import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Failure, Order, Report } from './orders.ts';

export interface TlsPhones extends AsyncDisposable {
  readonly pid: number;
  carryOut(order: Order): Promise<Report>;
}

/** A process of TLS phones; ended on disposal, or with this one. */
export function startTlsPhones(): TlsPhones {
  const child = fork(join(import.meta.dirname, 'phones.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'close').then(() => {
    throw new Error('the TLS phones ended early');
  });
  ended.catch(() => {});
  return {
    pid: child.pid ?? 0,
    async carryOut(order) {
      child.send(order);
      const answered = Promise.race([once(child, 'message'), ended]);
      const [report] = (await answered) as [Report | Failure];
      if ('problem' in report) throw new Error(`the TLS phones could not go on: ${report.problem}`);
      return report;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended.catch(() => {});
    },
  };
}
