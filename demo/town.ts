import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EventFilter, searchEvents } from '../src/control/events/events-database.ts';
import type { GateEvent } from '../src/data/event.ts';
import { aPbx, type Pbx } from '../test/support/a-pbx.ts';
import { aPhone, type Phone, type PhoneOptions } from '../test/support/a-phone.ts';
import { type Asterisk, startAsterisk } from '../test/support/asterisk.ts';
import { type Gate, startGate } from '../test/support/gate-process.ts';
import { ownPorts } from '../test/support/own-address.ts';
import { sdp } from '../test/support/sip-call.ts';

/** Dialled first for an outside line: the Asterisk here sends what follows to the carrier. */
export const OUTSIDE = '8';
const trunkSecret = 'only-for-the-demo-on-loopback';

/** Everybody who takes part, each with an address of his own on this machine. */
export interface Town extends AsyncDisposable {
  readonly asterisk: Asterisk;
  readonly gate: Gate;
  readonly carrier: Pbx;
  /** 1001, over TLS. */
  readonly anna: Phone;
  /** 1002, over UDP. */
  readonly ben: Phone;
  /** An address that nobody has used yet: attackers come from there. */
  strangerAddress(): string;
  /** A phone that may say anything, gone with the town. */
  phone(options: Omit<PhoneOptions, 'to'>): Promise<Phone>;
  /** The newest event like that, as soon as there is one; undefined when none comes. */
  event(
    filter: EventFilter,
    isMeant?: (event: GateEvent) => boolean,
  ): Promise<GateEvent | undefined>;
}

/** Builds it; what was begun is taken down again when it cannot be finished, or when `signal` says so. */
export async function buildTown(signal: AbortSignal): Promise<Town> {
  await using undo = new AsyncDisposableStack();
  const { pid } = process;
  const at = (host: number): string => `127.${64 + ((pid >> 8) % 64)}.${pid & 255}.${host}`;
  const address = at(1);
  const asterisk = await startAsterisk({
    ...{ address: at(2), edge: `${address}:${ownPorts.sip}`, edgeSecret: trunkSecret },
  });
  undo.defer(() => asterisk.close());
  signal.throwIfAborted();
  const carrier = await aPbx({ address: at(3), port: ownPorts.sip, user: '+4989123456' });
  undo.defer(() => carrier.close());
  carrier.always('INVITE', (invite) => carrier.answer(invite, 200, { body: sdp(carrier.address) }));
  carrier.always('ACK', () => {});
  carrier.always('BYE', (bye) => carrier.answer(bye, 200));
  const gate = await startGate({
    ...{ pbx: asterisk.uri, address, rules: 'shipped' },
    environment: { DRAWBRIDGE_PBX_SECRET: trunkSecret },
    settings: {
      'site.homeCountry': 'DE',
      'site.dialPlan.outsidePrefix': `"${OUTSIDE}"`,
      'site.localNetworks': `[${at(0)}/27]`,
      'pbx.trunkHeader': `{name: X-Edge-Secret, value: "\${DRAWBRIDGE_PBX_SECRET}"}`,
    },
    flags: ['--trunk', `carrier=${carrier.uri}`],
  });
  undo.defer(() => gate.close());
  signal.throwIfAborted();
  const phones: Phone[] = [];
  undo.defer(async () => void (await Promise.all(phones.map((one) => one.close()))));
  const phone = async (options: Omit<PhoneOptions, 'to'>): Promise<Phone> => {
    const one = await aPhone({ ...options, to: gate[options.transport ?? 'udp'] });
    phones.push(one);
    return one;
  };
  const anna = await phone({
    ...{ user: '1001', password: 'secret1001', transport: 'tls', address: at(11) },
  });
  const ben = await phone({ user: '1002', password: 'secret1002', address: at(12) });
  let strangers = 65;
  const all = undo.move();
  return {
    ...{ asterisk, gate, carrier, anna, ben, phone },
    strangerAddress() {
      strangers += 1;
      return at(strangers);
    },
    async event(filter, isMeant = () => true) {
      const giveUpAt = performance.now() + 5000;
      while (performance.now() < giveUpAt) {
        const newest = searchEvents(join(gate.data, 'events.db'), filter, 50);
        const found = newest.findLast(({ event }) => isMeant(event));
        if (found !== undefined) return found.event;
        await sleep(100);
      }
      return undefined;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
