import { aMoment, type Scene } from './scene.ts';
import { OUTSIDE, type Town } from './town.ts';

/** What people do: all of it passes. */
export const calls: readonly Scene[] = [
  {
    title: 'Anna registers over TLS, Ben over UDP',
    ends: 'passes',
    async play({ anna, ben }) {
      await anna.register();
      await ben.register();
      return 'the PBX has checked both passwords';
    },
  },
  { title: 'Anna calls Ben', ends: 'passes', play: annaCallsBen },
  {
    title: 'Ben calls Munich, over the carrier',
    ends: 'passes',
    async play({ ben, gate, carrier }) {
      const call = await ben.invite(`sip:${OUTSIDE}0891234567@${gate.address}`);
      await call.answered();
      await aMoment();
      await call.bye();
      const heard = carrier.received.find(({ method }) => method === 'INVITE');
      return `the carrier was sent ${heard?.uri?.replace(/^sips?:|@.*/g, '') ?? 'nothing'}`;
    },
  },
  {
    title: 'The carrier brings a call for Anna',
    ends: 'passes',
    async play({ anna, carrier, gate }) {
      const call = await carrier.invite(`sip:1001@${gate.address}`, { to: gate.udp });
      const answering = anna.accept(await anna.expect('INVITE'));
      await call.answered();
      await answering;
      await aMoment();
      await hangUp(anna, () => call.bye());
      return 'it reached her over her own TLS connection';
    },
  },
];

async function annaCallsBen({ anna, ben }: Town): Promise<string> {
  const call = await anna.invite('1002');
  const answering = ben.accept(await ben.expect('INVITE'));
  await call.answered();
  await answering;
  await aMoment();
  await hangUp(ben, () => call.bye());
  return 'it rang, they talked, she hung up';
}

async function hangUp(other: Town['anna'], bye: () => Promise<unknown>): Promise<void> {
  const heard = other.expect('BYE').then((request) => other.answer(request, 200));
  await bye();
  await heard;
}

/** What the attacks must not have changed. */
export const afterwards: readonly Scene[] = [
  { title: 'Anna calls Ben again', ends: 'passes', play: annaCallsBen },
];
