import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { programsYaml } from '../contract/programs/program-server.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { eventually } from '../support/eventually.ts';
import { type Frame, FrameProgram } from '../support/frame-program.ts';
import { drained, metric } from '../support/gate-health.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress } from '../support/own-address.ts';
import { mutant } from './mutate.ts';
import { Random } from './random.ts';

const SECRET = 'fuzzed-by-programs';
const CONNECTIONS = 600;
const FRAMES_EACH = 12;
const REQUESTS = 200;
/** At once, of one kind. */
const COMMANDS = 20_000;
const MOST_GROWTH = 60e6;

let gate: Gate;
let pbx: Pbx;
let phone: Phone;
/** A program that does as it should, from the first to the last: it answers OPTIONS. */
let honest: FrameProgram;

beforeAll(async () => {
  pbx = await aPbx();
  const address = ownAddress();
  gate = await startGate({
    pbx: pbx.uri,
    address,
    routes: {
      'programs.yaml': programsYaml(address, { stalledSeconds: 2, unsentBytes: 1_000_000 }),
    },
    environment: { DRAWBRIDGE_PROGRAMS_SECRET: SECRET },
  });
  honest = await FrameProgram.ready(gate.programs, SECRET, 'options');
  honest.heard = ({ tokens, text }) => {
    if (tokens[1] === 'sip' && text.startsWith('OPTIONS'))
      honest.command(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\nX-By: honest\r\n\r\n`);
  };
  phone = await aPhone({ to: gate.udp });
}, 30_000);
afterAll(async () => {
  honest?.close();
  await phone?.close();
  await gate?.close();
  await pbx?.close();
});

/** The honest program is given a request, and its answer arrives. */
async function stillServes(upTo: string): Promise<void> {
  try {
    const options = phone.request('OPTIONS', 'sip:x@example.test');
    const answer = await phone.finalAnswer(options);
    expect([answer.status, answer.header('X-By')]).toEqual([200, 'honest']);
    phone.forget();
    honest.frames.length = 0;
  } catch (cause) {
    throw new Error(`programs are not served after ${upTo}\n${gate.logs()}`, { cause });
  }
}

const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n';
const ID = '11111111-2222-3333-4444-555555555555';
/** What programs really say. */
const said = [
  `authenticate|${SECRET}|blue,red`,
  'ping',
  'route|message',
  'remove_route|message',
  'route|cdr:start',
  `sip|${ID}|\r\nSIP/2.0 200 OK\r\nContact: <sip:me@localhost>\r\nX-A: b\r\n\r\n${sdp}`,
  `sip|${ID}|\r\nSIP/2.0 183 Progress\r\nRequire: 100rel\r\nRSeq: 1\r\n\r\n${sdp}`,
  `sip||call-1;from-tag=a\r\nBYE sip:placeholder SIP/2.0\r\n\r\n`,
  `sip||call-1;from-tag=a\r\nACK sip:placeholder SIP/2.0\r\nCSeq: 1 ACK\r\n\r\n`,
  `sip|${ID}|\r\nCANCEL sip:x@127.0.0.1:9 SIP/2.0\r\nReason: SIP;cause=200\r\n\r\n`,
  `sip|||sip:127.0.0.1:9\r\nOPTIONS sip:x@example.test SIP/2.0\r\nfrom: sip:me@localhost\r\n\r\n`,
  `sip||\r\nINVITE sip:x@127.0.0.1:9 SIP/2.0\r\nfrom: <sip:me@localhost>;tag=1\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\nSession-Expires: 90\r\ncontent-type: application/sdp\r\n\r\n${sdp}`,
  `sip||\r\nSUBSCRIBE sip:x@127.0.0.1:9 SIP/2.0\r\nEvent: presence\r\nExpires: 1\r\n\r\n`,
  `proxy|${ID}|remainInDialog|fullResponse|followRedirects|simultaneous|2s|18000ms|sip:a@127.0.0.1:9|tel:1|sip:sips:b\r\nINVITE sip:a SIP/2.0\r\nX-B: c\r\n\r\n`,
].map((text) => `${ID}|${text}`);

const lengths = [
  '0',
  '1',
  '-1',
  '99999',
  '100000',
  '0000007',
  '1e3',
  '+5',
  ' 5',
  '',
  'x',
  '2147483648',
];

/** A frame whose payload, length or both are wrong in some way; or right. */
function frameOf(random: Random): string {
  const payload = random.below(4) === 0 ? random.pick(said) : mutant(said, random);
  const length =
    random.below(6) === 0
      ? random.pick(lengths)
      : String(payload.length + (random.below(5) === 0 ? random.below(40) - 20 : 0));
  return `${length}${random.below(30) === 0 ? '' : '#'}${payload}`;
}

test(`${CONNECTIONS} connections with frames gone wrong, cut anywhere`, {
  timeout: 60_000,
}, async () => {
  let warm = 0;
  const open = async (seed: number) => {
    const random = new Random(seed);
    const program = await FrameProgram.connect(gate.programs).catch(() => undefined);
    if (program === undefined) return;
    if (random.below(4) > 0) program.frame(`${ID}|authenticate|${SECRET}|`);
    for (let count = 0; count < FRAMES_EACH && !program.closed; count++) {
      const wire = frameOf(random);
      const cut = random.below(wire.length + 1);
      program.bytes(wire.slice(0, cut));
      if (random.below(3) === 0) await sleep(1);
      program.bytes(wire.slice(cut));
    }
    await sleep(random.below(30));
    program.close();
  };
  const atOnce = 20;
  for (let seed = 1; seed <= CONNECTIONS; seed += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, index) => open(seed + index)));
    await stillServes(`connections ${seed} to ${seed + atOnce - 1}`);
    if (seed === 1 + CONNECTIONS / 2)
      warm = await metric(gate, 'drawbridge_process_resident_bytes');
  }
  const grown = (await metric(gate, 'drawbridge_process_resident_bytes')) - warm;
  expect(grown).toBeLessThan(MOST_GROWTH);
});

const answers = [
  `SIP/2.0 200 OK\r\nContact: <sip:me@localhost>\r\nTo: <sip:x@y>;tag=t\r\nX-A: b\r\n\r\n${sdp}`,
  `SIP/2.0 183 Progress\r\nRequire: 100rel\r\nCSeq: 1 INVITE\r\n\r\n${sdp}`,
  'SIP/2.0 180 Ringing\r\nContent-Length: 3\r\n\r\nabc',
  'SIP/2.0 486 Busy Here\r\nRetry-After: 5\r\nWarning: 399 x "y"\r\n\r\n',
  'SIP/2.0 202 Accepted\r\nExpires: 60\r\nSession-Expires: 90;refresher=uac\r\n\r\n',
  'CANCEL sip:x SIP/2.0\r\n\r\n',
];
const inside = [
  'BYE sip:placeholder SIP/2.0\r\n\r\n',
  `INVITE sip:placeholder SIP/2.0\r\nContact: <sip:a@b>\r\n\r\n${sdp}`,
  'NOTIFY sip:placeholder SIP/2.0\r\nSubscription-State: terminated\r\nEvent: x\r\n\r\n',
  'PRACK sip:placeholder SIP/2.0\r\nRAck: 1 1 INVITE\r\n\r\n',
  'ACK sip:placeholder SIP/2.0\r\n\r\n',
];

test(`${REQUESTS} requests answered with what went wrong`, { timeout: 60_000 }, async () => {
  let right = 0;
  for (let seed = 1; seed <= REQUESTS; seed++) {
    const random = new Random(2_000_000 + seed);
    const program = await FrameProgram.ready(gate.programs, SECRET, 'invite', 'subscribe', 'info');
    program.heard = ({ tokens, text }) => {
      if (tokens[1] === 'response' && tokens[3] === 'OK') right++;
      if (tokens[1] !== 'sip' || tokens[8] === '') return;
      const dialog = `${/call-id: *(\S+)/i.exec(text)?.[1]};from-tag=${/tag=([^;\s]+)/.exec(text)?.[1]}`;
      for (let count = 1 + random.below(4); count > 0; count--) {
        const [ids, texts] =
          random.below(3) > 0 ? [`${tokens[8]}|`, answers] : [`|${dialog}`, inside];
        const wrong = random.below(3) === 0 ? random.pick(texts) : mutant(texts, random);
        program.command(`sip|${ids}\r\n${wrong}`);
      }
    };
    const method = random.pick(['INVITE', 'INVITE', 'SUBSCRIBE', 'INFO']);
    phone.request(method, 'sip:x@example.test', {
      headers: { Event: 'presence', Supported: '100rel, timer', Expires: '60' },
    });
    await sleep(5 + random.below(10));
    program.close();
    if (seed % 50 === 0) await stillServes(`request ${seed}`);
  }
  expect(right).toBeGreaterThan(REQUESTS / 4); // they got somewhere
});

describe('before it has authenticated a program', () => {
  test.each(['ping', 'route|options', 'sip||\r\nOPTIONS sip:x SIP/2.0\r\n\r\n'])(
    'that says %j is refused',
    async (what) => {
      const program = await FrameProgram.connect(gate.programs);
      program.command(what);
      await eventually(() => program.closed, 'it is disconnected');
      expect(program.frames.some(({ tokens }) => tokens[3] === 'OK')).toBe(false);
      await stillServes(what);
    },
  );

  test('is refused for a wrong secret, which no log shows', async () => {
    const program = await FrameProgram.connect(gate.programs);
    program.command('authenticate|hunter2|');
    await eventually(() => program.closed, 'it is disconnected');
    expect(program.frames.map(({ tokens }) => tokens.slice(3))).toEqual([
      ['NO', 'incorrect secret'],
    ]);
    expect(gate.logs()).not.toMatch(/hunter2|fuzzed-by/);
  });
});

describe('a program that lies about what is another program’s', () => {
  const sip = (frames: readonly Frame[], method: string) =>
    frames.find(({ tokens, text }) => tokens[1] === 'sip' && text.startsWith(method));

  test('has no part in its calls', async () => {
    const owner = await FrameProgram.ready(gate.programs, SECRET, 'invite');
    const liar = await FrameProgram.ready(gate.programs, SECRET);
    const call = await phone.invite('1002');
    await eventually(() => sip(owner.frames, 'INVITE') !== undefined, 'the owner gets the INVITE');
    const transaction = sip(owner.frames, 'INVITE')?.tokens[8] ?? '';
    const dialog = `${call.invite.callId};from-tag=${call.invite.fromTag}`;
    const lies = [
      `sip|${transaction}|\r\nSIP/2.0 603 Decline\r\n\r\n`,
      `sip|${transaction}|\r\nSIP/2.0 200 OK\r\n\r\n${sdp}`,
      `proxy|${transaction}|||||||sip:127.0.0.1:9\r\nINVITE sip:x SIP/2.0\r\n\r\n`,
      `sip|${transaction}|\r\nCANCEL sip:x SIP/2.0\r\n\r\n`,
      `sip||${dialog}\r\nBYE sip:placeholder SIP/2.0\r\n\r\n`,
      `sip||${dialog}\r\nINVITE sip:placeholder SIP/2.0\r\n\r\n${sdp}`,
    ];
    // a call of its own that has the same Call-ID, if it likes
    const twin = `sip||\r\nBYE ${pbx.uri} SIP/2.0\r\nCall-ID: ${call.invite.callId}\r\n\r\n`;
    for (const lie of lies) expect((await liar.ask(lie)).tokens[3], lie).toBe('NOK');
    const ok = `SIP/2.0 200 OK\r\nContent-Type: application/sdp\r\n\r\n${sdp}`;
    const answered = await owner.ask(`sip|${transaction}|\r\n${ok}`);
    expect([answered.tokens[3], answered.tokens[11]]).toEqual(['OK', dialog]);
    await call.answered();
    for (const lie of lies) expect((await liar.ask(lie)).tokens[3], lie).toBe('NOK');
    await liar.ask(twin);
    expect((await owner.ask(lies[0] ?? '')).tokens[3]).toBe('NOK'); // a second final answer is none
    const bye = call.bye();
    const given = await owner.next(({ tokens, text }) => tokens[1] === 'sip' && /^BYE/.test(text));
    expect((await liar.ask(`sip|${given.tokens[8]}|\r\nSIP/2.0 500 No\r\n\r\n`)).tokens[3]).toBe(
      'NOK',
    );
    owner.command(`sip|${given.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    expect((await bye).status).toBe(200);
    liar.close();
    owner.close();
    await stillServes('the lies');
  });
});

describe('a program that reads nothing', () => {
  test('is cut off, and what it was given is answered', async () => {
    const stalled = await FrameProgram.ready(gate.programs, SECRET, 'message');
    stalled.socket.pause();
    const body = 'x'.repeat(1000);
    const sent = [];
    for (let count = 0; count < 4000 && !stalled.closed; count++) {
      const headers = { 'Content-Type': 'text/plain' };
      sent.push(phone.request('MESSAGE', 'sip:x@example.test', { body, headers }));
      if (count % 20 === 0) await sleep(2);
    }
    await vi.waitFor(() => expect(gate.logs()).toMatch(/program/), 20_000);
    await stillServes('the flood');
    const statuses = phone.received.flatMap(({ status, cseqMethod }) =>
      cseqMethod === 'MESSAGE' && status !== undefined && status >= 200 ? [status] : [],
    );
    expect(statuses).toContain(503);
    stalled.close();
    phone.forget();
  }, 60_000);
});

describe('a program that floods', () => {
  test.each([
    ['pings', () => 'ping'],
    ['routes', (count: number) => `route|m${count}`],
    ['answers to nothing', () => `sip|${ID}|\r\nSIP/2.0 200 OK\r\n\r\n`],
    [
      'requests to nobody',
      () => `sip|||sip:127.0.0.1:9\r\nOPTIONS sip:x@example.test SIP/2.0\r\n\r\n`,
    ],
    [
      'proxying of nothing',
      () => `proxy|${ID}|||||||sip:127.0.0.1:9\r\nINVITE sip:x SIP/2.0\r\n\r\n`,
    ],
  ] as const)(
    '%s leaves time for the others, and is answered each time',
    async (_what, what) => {
      const flooder = await FrameProgram.ready(gate.programs, SECRET);
      let answers = 0;
      flooder.heard = ({ tokens }) => {
        if (tokens[1] === 'response') answers++;
        flooder.frames.length = 0;
      };
      for (let count = 1; count <= COMMANDS; count++) {
        flooder.command(what(count));
        if (count % 5000 === 0) await stillServes(`${count} of them`);
      }
      await eventually(() => answers >= COMMANDS, 'all are answered', 20_000);
      expect([answers, flooder.closed]).toEqual([COMMANDS, false]);
      flooder.close();
      await stillServes('all of them');
    },
    60_000,
  );
});

test('all ends, and no fault was found', { timeout: 90_000 }, async () => {
  honest.close();
  await drained(gate, 80_000);
  expect(gate.logs()).not.toMatch(/a fault in the gate itself|"level":"(error|fatal)"/);
  expect(await gate.status()).toMatch(/./);
});
