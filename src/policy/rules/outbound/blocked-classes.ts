import { z } from 'zod';
import type { CallFacts } from '../../facts.ts';
import { NumberLists } from '../../number-lists.ts';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  classes: z
    .array(
      z.enum([
        'premium',
        'shared-cost',
        'satellite',
        'international-network',
        'universal-access',
        'personal',
        'pager',
        'voip',
        'mobile',
        'toll-free',
      ]),
    )
    .default(['premium', 'satellite', 'international-network'])
    .describe(
      'premium, shared-cost, satellite, international-network, universal-access, personal, pager, voip, mobile, toll-free',
    ),
  highRisk: z
    .boolean()
    .default(true)
    .describe('refuse the ranges of the high-risk list (site.highRiskNumbers)'),
  exceptRanges: z
    .array(z.string().min(1))
    .default([])
    .describe('ranges of that list that may be called, by name'),
  answer: answerOption(403),
});

/**
 * O6. Numbers made to be expensive, in any country: whoever steals an extension is paid by them. Those that an
 * extension is expressly allowed it may call.
 */
export const blockedClasses = defineRule({
  name: 'blocked-classes',
  stage: 'outbound',
  methods: ['INVITE', 'MESSAGE'],
  requirement: 'O6',
  summary: 'refuses premium-rate, satellite and known high-risk numbers',
  reasons: ['class-blocked', 'number-high-risk'],
  mode: 'on',
  options,
  create({ classes, highRisk, exceptRanges, answer }, site) {
    const { extensions } = site;
    const blocked: ReadonlySet<string> = new Set(classes);
    const excepted = new Set(exceptRanges);
    const lists = new NumberLists(site);
    const ofClass = refuse(answer, 'class-blocked');
    const ofRange = refuse(answer, 'number-high-risk');
    const rangeOf = ({ dialled: { risks } }: CallFacts): string | undefined =>
      highRisk ? risks.find((name) => !excepted.has(name)) : undefined;
    const isAllowed = ({ dialled, profile }: CallFacts): boolean =>
      lists.find(profile.allowedNumbers, dialled) !== undefined;

    return {
      judge(facts) {
        const verdict = blocked.has(facts.dialled.class)
          ? ofClass
          : rangeOf(facts) === undefined
            ? pass
            : ofRange;
        return verdict === pass || !isAllowed(facts) ? verdict : pass;
      },
      explain(facts) {
        const { dialled, extension } = facts;
        const allow = 'or add the number to allowedNumbers of the extension';
        if (isAllowed(facts))
          return {
            saw: `${dialled.digits} is among the allowed numbers`,
            setting: extensions.whereSet(extension, 'allowedNumbers'),
          };
        if (blocked.has(dialled.class))
          return {
            saw: `class ${dialled.class}`,
            setting: ['outbound', 'blocked-classes', 'classes'],
            flip: `take ${dialled.class} out of the classes, ${allow}`,
          };
        const range = rangeOf(facts);
        return range === undefined
          ? { saw: `class ${dialled.class}, in no range of high risk` }
          : {
              saw: `class ${dialled.class}, in ${range}`,
              setting: ['outbound', 'blocked-classes', 'exceptRanges'],
              flip: `add ${range} to exceptRanges, ${allow}`,
            };
      },
    };
  },
});
