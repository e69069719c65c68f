import { z } from 'zod';
import type { CallFacts, Identity } from '../../facts.ts';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  anonymous: z
    .boolean()
    .default(true)
    .describe('may an extension call without showing its number (RFC 3323)'),
  answer: answerOption(403),
});

/**
 * O12. Who calls is known by its registration; what From, P-Asserted-Identity, P-Preferred-Identity and Remote-Party-ID
 * say must be that extension's number or one of its `identities`. Display names are free: no PBX bills by them. The
 * domain is free too, because phones write there whatever they call the PBX by. Nor may its credentials name another extension:
 * a PBX that goes by these, as Asterisk may, would call in that one's name what was judged in this one's.
 */
export const callerIdentity = defineRule({
  name: 'caller-identity',
  stage: 'outbound',
  methods: 'all',
  requirement: 'O12',
  summary: "refuses a caller's number that is not the extension's own",
  reasons: ['caller-not-own', 'caller-hidden'],
  mode: 'on',
  options,
  create({ anonymous, answer }, { extensions, readDialled }) {
    const notOwn = refuse(answer, 'caller-not-own');
    const hidden = refuse(answer, 'caller-hidden');

    /** `030 123456` and `+4930123456` are one number. */
    const isSameNumber = (one: string, other: string): boolean => {
      const { e164 } = readDialled(one);
      return e164 !== undefined && e164 === readDialled(other).e164;
    };
    const isOwn = ({ user, header }: Identity, { extension, profile }: CallFacts): boolean => {
      if (user === undefined) return false;
      if (user === extension || user.toLowerCase() === 'anonymous') return true;
      if (user === '') return header === 'From';
      const { identities } = profile;
      return (
        identities !== undefined &&
        (identities.includes(user) || identities.some((own) => isSameNumber(own, user)))
      );
    };
    const foreign = (facts: CallFacts): Identity | undefined =>
      facts.identities.find((identity) => !isOwn(identity, facts));
    /** The PBX and a trunk show whoever calls through them. */
    const isJudged = ({ source }: CallFacts): boolean =>
      source.realm === 'access' && source.tier !== 'trusted';

    return {
      judge(facts) {
        if (!isJudged(facts)) return pass;
        if (foreign(facts) !== undefined) return notOwn;
        return facts.anonymous && !anonymous ? hidden : pass;
      },
      explain(facts) {
        const { extension, profile } = facts;
        if (!isJudged(facts)) return { saw: `a trusted source: shows whom it likes` };
        const identity = foreign(facts);
        if (identity !== undefined)
          return {
            saw: `${identity.header} shows ${identity.user ?? 'what cannot be read'}, own are ${[extension, ...(profile.identities ?? [])].join(' ')}`,
            setting: extensions.whereSet(extension, 'identities') ?? [
              'extensions',
              'defaults',
              'identities',
            ],
            flip:
              identity.user === undefined
                ? `a ${identity.header} that can be read`
                : `call as ${extension}, or add ${identity.user} to its identities`,
          };
        return facts.anonymous
          ? {
              saw: 'shows no number',
              setting: ['outbound', 'caller-identity', 'anonymous'],
              flip: 'show the number, or set anonymous to true',
            }
          : { saw: `shows ${extension}` };
      },
    };
  },
});
