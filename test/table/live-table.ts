import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { vi } from 'vitest';
import { askGate } from '../../src/control/ask.ts';
import { dataDirectoryAt } from '../../src/control/data-directory.ts';
import { readEvents } from '../../src/control/events/events-database.ts';
import type { GateEvent } from '../../src/data/event.ts';
import type { FoundBlocks } from '../../src/data/messages.ts';
import { readInstant } from '../../src/policy/asking/instant.ts';
import type { Question } from '../../src/policy/asking/question.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { drawbridge } from '../support/drawbridge.ts';
import type { Gate } from '../support/gate-process.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import type { SipCall } from '../support/sip-call.ts';
import type { Received, SipParty } from '../support/sip-party.ts';
import { composeSip, type HeaderValues, type SipText } from '../support/sip-text.ts';
import { CARRIER, PIN, SECURE_CARRIER } from './policies.ts';
import type { Row } from './rows.ts';

/** What became of a row as a real request. */
export interface Outcome {
  readonly row: Row;
  /** `pass` when it got to where it goes, or else the reason for which it was refused. */
  readonly became: string;
  readonly shadow: readonly string[];
}

interface Asked {
  readonly callId: string;
  readonly arrived: boolean;
}

/** How long what is to be refused is given to be answered: by silence as well, which is what most of them get. */
const REFUSED_WITHIN_MS = 500;
/** By the PBX, twice where it challenges. */
const REGISTERED_WITHIN_MS = 3000;
/** What the gate and the test's own headers come to. */
const USUAL_HEADER_LINES = 8;

/** Makes real SIP of the questions of a table, and tells by what arrives, and by the events, what became of each. */
export class LiveTable {
  readonly #gate: Gate;
  readonly #pbx: Pbx;
  readonly #clock: string;
  readonly #carriers: ReadonlyMap<string, Pbx>;
  readonly #sent: (Asked & { readonly row: Row; readonly at: number })[] = [];
  #phones: Phone[] = [];
  #calls: SipCall[] = [];
  #ahead = 0;
  /** How long the last answer of a row is waited for: what is to pass is answered, however busy the machine. */
  #patience = PATIENCE_MS;

  private constructor(gate: Gate, pbx: Pbx, carriers: ReadonlyMap<string, Pbx>, clock: string) {
    this.#gate = gate;
    this.#pbx = pbx;
    this.#carriers = carriers;
    this.#clock = clock;
  }

  /** `clock` is the file by which the gate's clock is moved. */
  static async open(gate: Gate, pbx: Pbx, clock: string): Promise<LiveTable> {
    const at = (address: string) => aPbx({ address, user: 'carrier', answersOptions: false });
    const carriers = new Map([
      ['carrier', await at(CARRIER)],
      ['secure', await at(SECURE_CARRIER)],
    ]);
    return new LiveTable(gate, pbx, carriers, clock);
  }

  async send(row: Row): Promise<void> {
    await this.#moveClock(row.ask);
    const at = Date.now() + this.#ahead;
    this.#patience = row.expect === 'pass' ? PATIENCE_MS : REFUSED_WITHIN_MS;
    this.#sent.push({ row, at, ...(await this.#ask(row.ask)) });
    await Promise.all(this.#calls.map((call) => call.ask('BYE')));
    await Promise.all(this.#phones.map((phone) => phone.close()));
    this.#calls = [];
    this.#phones = [];
  }

  async outcomes(): Promise<readonly Outcome[]> {
    await sleep(1500); // what is refused again within a second is summed, and another thread writes
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const now = this.#outcomesNow();
      if (now.every(isAsExpected) || performance.now() > giveUpAt) return now;
      await sleep(100);
    }
  }

  #outcomesNow(): readonly Outcome[] {
    const { events: file } = dataDirectoryAt(this.#gate.data);
    const events = [...readEvents(file, ['refused', 'shadow'])];
    return this.#sent.map(({ row, callId, arrived, at }) => {
      const isOf = (event: GateEvent): boolean =>
        event.callId === undefined
          ? event.source === row.ask.source && event.at >= at
          : event.callId === callId;
      // who shows who he is, as he was asked, is judged then
      const own = events.filter(
        (event) => isOf(event) && !(arrived && event.reason === 'credentials-not-proven'),
      );
      const refused = own.findLast(({ kind }) => kind === 'refused')?.reason;
      const shadow = own.filter(({ kind }) => kind === 'shadow').map(({ rule = '' }) => rule);
      return { row, shadow, became: refused ?? (arrived ? 'pass' : untold(row)) };
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#carriers.values()].map((carrier) => carrier.close()));
  }

  #ask(question: Question): Promise<Asked> {
    if (question.register !== undefined) return this.#register(question, question.register);
    if (question.inbound !== undefined) return this.#callIn(question, question.inbound);
    if (question.broken !== undefined) return this.#sendBroken(question);
    if (question.invite === undefined) return this.#sendOptions(question);
    return question.by === 'refer'
      ? this.#transfer(question, question.invite)
      : this.#call(question, question.invite);
  }

  async #sendOptions(question: Question): Promise<Asked> {
    const phone = await this.#phone(question);
    const send = (more: Question = {}) =>
      phone.request('OPTIONS', `sip:${this.#gate.address}`, {
        headers: headersOf({ ...question, ...more }, this.#gate.address),
      });
    if (question.blocked === true) {
      send({ userAgent: 'friendly-scanner' });
      await vi.waitFor(() => this.#isBlocked(phone.address), PATIENCE_MS);
    }
    for (let before = 0; before < countIn(question.requests); before++)
      await finalOf(phone, send());
    const sent = send();
    const final = await finalOf(phone, sent, this.#patience);
    return { callId: sent.callId, arrived: final?.status === 200 };
  }

  /** Rejects when it is not. */
  async #isBlocked(address: string): Promise<void> {
    const ask = { command: 'blocks', search: address, rows: 1 } as const;
    const { rows } = await askGate<FoundBlocks>(dataDirectoryAt(this.#gate.data).socket, ask);
    if (rows.length === 0) throw new Error(`${address} is not blocked`);
  }

  async #sendBroken(question: Question): Promise<Asked> {
    const { as } = question;
    const phone = await (as === undefined ? this.#phone(question) : this.#registered(question, as));
    const callId = `broken-${crypto.randomUUID()}`;
    const text = composeSip(
      `OPTIONS sip:${this.#gate.address} SIP/2.0`,
      [
        ['Via', `SIP/2.0/UDP ${phone.address}:${phone.port};branch=z9hG4bK${callId};rport`],
        ['Max-Forwards', 'many'],
        ['From', `<sip:1001@${this.#gate.address}>;tag=x`],
        ['To', `<sip:${this.#gate.address}>`],
        ['Call-ID', callId],
        ['CSeq', '1 OPTIONS'],
      ],
      {},
      '',
    );
    phone.send(text);
    const answer = await phone
      .expect((message) => message.callId === callId, { within: this.#patience })
      .catch(() => undefined);
    return { callId, arrived: answer !== undefined };
  }

  async #register(question: Question, extension: string): Promise<Asked> {
    const { credentials = true, proven = true, expires = 300 } = question;
    for (let other = 1; other <= (question.devices ?? 0); other++)
      await this.#registered({ source: `127.14.${Number(extension) % 256}.${other}` }, extension);
    await this.#failFirst(question, extension);
    if (question.familiar === true) await this.#wasHere(question, extension);
    if (question.guarded === true) await drawbridge('guard', extension, '--data', this.#gate.data);
    const headers = headersOf(question, this.#gate.address);
    const phone = await this.#phone(question, extension, credentials && proven);
    const forged = `Digest username="${extension}", realm="pbx", nonce="never given", uri="sip:x", response="${'0'.repeat(32)}"`;
    const callId = `table-${crypto.randomUUID()}`;
    const final = await phone
      .tryToRegister({
        within: Math.max(REGISTERED_WITHIN_MS, this.#patience),
        expires,
        headers: { ...headers, 'Call-ID': callId, ...(!proven && { Authorization: forged }) },
      })
      .catch(() => undefined);
    const challengedAsUsual = !credentials && final?.status === 401;
    return { callId, arrived: final?.status === 200 || challengedAsUsual };
  }

  /** As often, and at as many extensions or from as many sources, as the question assumes. */
  async #failFirst({ failures, distinct, source }: Question, extension: string): Promise<void> {
    for (let failed = 0; failed < countIn(failures); failed++)
      await this.#fail(extension, source ?? '');
    const [[key = '', count] = []] = Object.entries(typeof distinct === 'object' ? distinct : {});
    for (let failed = 1; failed <= (count ?? 0); failed++)
      if (key.startsWith('guessed by')) await this.#fail(String(1049 + failed), source ?? '');
      else await this.#fail(extension, `127.13.${Number(extension) % 256}.${failed}`);
  }

  async #wasHere({ source = '' }: Question, extension: string): Promise<void> {
    const phone = await this.#registered({ source }, extension);
    await phone.unregister();
  }

  async #fail(extension: string, source: string): Promise<void> {
    const phone = await this.#phone({ source }, extension, true);
    await phone.tryToRegister({ headers: { 'X-Wrong': 'yes' } });
  }

  async #call(question: Question, number: string): Promise<Asked> {
    const { as = '', registered, pin } = question;
    const phone =
      registered === false ? await this.#phone(question, as) : await this.#registered(question, as);
    const headers = headersOf(question, this.#gate.address);
    const dial = (to: string) =>
      phone.request('INVITE', `sip:${to}@${this.#gate.address}`, { headers });
    for (let spelling = 1; spelling <= countIn(question.distinct); spelling++)
      await this.#dialAsStranger(`${'0'.repeat(spelling)}${number.slice(4)}`, spelling);
    for (let before = 0; before < countIn(question.requests); before++)
      await finalOf(phone, dial(number));
    for (let before = 0; before < countIn(question.recentCalls); before++)
      await finalOf(phone, dial(number));
    for (let live = 0; live < countIn(question.live); live++) await this.#hold(phone);
    if (pin !== undefined)
      for (let wrong = 0; wrong < countIn(question.failures); wrong++)
        await finalOf(phone, dial(`9999*${number}`));
    const dialled = pin === undefined ? number : `${pin === 'anna' ? PIN : '9999'}*${number}`;
    return this.#arrives(phone, dial(dialled));
  }

  async #dialAsStranger(number: string, source: number): Promise<void> {
    const phone = await this.#phone({ source: `127.15.0.${source}` });
    await finalOf(phone, phone.request('INVITE', `sip:${number}@${this.#gate.address}`));
  }

  async #transfer(question: Question, number: string): Promise<Asked> {
    const phone = await this.#registered(question, question.as ?? '');
    const call = await this.#hold(phone);
    const to = `<sip:${number}@${this.#gate.address}>`;
    const refer = call.request('REFER', { headers: { 'Refer-To': to } });
    return this.#arrives(phone, refer);
  }

  async #callIn(question: Question, number: string): Promise<Asked> {
    const carrier = this.#carriers.get(question.trunk ?? '');
    if (carrier === undefined) throw new Error(`no carrier ${question.trunk}`);
    const uri = `sip:${number}@${this.#gate.address}`;
    const to = this.#gate.udp;
    const headers = headersOf(question, carrier.address);
    for (let before = 0; before < countIn(question.recentCalls); before++)
      await finalOf(carrier, carrier.request('INVITE', uri, { to, headers }));
    for (let live = 0; live < countIn(question.live); live++) {
      const call = await carrier.invite(uri, { to, headers: { ...headers, 'X-Hold': 'yes' } });
      await call.answered();
      this.#calls.push(call);
    }
    return this.#arrives(carrier, carrier.request('INVITE', uri, { to, headers }));
  }

  async #hold(phone: Phone): Promise<SipCall> {
    const call = await phone.invite('1002', { headers: { 'X-Hold': 'yes' } });
    await call.answered();
    this.#calls.push(call);
    return call;
  }

  /** Whatever it is answered: did the PBX see it? */
  async #arrives(party: SipParty, sent: SipText): Promise<Asked> {
    await finalOf(party, sent, this.#patience);
    const arrived = this.#pbx.received.some(
      ({ callId, method }) => callId === sent.callId && method === sent.method,
    );
    return { callId: sent.callId, arrived };
  }

  async #registered(question: Question, extension: string): Promise<Phone> {
    const phone = await this.#phone(question, extension, true);
    const { userAgent } = question;
    await phone.register({ headers: userAgent === undefined ? {} : { 'User-Agent': userAgent } });
    return phone;
  }

  async #phone(question: Question, user = '1001', answersChallenges = false): Promise<Phone> {
    const { source, transport = 'udp', registerName, domain } = question;
    if (source === undefined) throw new Error('a row has a source');
    const phone = await aPhone({
      ...{ transport, user, address: source },
      to: transport === 'udp' ? this.#gate.udp : this.#gate.tcp,
      ...(answersChallenges && { password: 'secret' }),
      ...(registerName !== undefined && { registerName }),
      ...(domain !== undefined && { domain }),
    });
    this.#phones.push(phone);
    return phone;
  }

  async #moveClock({ at }: Question): Promise<void> {
    const moment = at === undefined ? undefined : readInstant(at, 'UTC');
    if (moment === undefined) return;
    this.#ahead = moment + 30_000 - Date.now();
    writeFileSync(this.#clock, String(this.#ahead));
    await sleep(100);
  }
}

/** The block list counts what it refuses by itself: there is an entry with its hits, and no event. */
const untold = ({ ask }: Row): string => (ask.blocked === true ? 'source-blocked' : 'nothing');

const finalOf = (
  party: SipParty,
  sent: SipText,
  within = REFUSED_WITHIN_MS,
): Promise<Received | undefined> => party.finalAnswer(sent, within).catch(() => undefined);

const isAsExpected = ({ row, became, shadow }: Outcome): boolean =>
  became === row.expect && isDeepStrictEqual(shadow, row.shadow);

/** How many a question assumes, under whatever key. */
const countIn = (counts: Question['live']): number =>
  typeof counts === 'object' ? (Object.values(counts)[0] ?? 0) : (counts ?? 0);

function headersOf(question: Question, host: string): HeaderValues {
  const {
    from,
    fromTag = crypto.randomUUID(),
    userAgent,
    asserted,
    headerLines,
    anonymous,
  } = question;
  const user = from === undefined ? undefined : encodeURIComponent(from).replace('%2B', '+');
  const shown = anonymous === true ? '<sip:anonymous@anonymous.invalid>' : `<sip:${user}@${host}>`;
  return {
    ...((from !== undefined || question.fromTag !== undefined) && {
      From: `${user === undefined ? `<sip:1001@${host}>` : shown};tag=${fromTag}`,
    }),
    ...(userAgent !== undefined && { 'User-Agent': userAgent }),
    ...(asserted !== undefined && { 'P-Asserted-Identity': `<sip:${asserted}@${host}>` }),
    ...(headerLines !== undefined && {
      'X-Filler': new Array<string>(headerLines - USUAL_HEADER_LINES).fill('x'),
    }),
  };
}
