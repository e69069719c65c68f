import { z } from 'zod';
import type { Counters } from '../../counters.ts';
import type { RequestFacts } from '../../facts.ts';
import { isStranger } from '../../is-stranger.ts';
import { defineRule } from '../../rule.ts';
import { answerOption, blockSecondsOption, secondsOption } from '../../rule-options.ts';
import { asked, pass, type Refused, refuse } from '../../verdict.ts';

const bucket = (perSecond: number, burst: number, what: string) =>
  z
    .strictObject({
      perSecond: z.number().min(0.01).max(100_000).default(perSecond).describe('in the long run'),
      burst: z.int().min(1).max(1_000_000).default(burst).describe('at once'),
    })
    .prefault({})
    .describe(what);
type Bucket = z.output<ReturnType<typeof bucket>>;

const buckets = (
  register: readonly [number, number],
  invite: readonly [number, number],
  other: readonly [number, number],
) =>
  z
    .strictObject({
      register: bucket(...register, 'REGISTER'),
      invite: bucket(...invite, 'INVITE that begins a call'),
      other: bucket(...other, 'everything else'),
    })
    .prefault({});
type Buckets = z.output<ReturnType<typeof buckets>>;

const options = z.strictObject({
  strangers: buckets([10, 60], [2, 20], [5, 30]).describe(
    'for each address nobody registered from',
  ),
  sites: buckets([100, 1000], [20, 100], [50, 500]).describe(
    'for each address that phones are registered from, and whatever else comes from there',
  ),
  phones: buckets([5, 30], [10, 50], [30, 150]).describe(
    'for each registered phone, by its address and port or its connection',
  ),
  answer: answerOption(503),
  retryAfterSeconds: secondsOption(10, 'with a status: when to try again'),
  blockAfter: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(200)
    .describe('so many refusals within a minute, and a stranger is blocked'),
  blockSeconds: blockSecondsOption(3600),
});

type Kind = 'register' | 'invite' | 'other';
const MINUTE = 60;

/**
 * N7. Every phone that is registered has a bucket of its own, so nobody behind the same NAT takes anything from it; the
 * rest share that of the address. An office of 250 phones that comes back after an outage finds room for all of them at
 * once. Who forges a phone's address over UDP, its port included, empties one bucket of two: what comes beyond it is
 * challenged, and who answers that has another, which nobody can empty for him (N12).
 */
export const requestRates = defineRule({
  name: 'request-rates',
  stage: 'network',
  requirement: 'N7',
  summary: 'refuses requests that come faster than the allowance of their source, then blocks it',
  reasons: ['request-rate'],
  mode: 'on',
  options,
  create({ strangers, sites, phones, answer, retryAfterSeconds, blockAfter, blockSeconds }) {
    const more = answer === 'silence' ? {} : { retryAfterSeconds };
    const refusal = refuse(answer, 'request-rate', more);
    const prove = asked('request-rate');
    const blocking: Refused =
      blockSeconds === 0
        ? refusal
        : refuse('silence', 'request-rate', { block: { seconds: blockSeconds } });
    const limitsOf = (facts: RequestFacts): { readonly who: Who; readonly buckets: Buckets } => {
      if (facts.source.tier !== 'unknown') return { who: 'phones', buckets: phones };
      return facts.source.familiar
        ? { who: 'sites', buckets: sites }
        : { who: 'strangers', buckets: strangers };
    };
    const take = (facts: RequestFacts, counters: Counters): boolean => {
      const { who, buckets: limits } = limitsOf(facts);
      const kind = kindOf(facts);
      const { perSecond, burst } = limits[kind];
      return counters.take(keyOf(facts, who, kind), perSecond, burst, facts.at);
    };
    return {
      judge(facts, counters) {
        // what is said inside a call of somebody we know ends it or keeps it alive
        if (facts.inDialog && !beginsCall(facts) && facts.source.tier !== 'unknown') return pass;
        if (take(facts, counters)) return pass;
        if (!isStranger(facts.source)) return facts.doubtful ? prove : refusal;
        const refusals = counters.packets('refused', facts.source.key, MINUTE, facts.at);
        return refusals > blockAfter ? blocking : refusal;
      },
      explain(facts, counters) {
        const { who, buckets: limits } = limitsOf(facts);
        const kind = kindOf(facts);
        const { perSecond, burst }: Bucket = limits[kind];
        const left = take(facts, counters);
        return {
          saw: `${facts.method} ${who === 'phones' ? 'of a phone that is registered' : `from ${facts.source.key}`}, ${left ? 'within' : 'beyond'} ${perSecond} a second and ${burst} at once`,
          setting: ['network', 'request-rates', who, kind],
          ...(!left && {
            flip: facts.doubtful
              ? 'answer the challenge that this one is given'
              : 'fewer requests, or its address among network.allowed',
          }),
        };
      },
    };
  },
});

type Who = 'strangers' | 'sites' | 'phones';

function kindOf(facts: RequestFacts): Kind {
  if (facts.method === 'REGISTER') return 'register';
  return beginsCall(facts) ? 'invite' : 'other';
}

/** Also one that only says it is inside a call: over UDP anybody writes a tag and a Route. In a call that is here none is in doubt. */
const beginsCall = ({ method, inDialog, doubtful }: RequestFacts): boolean =>
  method === 'INVITE' && (!inDialog || doubtful);

function keyOf({ source, doubtful }: RequestFacts, who: Who, kind: Kind): string {
  if (who === 'strangers') return `${kind} ${source.key}`;
  const sender = who === 'phones' ? `${source.address} ${source.port}` : source.key;
  return doubtful ? `${kind} ${sender} in doubt` : `${kind} ${sender}`;
}
