import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import {
  OpenProgramServer,
  type ProgramServerWish,
  secret,
} from '../../../test/support/a-program-server.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { ownAddress } from '../../../test/support/own-address.ts';
import type { WireProgram } from '../../../test/support/wire-program.ts';

const opened: OpenProgramServer[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
});

async function open(wish: ProgramServerWish = {}): Promise<OpenProgramServer> {
  const server = await OpenProgramServer.open(wish);
  opened.push(server);
  return server;
}

const lastOf = (program: WireProgram): readonly string[] =>
  program.frames.at(-1)?.tokens.slice(1) ?? [];
const invite = 'INVITE sip:x SIP/2.0\r\n\r\n';

describe('authentication', () => {
  test('the right secret is answered with where we listen and a version that makes srf ping', async () => {
    const server = await open();
    const program = await server.connect();
    const [ok, hostports, version, local] = await program.authenticate(secret, 'blue,green');
    expect([ok, hostports, local]).toEqual(['OK', '', '']);
    expect(version).toMatch(/^v(\d+)\.(\d+)\.(\d+)/);
    expect(version).toBe('v0.9.10-drawbridge-1.2.3');
    expect(server.server.connected(9)).toMatchObject([{ tags: ['blue', 'green'] }]);
  });

  test('a wrong one is told so, disconnected, counted and never logged', async () => {
    const server = await open();
    const program = await server.connect();
    expect(await program.authenticate('wrong-horse-battery')).toEqual(['NO', 'incorrect secret']);
    await eventually(() => program.closed, 'disconnected');
    expect(server.server.counts()).toMatchObject({ connected: 0, refused: { secret: 1 } });
    expect(server.said(/wrong secret/)).toHaveLength(1);
    expect(JSON.stringify(server.log)).not.toMatch(/horse/);
    expect(server.agents.lostPrograms).toEqual([]);
  });

  test('whoever guesses waits longer each time', async () => {
    const server = await open();
    const times: number[] = [];
    for (let guess = 0; guess < 3; guess++) {
      const program = await server.connect();
      const begun = performance.now();
      await program.authenticate(`guess-${guess}`);
      times.push(performance.now() - begun);
    }
    expect(times[1]).toBeGreaterThan(190);
    expect(times[2]).toBeGreaterThan(390);
    const program = await server.connect();
    const begun = performance.now();
    expect(await program.authenticate(secret)).toContain('OK');
    expect(performance.now() - begun, 'the fourth guess would wait longer').toBeLessThan(700);
  });

  test.each([
    ['ping'],
    ['route|invite'],
    [`sip||\r\n${invite}`],
    [`proxy|t|||||||sip:a\r\n${invite}`],
  ])('nothing is done before it: %j', async (command) => {
    const server = await open();
    const program = await server.connect();
    const [line = '', ...rest] = command.split('\r\n');
    const answer = await program.told(
      line.split('|'),
      rest.length > 0 ? rest.join('\r\n') : undefined,
    );
    expect(answer).toEqual(['NO', 'not authenticated']);
    await eventually(() => program.closed, 'disconnected');
    expect(server.agents.commands).toEqual([]);
    expect(await server.choose()).toEqual({ kind: 'reject', status: 503 });
  });

  test('what is sent behind a wrong secret is not looked at', async () => {
    const server = await open();
    const program = await server.connect();
    program.say(['authenticate', 'wrong', '']);
    program.say(['authenticate', secret, '']);
    program.say(['sip', '', ''], invite);
    await eventually(() => program.closed, 'disconnected');
    expect(program.frames.map(({ tokens }) => tokens.at(-1))).toEqual(['incorrect secret']);
    expect(server.agents.commands).toEqual([]);
  });

  test('one that says nothing is disconnected', async () => {
    const server = await open({ limits: { authenticateSeconds: 1 } });
    const program = await server.connect();
    await eventually(() => program.closed, 'disconnected');
    expect(server.server.counts().refused.time).toBe(1);
  });

  test('one that begins a frame and never ends it, too', async () => {
    const server = await open({ limits: { authenticateSeconds: 1 } });
    const program = await server.connect();
    program.bytes('40#abc|auth');
    await eventually(() => program.closed, 'disconnected');
    expect(program.frames).toEqual([]);
  });

  test('a stranger cannot have us keep a large frame', async () => {
    const server = await open();
    const program = await server.connect();
    program.bytes('5000#');
    await eventually(() => program.closed, 'disconnected');
    expect(server.server.counts().refused.format).toBe(1);
  });

  test('a second time it changes nothing, and a wrong secret is still wrong', async () => {
    const server = await open();
    const program = await server.program();
    expect(await program.authenticate(secret)).toContain('OK');
    expect(await program.authenticate('wrong')).toEqual(['NO', 'incorrect secret']);
    await eventually(() => program.closed, 'disconnected');
  });

  test('strangers who say nothing keep no program out: the oldest of them goes', async () => {
    const server = await open();
    const strangers: WireProgram[] = [];
    for (let count = 0; count < 40; count++) strangers.push(await server.connect());
    const left = () => strangers.map(({ closed }) => !closed);
    await eventually(() => left().filter(Boolean).length === 32, 'some are turned away');
    expect(left().slice(0, 8)).not.toContain(true);

    const program = await server.program(['invite']);
    await eventually(() => left().filter(Boolean).length === 31, 'one made room');
    expect(left()[8]).toBe(false);
    for (let count = 0; count < 40; count++) await server.connect();
    expect(await program.told(['ping'])).toEqual(['OK', 'pong']);
    expect(server.server.counts().refused['too-many']).toBeGreaterThanOrEqual(9);
  });

  test('who opens ever new connections keeps nobody elsewhere from saying who he is', async () => {
    const server = await open();
    const program = await server.connect(); // its secret is on its way
    const { address: host = '', port = 0 } = server.server.port ?? {};
    const localAddress = ownAddress();
    const strangers = Array.from({ length: 100 }, () => connect({ host, port, localAddress }));
    for (const stranger of strangers) stranger.on('error', () => {});
    const closed = () => strangers.filter((one) => one.closed).length;
    await eventually(() => closed() >= 69, 'most are turned away');
    expect(await program.authenticate(secret)).toContain('OK');
    for (const stranger of strangers) stranger.destroy();
  });

  test('programs cannot take the places of others', async () => {
    const server = await open({ limits: { connections: 2 } });
    await server.program();
    const second = await server.program();
    const third = await server.connect();
    expect(await third.authenticate(secret)).toEqual(['NO', 'too many programs']);
    await eventually(() => third.closed, 'disconnected');
    second.socket.destroy();
    await eventually(() => server.server.counts().connected === 1, 'one is gone');
    const fourth = await server.connect();
    expect(await fourth.authenticate(secret)).toContain('OK');
  });
});

describe('commands', () => {
  test('a ping is answered', async () => {
    const program = await (await open()).program();
    expect(await program.told(['ping'])).toEqual(['OK', 'pong']);
  });

  test('one of SIP reaches the agents byte for byte, and its answer comes back', async () => {
    const server = await open();
    const program = await server.program();
    const text = `MESSAGE sip:x SIP/2.0\r\nSubject: caf\u00c3\u00a9\r\n\r\n\u0000\u00ff|#\r\n`;
    expect(await program.told(['sip', '', ''], text)).toEqual(['OK', 'echo']);
    expect(server.agents.commands.map(({ command }) => command.text)).toEqual([text]);
  });

  test('a message goes out byte for byte, and its length counts bytes', async () => {
    const server = await open();
    const program = await server.program();
    const message = 'SIP/2.0 200 OK\r\n\r\ncaf\u00c3\u00a9 \u0000\u00ff';
    server.agents.respond = (to) => to.send(['sip', 'network', 7, ''], message);
    program.say(['sip', '', ''], invite);
    await eventually(() => program.given().length === 1, 'it comes');
    expect(program.given()[0]?.text).toBe(message);
    expect(program.given()[0]?.tokens.slice(1)).toEqual(['sip', 'network', '7', '']);
  });

  test('commands that come together or in pieces are each answered, in order', async () => {
    const program = await (await open()).program();
    const ids = Array.from({ length: 300 }, (_, index) => `id-${index}`);
    const frames = ids.map((id) => `${id.length + 5}#${id}|ping`).join('');
    for (let at = 0; at < frames.length; at += 777) program.bytes(frames.slice(at, at + 777));
    await eventually(() => program.frames.length === 301, 'all answered');
    expect(program.frames.slice(1).map(({ tokens }) => tokens[2])).toEqual(ids);
  });

  test.each([
    ['x', 'Invalid message format'],
    ['x|dance', 'Unknown message type'],
    ['x|route', 'Invalid message format'],
    ['x|remove_route|', 'Invalid message format'],
    ['x|sip|t', 'Invalid message format'],
    ['x|sip||\r\nSIP/2.0 200 OK\r\n\r\n', 'transaction id missing'],
    ['x|proxy|t', 'Invalid proxy request: not enough information provided'],
  ])('%j is refused, and the program disconnected', async (payload, reason) => {
    const server = await open();
    const program = await server.program();
    program.bytes(`${payload.length}#${payload}6#a|ping`);
    await eventually(() => program.closed, 'disconnected');
    expect(lastOf(program)).toEqual(['response', 'x', 'NO', reason]);
    expect(server.agents.lostPrograms).toHaveLength(1);
    expect(server.server.counts()).toMatchObject({ connected: 0, refused: { format: 1 } });
  });

  test('a bad length ends the connection without a word', async () => {
    const server = await open({ limits: { frameBytes: 4096 } });
    for (const bytes of ['x', '-1#', '4097#', '00001#x', '0#']) {
      const program = await server.program();
      program.bytes(bytes);
      await eventually(() => program.closed, `${bytes} ends it`);
      expect(program.frames).toHaveLength(1);
    }
    const program = await server.program();
    const id = 'i'.repeat(20);
    const payload = `${id}|sip||\r\n`.padEnd(4096, 'x');
    program.bytes(`${payload.length}#${payload}`);
    expect((await program.responses(id, 1))[0]).toEqual(['OK', 'echo']);
  });

  test('a fault of ours ends neither the gate nor the program, and the command is answered', async () => {
    const server = await open();
    const program = await server.program();
    server.agents.respond = () => {
      throw new Error('a bug');
    };
    expect(await program.told(['sip', '', ''], invite)).toEqual(['NOK', 'internal error']);
    expect(await program.told(['ping'])).toEqual(['OK', 'pong']);
    expect(server.said(/fault in the gate/)).toHaveLength(1);
  });

  test('what a program sent before it left is still done', async () => {
    const server = await open();
    const program = await server.program();
    for (let count = 0; count < 100; count++) program.say(['sip', '', 'd'], invite);
    program.socket.end();
    await eventually(() => server.agents.lostPrograms.length === 1, 'it is lost');
    expect(server.agents.commands).toHaveLength(100);
  });

  test('one that is reset is lost at once, and nothing can be sent to it any more', async () => {
    const server = await open();
    const program = await server.program();
    program.say(['sip', '', ''], invite);
    await eventually(() => server.agents.commands.length === 1, 'known');
    program.socket.resetAndDestroy();
    await eventually(() => server.agents.lostPrograms.length === 1, 'it is lost');
    const [lost] = server.agents.lostPrograms;
    expect(lost?.connected).toBe(false);
    lost?.send(['sip', 'into', 'the void']);
    expect(server.agents.lostPrograms).toHaveLength(1);
  });
});

describe('a program that does not read', () => {
  const message = 'x'.repeat(60_000);

  test('is disconnected when too much waits for it, and said', async () => {
    const server = await open({ limits: { unsentBytes: 500_000, stalledSeconds: 60 } });
    const program = await server.program();
    program.socket.pause();
    program.say(['sip', '', ''], invite);
    await eventually(() => server.agents.commands.length === 1, 'known');
    const [{ program: other } = {}] = server.agents.commands;
    for (let count = 0; count < 1000 && other?.connected; count++) {
      other.send(['sip', 'network'], message);
      if (count % 20 === 0) await sleep(1);
    }
    expect(other?.connected).toBe(false);
    expect(server.agents.lostPrograms).toEqual([other]);
    expect(server.said(/does not read/)).toMatchObject([{ level: 'error' }]);
    expect(server.server.counts().refused.stalled).toBe(1);
  });

  test('is disconnected when it takes nothing for long, however little waits', async () => {
    const server = await open({ limits: { unsentBytes: 100_000_000, stalledSeconds: 1 } });
    const program = await server.program();
    program.socket.pause();
    program.say(['sip', '', ''], invite);
    await eventually(() => server.agents.commands.length === 1, 'known');
    const [{ program: other } = {}] = server.agents.commands;
    for (let count = 0; count < 200; count++) other?.send(['sip', 'network'], message);
    expect(other?.connected).toBe(true);
    await eventually(() => other?.connected === false, 'disconnected');
    expect(server.server.counts().refused.stalled).toBe(1);
  });

  test('but a slow one that goes on reading stays', async () => {
    const server = await open({ limits: { unsentBytes: 100_000_000, stalledSeconds: 1 } });
    const program = await server.program();
    program.say(['sip', '', ''], invite);
    await eventually(() => server.agents.commands.length === 1, 'known');
    program.socket.pause();
    const [{ program: other } = {}] = server.agents.commands;
    for (let count = 0; count < 400; count++) other?.send(['sip', 'network'], message);
    for (let step = 0; step < 8; step++) {
      await sleep(400);
      program.socket.resume();
      await sleep(3);
      program.socket.pause();
    }
    expect(other?.connected).toBe(true);
    program.socket.resume();
    await eventually(() => program.given().length === 400, 'it has all', 20_000);
  }, 30_000);

  test('and floods us meanwhile is not read on from: what waits for it stays small', async () => {
    const server = await open({ limits: { unsentBytes: 200_000, stalledSeconds: 2 } });
    const port = server.server.port;
    if (port === undefined) throw new Error('no port');
    const socket = connect({ host: port.address, port: port.port });
    socket.on('error', () => {});
    const hello = `a|authenticate|${secret}|`;
    socket.write(`${hello.length}#${hello}`);
    const pings = '7#ab|ping'.repeat(20_000);
    // never reading: the answers pile up here, then on the other side, then nothing is read any more
    for (let count = 0; count < 40; count++) socket.write(pings);
    await eventually(() => server.server.counts().connected === 1, 'it is known');
    let sent = -1;
    await eventually(() => {
      const before = sent;
      sent = server.server.counts().framesSent;
      return before === sent;
    }, 'it is read no more');
    expect(server.server.counts().framesReceived).toBeLessThan(800_000);
    await eventually(() => server.server.counts().connected === 0, 'it is disconnected');
    expect(server.said(/does not read/)).toMatchObject([
      { fields: { why: 'it took nothing for 2 s' } }, // never that too much waited for it
    ]);
    socket.destroy();
  });
});

test('one that has much under way is read on from as it gets its answers', async () => {
  const server = await open();
  const program = await server.program();
  const waiting: (() => void)[] = [];
  server.agents.respond = (to, { id }) => waiting.push(() => to.send(['response', id, 'OK']));
  const ids = Array.from({ length: 600 }, () => program.say(['sip', '', ''], invite));
  await eventually(() => waiting.length === 256, 'as many as may');
  await sleep(100);
  expect(waiting).toHaveLength(256);
  for (const answer of waiting.splice(0)) answer();
  await eventually(() => waiting.length === 256, 'the next');
  for (const answer of waiting.splice(0)) answer();
  await eventually(() => waiting.length === 88, 'the last');
  for (const answer of waiting.splice(0)) answer();
  await eventually(() => program.frames.length === 601, 'all answered');
  expect(program.frames.slice(1).map(({ tokens }) => tokens[2])).toEqual(ids);
});

test('a flood of one program does not keep others waiting', async () => {
  const server = await open();
  const [flooding, calm] = [await server.program(), await server.program()];
  server.agents.respond = (to, { id }) => {
    const until = performance.now() + 1;
    while (performance.now() < until); // a costly command
    to.send(['response', id, 'OK']);
  };
  for (let count = 0; count < 2000; count++) flooding.say(['sip', '', ''], invite);
  await eventually(() => server.agents.commands.length > 0, 'it has begun');
  expect(await calm.told(['ping'])).toEqual(['OK', 'pong']);
  expect(server.agents.commands.length).toBeLessThan(1900);
});
