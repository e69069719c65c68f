import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import {
  aChannel,
  aListener,
  aRequest,
  OpenProgramServer,
  type ProgramServerWish,
} from '../../../test/support/a-program-server.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { ownAddress } from '../../../test/support/own-address.ts';
import { WireProgram } from '../../../test/support/wire-program.ts';

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function open(wish: ProgramServerWish = {}): Promise<OpenProgramServer> {
  const server = await OpenProgramServer.open(wish);
  opened.push(server);
  return server;
}

const options = aRequest({ method: 'OPTIONS' });

describe('who is given a request', () => {
  test('programs take turns', async () => {
    const server = await open();
    const programs = [
      await server.program(['invite']),
      await server.program(['invite', 'options']),
      await server.program(['invite']),
    ];
    const given: number[] = [];
    for (let count = 0; count < 6; count++) given.push(await server.next(programs));
    expect(given).toEqual([0, 1, 2, 0, 1, 2]);
    expect([await server.next(programs, options), await server.next(programs, options)]).toEqual([
      1, 1,
    ]);
  });

  test('asking again, in any case, gives no second share', async () => {
    const server = await open();
    const programs = [
      await server.program(['invite', 'INVITE', 'Invite', 'invite']),
      await server.program(['invite']),
    ];
    const given: number[] = [];
    for (let count = 0; count < 4; count++) given.push(await server.next(programs));
    expect(given).toEqual([0, 1, 0, 1]);
    expect(server.server.connected(1)).toMatchObject([{ verbs: ['invite'] }]);
  });

  test('taking back one method leaves the others, and can be said twice', async () => {
    const server = await open();
    const program = await server.program(['invite', 'options', 'message']);
    expect(await program.told(['remove_route', 'INVITE'])).toEqual(['OK']);
    expect(await program.told(['remove_route', 'invite'])).toEqual(['OK']);
    expect(await program.told(['remove_route', 'never'])).toEqual(['OK']);
    expect(await server.next([program])).toBe(503);
    expect(await server.next([program], options)).toBe(0);
    expect(await server.next([program], aRequest({ method: 'MESSAGE' }))).toBe(0);
    await program.told(['route', 'invite']);
    expect(await server.next([program])).toBe(0);
  });

  test('nobody asked: 503; a program that is gone asked for nothing', async () => {
    const server = await open();
    expect(await server.next([])).toBe(503);
    const first = await server.program(['invite']);
    const second = await server.program(['invite']);
    first.socket.destroy();
    await eventually(() => server.agents.lostPrograms.length === 1, 'it is gone');
    for (let count = 0; count < 3; count++) expect(await server.next([first, second])).toBe(1);
    second.socket.destroy();
    await eventually(() => server.agents.lostPrograms.length === 2, 'both are gone');
    expect(await server.next([])).toBe(503);
    expect(server.server.counts().requests).toMatchObject({ given: 3, nobody: 2 });
  });

  test('a program cannot have us keep methods without end', async () => {
    const server = await open();
    const program = await server.program();
    const answers = [];
    for (let count = 0; count < 70; count++)
      answers.push(await program.told(['route', `m${count}`]));
    expect(answers.filter(([ok]) => ok === 'OK')).toHaveLength(64);
    expect(answers.at(-1)).toEqual(['NO', 'too many routes']);
    expect(await program.told(['route', 'm1'])).toEqual(['OK']);
    expect(await program.told(['ping'])).toEqual(['OK', 'pong']);
  });

  test('call records go in turn to those who asked for that kind', async () => {
    const server = await open();
    const first = await server.program(['cdr:attempt', 'cdr:stop']);
    const second = await server.program(['cdr:attempt']);
    for (let count = 0; count < 4; count++)
      server.server.recorderOf('cdr:attempt')?.send(['cdr:attempt', 'network']);
    server.server.recorderOf('cdr:stop')?.send(['cdr:stop', 'network']);
    expect(server.server.recorderOf('cdr:start')).toBeUndefined();
    await eventually(() => first.given().length === 3 && second.given().length === 2, 'all came');
    expect(first.given().map(({ tokens }) => tokens[1])).toEqual([
      'cdr:attempt',
      'cdr:attempt',
      'cdr:stop',
    ]);
  });
});

describe('a program that answers nothing', () => {
  const wish = { limits: { unanswered: 3, answerSeconds: 1 } };

  test('loses its turn, and has it again with its next word about a request', async () => {
    const server = await open(wish);
    const silent = await server.program(['invite']);
    const other = await server.program(['invite']);
    const both = [silent, other];
    for (let count = 0; count < 6; count++) {
      const given = await server.next(both);
      if (given === 1) await other.told(['sip', 't', ''], 'SIP/2.0 100 Trying\r\n\r\n');
    }
    expect(server.server.connected(9).every(({ attends }) => attends)).toBe(true); // not for long enough
    await sleep(1050);
    await silent.told(['ping']); // a timer's word, not the program's
    const given: number[] = [];
    for (let count = 0; count < 6; count++) {
      given.push(await server.next(both));
      await other.told(['sip', 't', ''], 'SIP/2.0 100 Trying\r\n\r\n');
    }
    // one of them is a try: it was given nothing for a second
    expect(given.filter((one) => one === 0)).toHaveLength(1);
    expect(server.server.connected(9).map(({ attends }) => attends)).toEqual([false, true]);
    expect(server.said(/answers none/)).toHaveLength(1);

    await silent.told(['sip', 't', ''], 'SIP/2.0 200 OK\r\n\r\n');
    expect(server.said(/answers again/)).toHaveLength(1);
    expect(new Set([await server.next(both), await server.next(both)])).toEqual(new Set([0, 1]));
  });

  test('alone, has callers told 503, but for one in a while that may find it well', async () => {
    const server = await open(wish);
    const silent = await server.program(['invite']);
    for (let count = 0; count < 3; count++) await server.next([silent]);
    await sleep(1050);
    expect(await server.next([silent])).toBe(0);
    expect(await server.next([silent])).toBe(503);
    await sleep(1050);
    expect(await server.next([silent])).toBe(0);
    expect(await server.next([silent])).toBe(503);
    await silent.told(
      ['proxy', 't', '', '', '', '', '', '', 'sip:x'],
      'INVITE sip:x SIP/2.0\r\n\r\n',
    );
    expect(await server.next([silent])).toBe(0);
    expect(await server.next([silent])).toBe(0);
  });

  test('a busy one, which has many requests for a moment, does not', async () => {
    const server = await open(wish);
    const busy = await server.program(['invite']);
    for (let count = 0; count < 50; count++) expect(await server.next([busy])).toBe(0);
  });

  test('one that does not read has no turn while others do', async () => {
    const server = await open({ limits: { unsentBytes: 4_000_000, stalledSeconds: 60 } });
    const stuck = await server.program(['invite']);
    const other = await server.program(['invite']);
    stuck.socket.pause();
    const choices = [await server.choose(), await server.choose()];
    const [program] = choices.map((one) => (one.kind === 'program' ? one.program : undefined));
    const attends = () => server.server.connected(9).map((one) => one.attends);
    for (let count = 0; count < 1000 && attends()[0]; count++) {
      program?.send(['sip'], 'x'.repeat(60_000));
      await sleep(1); // what the system takes of it is not waiting
    }
    expect(attends()).toEqual([false, true]);
    for (let count = 0; count < 4; count++) expect(await server.next([stuck, other])).toBe(1);
  });
});

describe('what programs are told of us', () => {
  test('every listener: where others reach it, and where it is bound', async () => {
    const server = await open({
      listeners: [
        aListener({ advertised: { host: 'sip.example.com', port: 5070 } }),
        aListener({ transport: 'tls', port: 5061 }),
        aListener({ transport: 'wss', address: '2001:db8::1', port: 443 }),
        aListener({ transport: 'tcp', address: '0.0.0.0' }),
      ],
    });
    const program = await server.connect();
    const [, advertised = '', , bound = ''] = await program.authenticate('correct-horse-battery');
    expect(advertised.split(',').slice(0, 3)).toEqual([
      'udp/sip.example.com:5070',
      'tls/192.0.2.1:5061',
      'wss/[2001:db8::1]:443',
    ]);
    expect(bound).toMatch(
      /^udp\/192\.0\.2\.1:5060,tls\/192\.0\.2\.1:5061,wss\/\[2001:db8::1\]:443,tcp\//,
    );
    // every address at once is none that a program could use
    expect(advertised).not.toContain('0.0.0.0');
    expect(bound).not.toContain('0.0.0.0');
  });
});

describe('requests', () => {
  test('only those that a rule names are for programs, and a reload changes which', async () => {
    const server = await open({
      programs: { requests: [{ methods: ['INVITE'], to: 'programs' }] },
    });
    expect(server.server.takes(aRequest(), aChannel())).toBe(true);
    expect(server.server.takes(options, aChannel())).toBe(false);
    server.server.reload({
      programs: {
        secret: 'another-horse-battery',
        requests: [{ methods: ['OPTIONS'], to: 'programs' }],
        handlers: [],
      },
      drain: { deadlineSeconds: 60, retryAfterSeconds: 5 },
    });
    expect(server.server.takes(aRequest(), aChannel())).toBe(false);
    expect(server.server.takes(options, aChannel())).toBe(true);
  });

  test('a reload changes the secret for those who come, and disconnects nobody', async () => {
    const server = await open();
    const program = await server.program(['invite']);
    server.server.reload({
      programs: { secret: 'another-horse-battery', requests: [], handlers: [] },
      drain: { deadlineSeconds: 60, retryAfterSeconds: 5 },
    });
    expect(await server.next([program])).toBe(0);
    const [old, fresh] = [await server.connect(), await server.connect()];
    expect(await fresh.authenticate('another-horse-battery')).toContain('OK');
    expect(await old.authenticate('correct-horse-battery')).toContain('NO');
  });

  test('while the gate drains new calls are refused, all else goes on', async () => {
    const server = await open();
    const program = await server.program(['invite', 'options']);
    server.server.drain();
    expect(await server.choose()).toEqual({ kind: 'reject', status: 503, retryAfterSeconds: 5 });
    expect(await server.next([program], options)).toBe(0);
  });
});

describe('the port', () => {
  test('over TLS with a certificate of its own making', async () => {
    const server = await open({ port: { tls: { enabled: true } } });
    expect(server.server.port).toMatchObject({ address: server.address, tls: true });
    const program = await server.program(['invite']);
    expect(await server.next([program])).toBe(0);
    expect(server.server.certificates()).toHaveLength(1);
  });

  test('over TLS nobody gets in without', async () => {
    const server = await open({ port: { tls: { enabled: true } } });
    const { address = '', port = 0 } = server.server.port ?? {};
    const plain = await WireProgram.to({ address, port });
    plain.say(['authenticate', 'correct-horse-battery', '']);
    await eventually(() => plain.closed, 'disconnected');
    expect(server.server.counts().connected).toBe(0);
  });

  test('a TLS handshake that never ends is ended, and takes no place for ever', async () => {
    const server = await open({
      port: { tls: { enabled: true } },
      limits: { authenticateSeconds: 1 },
    });
    const { address = '', port = 0 } = server.server.port ?? {};
    const silent = await WireProgram.to({ address, port });
    await eventually(() => silent.closed, 'disconnected');
    await server.program();
  });

  test('TLS handshakes that never end keep no program out', async () => {
    const server = await open({ port: { tls: { enabled: true } } });
    const { address = '', port = 0 } = server.server.port ?? {};
    const silent: WireProgram[] = [];
    for (let count = 0; count < 40; count++) silent.push(await WireProgram.to({ address, port }));
    const programs = [await server.program(['invite']), await server.program(['invite'])];
    await eventually(() => silent.filter(({ closed }) => closed).length === 9, 'some are closed');
    for (const program of programs) expect(await program.told(['ping'])).toEqual(['OK', 'pong']);
  });

  test('one that is taken is said with its number', async () => {
    const server = await open();
    const { address = '', port = 0 } = server.server.port ?? {};
    await expect(OpenProgramServer.open({ port: { address, port } })).rejects.toThrow(
      `cannot listen for programs on ${address} port ${port}`,
    );
  });

  test('closing ends every program, tells the agents, and leaves the port free', async () => {
    const server = await OpenProgramServer.open({ port: { address: ownAddress() } });
    const { address = '', port = 0 } = server.server.port ?? {};
    const programs = [
      await server.program(['invite']),
      await server.program(),
      await server.connect(),
    ];
    await server[Symbol.asyncDispose]();
    await eventually(() => programs.every(({ closed }) => closed), 'all are gone');
    expect(server.agents.lostPrograms).toHaveLength(2);
    await open({ port: { address, port } });
  });
});

test('what is connected is counted and listed', async () => {
  const server = await open();
  const program = await server.program(['invite', 'options'], 'blue');
  await server.program();
  const choice = await server.choose();
  if (choice.kind !== 'program') throw new Error(choice.kind);
  server.agents.held.set(choice.program, { requests: 3, calls: 2, subscriptions: 1 });
  expect(server.server.connected(1)).toEqual([
    {
      address: program.socket.localAddress,
      port: program.socket.localPort,
      outbound: false,
      tags: ['blue'],
      verbs: ['invite', 'options'],
      attends: true,
      requests: 3,
      calls: 2,
      subscriptions: 1,
    },
  ]);
  expect([...server.server.callIds()]).toEqual(['c1']);
  expect(server.server.counts()).toMatchObject({
    connected: 2,
    outbound: 0,
    framesReceived: 4,
    framesSent: 4,
  });
});
