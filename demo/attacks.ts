import { flood } from '../test/support/flood.ts';
import { aMoment, refusalOf, type Scene, statusOf } from './scene.ts';
import { OUTSIDE, type Town } from './town.ts';

/** What attackers do, from outside and through a phone that they got hold of: all of it is stopped. */
export const attacks: readonly Scene[] = [
  {
    title: 'A scanner asks who is here (friendly-scanner)',
    ends: 'stopped',
    async play(town) {
      const source = town.strangerAddress();
      const tool = await town.phone({ address: source });
      const asked = tool.request('OPTIONS', `sip:100@${town.gate.address}`, {
        headers: { 'User-Agent': 'friendly-scanner' },
      });
      return heard(await statusOf(tool, asked), await refusalOf(town, { source }, ['scanner']));
    },
  },
  {
    title: 'A stranger calls Havana, without a registration',
    ends: 'stopped',
    async play(town) {
      const source = town.strangerAddress();
      const stranger = await town.phone({ user: '1001', address: source });
      const call = await stranger.invite(`sip:${OUTSIDE}005372041234@${town.gate.address}`);
      const status = await statusOf(stranger, call.invite);
      return heard(status, await refusalOf(town, { source }, ['stranger', 'guest']));
    },
  },
  {
    title: 'Somebody tries passwords on 1001',
    ends: 'stopped',
    async play(town) {
      const source = town.strangerAddress();
      for (let tries = 1; tries <= 10; tries++) {
        const guesser = await town.phone({
          ...{ user: '1001', address: source },
          password: `${tries}`,
        });
        await guesser.tryToRegister();
      }
      const lucky = await town.phone({
        ...{ user: '1001', address: source },
        password: 'secret1001',
      });
      const { status } = await lucky.tryToRegister();
      const why = await refusalOf(town, { source }, ['locked-out']);
      return `the 11th was right: ${heard(String(status), why)}`;
    },
  },
  {
    title: 'Somebody looks which extensions there are',
    ends: 'stopped',
    async play(town) {
      const source = town.strangerAddress();
      const answers = new Set<string>();
      for (const user of ['1003', '2000', '1004', '2001', '1005', '2002', '1006', '2003']) {
        const guesser = await town.phone({ user, password: user, address: source });
        const final = await guesser.tryToRegister({ within: 3000 }).catch(() => undefined);
        if (final === undefined) break;
        answers.add(String(final.status));
      }
      const why = await refusalOf(town, { source }, ['guessing-many-extensions', 'guessing']);
      if (answers.size !== 1) throw new Error(`expected one answer, found ${[...answers].join()}`);
      return heard(`${[...answers].join()} to all`, why);
    },
  },
  {
    title: 'A name is written for a database',
    ends: 'stopped',
    async play(town) {
      const source = town.strangerAddress();
      const attacker = await town.phone({ address: source });
      const { address } = town.gate;
      const asked = attacker.request('REGISTER', `sip:${address}`, {
        headers: { From: `<sip:1001'%20or%20'1'%3D'1@${address}>;tag=x` },
      });
      const status = await statusOf(attacker, asked);
      return heard(status, await refusalOf(town, { source }, ['message-hostile']));
    },
  },
  {
    title: 'A thousand requests in a second',
    ends: 'stopped',
    async play(town) {
      const source = town.strangerAddress();
      const pace = { burst: 50, breathMs: 50 };
      const { length: answers } = await flood(town.gate.udp, source, 1000, pace);
      const block = await town.event({ source, kind: 'blocked' });
      if (block === undefined) throw new Error('expected a block, found none');
      return `${answers} answers; blocked for ${block.seconds ?? '?'} s by ${block.rule}`;
    },
  },
  {
    title: "Ben's phone, taken over, calls 0900 1234567",
    ends: 'stopped',
    play: (town) => dialled(town, '09001234567', ['class-blocked']),
  },
  {
    title: 'and North Korea',
    ends: 'stopped',
    play: (town) => dialled(town, '0085023811234', ['country-not-allowed']),
  },
  {
    title: 'and shows the number of Anna',
    ends: 'stopped',
    async play(town) {
      const { ben, gate } = town;
      const call = await ben.invite('1003', {
        headers: { From: `"Anna" <sip:1001@${gate.address}>;tag=x` },
      });
      const { callId } = call;
      return heard(
        await statusOf(ben, call.invite),
        await refusalOf(town, { callId }, ['caller-not-own']),
      );
    },
  },
  {
    title: 'and ten numbers in a second',
    ends: 'stopped',
    async play(town) {
      const { ben } = town;
      await aMoment();
      const since = Date.now();
      const begun = await Promise.all(Array.from({ length: 10 }, () => ben.invite('1009')));
      const finals = await Promise.all(begun.map((call) => call.final()));
      const refused = finals.filter((final) => final.header('Retry-After') !== undefined).length;
      const why = await refusalOf(town, { source: ben.address, since }, ['calls-too-frequent']);
      return `${refused} of 10: ${why}`;
    },
  },
];

const heard = (status: string, why: string): string => `${status}; ${why}`;

async function dialled(
  town: Town,
  number: string,
  expected: Parameters<typeof refusalOf>[2],
): Promise<string> {
  const { ben, gate } = town;
  const call = await ben.invite(`sip:${OUTSIDE}${number}@${gate.address}`);
  const { callId } = call;
  return heard(await statusOf(ben, call.invite), await refusalOf(town, { callId }, expected));
}
