import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buildLoadGenerator,
  readClientLine,
  startClient,
  startUas,
  type Uas,
} from './load-generator.ts';

let program: string;
let uas: Uas;
let to: readonly string[];

beforeAll(async () => {
  program = buildLoadGenerator(['-Werror']);
  uas = await startUas(program);
  to = ['--to', `127.0.0.1:${uas.port}`];
}, 60_000);
afterAll(async () => uas.stop());

const run = (...args: readonly string[]) => startClient(program, [...args, ...to]).result;

describe('the load generator against its own PBX', () => {
  test('registers, each user once', async () => {
    const result = await run('reg', '--window', '16', '--count', '500', '--sockets', '4');
    expect(result).toMatchObject({ started: 500, done: 500, failed: 0, timedOut: 0, altered: 0 });
    expect(result.latency.answer).toMatchObject({ count: 500 });
  });

  test('unregisters', async () => {
    const result = await run('reg', '--window', '16', '--count', '50', '--expires', '0');
    expect(result).toMatchObject({ done: 50, failed: 0 });
  });

  test('calls: rings, is answered, hangs up', async () => {
    const result = await run('call', '--window', '20', '--count', '100', '--hold', '10');
    expect(result).toMatchObject({ done: 100, failed: 0, timedOut: 0, retransmissions: 0 });
    expect(result.latency.ringing?.count).toBe(100);
    expect(result.latency.answer?.count).toBe(100);
    expect(result.latency.bye?.count).toBe(100);
    expect(result.statuses).toEqual({ 180: 100, 200: 200 });
  });

  test('keeps to a rate', async () => {
    const result = await run('opt', '--rate', '200', '--seconds', '1');
    expect(result.started).toBeGreaterThan(180);
    expect(result.started).toBeLessThanOrEqual(201);
  });

  test('holds calls open with requests in them, and says when', async () => {
    const events: string[] = [];
    const args = ['dialog', '--calls', '30', '--window', '5', '--seconds', '0.3', ...to];
    const client = startClient(program, args, ({ event, calls }) =>
      events.push(`${event} ${calls}`),
    );
    const result = await client.result;
    expect(events).toEqual(['held 30', 'closing 30']);
    expect(result.success).toBe(1);
    expect(result.done).toBeGreaterThan(100);
    expect(result.latency.bye?.count).toBe(30);
  });

  test('repeats what is not answered, and counts it as timed out', async () => {
    const silent = startClient(program, [
      ...['reg', '--rate', '10', '--seconds', '0.6', '--drain', '0.6'],
      ...['--to', '127.0.0.1:9'],
    ]);
    const result = await silent.result;
    expect(result.done).toBe(0);
    expect(result.timedOut).toBe(result.started);
    expect(result.retransmissions).toBeGreaterThan(0);
  });

  test.each([
    [['reg', '--window', 'many'], '--window: not a number'],
    [['reg', '--window', '1'], '--to: is required'],
    [['reg', '--to', 'localhost:5060'], '--to: not an IPv4 address'],
    [['reg', '--nonsense', '1'], '--nonsense: no such option'],
    [['rge', '--to', '127.0.0.1:5060'], 'rge: no such mode'],
  ])('refuses %j', (args, why) => {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain(why);
  });
});

test.each(['', 'not json', '{"event":"other","calls":1}', '{"mode":"reg"}'])(
  'a line that is none of ours says nothing: %j',
  (line) => expect(readClientLine(line)).toBeUndefined(),
);
