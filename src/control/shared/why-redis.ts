import { reasonOf } from '../../config/reason-of.ts';

const notConnected =
  /isn't writeable|isn't ready|Connection is closed|max retries|slots cache|startup nodes|ECONNREFUSED|ENOENT/i;

/** What went wrong with Redis, in the operator's words; `before` is why there is no connection. */
export function whyRedis(error: unknown, before?: unknown): string {
  const text = reasonOf(error);
  if (text.startsWith('OOM')) return 'it is full (maxmemory)';
  if (text.startsWith('NOAUTH')) return 'it wants a password';
  if (text.startsWith('WRONGPASS')) return 'it does not take the password';
  if (text.startsWith('NOPERM')) return 'its user may not do that';
  if (text.startsWith('MISCONF')) return 'it cannot write to its disk';
  if (text.startsWith('READONLY')) return 'it is a replica';
  if (text.startsWith('LOADING')) return 'it is reading its data';
  if (text.startsWith('NAMETAKEN'))
    return `another node has the name of this one (${text.slice(10)}): set cluster.node.name`;
  if (/timed out|timeout/i.test(text)) return 'it does not answer';
  if (/ECONNRESET|EPIPE/.test(text)) return 'it closed the connection';
  if (!notConnected.test(text)) return text.slice(0, 200);
  return before === undefined || before === error ? 'it cannot be reached' : whyRedis(before);
}
