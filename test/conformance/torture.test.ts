import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aPhone } from '../support/a-phone.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress } from '../support/own-address.ts';
import { ackTo, aRawPbx, type RawPbx, statusOf } from '../support/raw-sip.ts';
import { udpWire } from '../support/sip-wire.ts';
import { type TortureMessage, tortureMessages } from './torture.ts';

const QUIET_MS = 500;
const FAREWELL_MS = 200;
/** On a stream a message that never ends is waited for, for as long as the gate is told below. */
const MESSAGE_SECONDS = 1;

let gate: Gate;
let pbx: RawPbx;

beforeAll(async () => {
  pbx = await aRawPbx(ownAddress());
  gate = await startGate({
    pbx: pbx.uri,
    settings: { 'limits.messageSeconds': MESSAGE_SECONDS },
  });
}, 30_000);
afterAll(async () => {
  await gate?.close();
  await pbx?.close();
});

/** On a stream the stray request behind `dblreq` is a request like any other, and may be refused before the first is passed on. */
const marks: Readonly<Record<string, string>> = {
  insuf: 'z9hG4bKkdj.insuf',
  dblreq: 'dblreq.0ha0isndaksdj99sdfafnl3lk233412',
  mpart01: '3d9485ad0c49859b@',
};

const isOf = ({ name }: TortureMessage, text: string): boolean =>
  text.includes(marks[name] ?? `${name}.`);

/** What became of it: passed on (to the PBX, or back to a caller), answered, or nothing for a while. */
async function outcome(
  message: TortureMessage,
  answers: readonly string[],
  closed: () => boolean,
  patienceMs: number,
): Promise<string> {
  const alreadyHeard = pbx.heard.length;
  const isRequest = statusOf(message.wire) === undefined;
  let giveUpAt = performance.now() + patienceMs;
  while (performance.now() < giveUpAt) {
    await sleep(5);
    if (pbx.heard.slice(alreadyHeard).some((text) => isOf(message, text))) return 'forwarded';
    const statuses = answers.filter((text) => isOf(message, text)).map((text) => statusOf(text));
    const final = statuses.find((status) => status !== undefined && status >= 200);
    if (final !== undefined) return isRequest ? String(final) : 'forwarded';
    // what follows a message may end the connection while the message itself is still on its way to the PBX
    if (closed()) giveUpAt = Math.min(giveUpAt, performance.now() + FAREWELL_MS);
  }
  if (closed()) return 'closed';
  return 'dropped';
}

const allows = (allowed: readonly string[], what: string): boolean =>
  allowed.includes(what) ||
  (allowed.includes('2xx') && /^2\d\d$/.test(what)) ||
  (allowed.includes('policy') && /^(403|404|405|481|483)$/.test(what));

describe('over UDP', () => {
  // from a place of its own each: some have the branch and sent-by of another, and would pass for its repetition
  test.each(tortureMessages)('$name: $udp', async (message) => {
    const address = ownAddress();
    const answers: string[] = [];
    const hear = (text: string) => {
      answers.push(text);
      if ((statusOf(text) ?? 0) >= 300 && message.wire.startsWith('INVITE '))
        phone.send(ackTo(message.wire, text), gate.udp);
    };
    // without rport, answers go to the port of the Via (RFC 3261 §18.2.2): 5060, but for one of these messages
    const phone = await udpWire({ address, port: 5060 }, hear);
    const otherPort = await udpWire({ address, port: 5050 }, hear);
    phone.send(message.wire, gate.udp);
    const became = await outcome(message, answers, () => false, QUIET_MS);
    await Promise.all([phone.close(), otherPort.close()]);
    expect(allows(message.udp, became), `${message.name} was ${became}`).toBe(true);
  });

  test('of two requests in one datagram only the first is passed on', () => {
    const heard = pbx.heard.filter((text) => text.includes('dblreq.'));
    expect(heard.map((text) => text.split(' ', 1)[0])).toEqual(['REGISTER']);
  });

  test('an escaped header of a URI never became a header', () => {
    const routed = pbx.heard.filter((text) => /^Route:.*sip\.example\.com/im.test(text));
    expect(routed.filter((text) => text.includes('regescrt.'))).toEqual([]);
  });
});

describe('over TCP', () => {
  test.concurrent.each(tortureMessages)('$name: $tcp', async (message) => {
    const answers: string[] = [];
    let closed = false;
    const socket = connect({ host: gate.tcp.address, port: gate.tcp.port, noDelay: true });
    socket.on('error', () => {});
    socket.on('close', () => {
      closed = true;
    });
    socket.on('data', (chunk) => {
      for (const text of chunk.toString('latin1').split(/(?=SIP\/2\.0 \d{3} )/)) {
        answers.push(text);
        if ((statusOf(text) ?? 0) >= 300 && message.wire.startsWith('INVITE '))
          socket.write(ackTo(message.wire, text), 'latin1');
      }
    });
    socket.write(message.wire, 'latin1');
    const mayClose = message.tcp.includes('closed');
    const patience = mayClose ? (MESSAGE_SECONDS + 2) * 1000 : QUIET_MS;
    const became = await outcome(message, answers, () => closed, patience);
    await sleep(20); // an ACK on its way
    socket.destroy();
    expect(allows(message.tcp, became), `${message.name} was ${became}`).toBe(true);
  });
});

// That none of them leaves a transaction behind for good is shown in test/fuzz/gate.test.ts, which waits for it anyway.
describe('afterwards', () => {
  test('the gate is the gate it was: it answers, and a phone registers', async () => {
    const phone = await aPhone({ to: gate.udp });
    const options = phone.request('OPTIONS', `sip:${gate.address}`);
    expect((await phone.finalAnswer(options)).status).toBe(200);
    const register = phone.request('REGISTER', `sip:${gate.address}`);
    expect((await phone.finalAnswer(register)).status).toBe(200);
    await phone.close();
    expect(gate.logs()).not.toMatch(/a fault in the gate itself|"level":"(error|fatal)"/);
  });
});
