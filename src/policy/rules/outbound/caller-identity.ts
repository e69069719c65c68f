import { z } from 'zod';
import type { ExtensionProfile } from '../../extension-profile.ts';
import type { CallFacts, Identity } from '../../facts.ts';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import type { Site } from '../../site.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  anonymous: z
    .boolean()
    .default(true)
    .describe('may an extension call without showing its number (RFC 3323)'),
  answer: answerOption(403),
});

/** Is it the extension's number, one of its `identities`, or none at all? `030 123456` and `+4930123456` are one. */
export function isOwnNumber(
  user: string,
  extension: string | undefined,
  { identities }: Pick<ExtensionProfile, 'identities'>,
  { readDialled }: Pick<Site, 'readDialled'>,
): boolean {
  if (user === extension || user.toLowerCase() === 'anonymous') return true;
  if (identities === undefined || user === '') return false;
  if (identities.includes(user)) return true;
  const { e164 } = readDialled(user);
  return e164 !== undefined && identities.some((own) => readDialled(own).e164 === e164);
}

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
  create({ anonymous, answer }, site) {
    const { extensions } = site;
    const notOwn = refuse(answer, 'caller-not-own');
    const hidden = refuse(answer, 'caller-hidden');

    const isOwn = ({ user, header }: Identity, { extension, profile }: CallFacts): boolean => {
      if (user === undefined) return false;
      if (user === '' && header === 'From') return true;
      return isOwnNumber(user, extension, profile, site);
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
