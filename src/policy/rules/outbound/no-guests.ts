import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({ answer: answerOption(403) });

/** O1. Only who registered may call, from the very source it registered from; the PBX and trunks are no guests. */
export const noGuests = defineRule({
  name: 'no-guests',
  stage: 'outbound',
  requirement: 'O1',
  summary: 'refuses calls from a source that holds no registration for the extension',
  reasons: ['guest'],
  mode: 'on',
  options,
  create({ answer }) {
    const refusal = refuse(answer, 'guest');
    return {
      judge: ({ registered, source }) =>
        registered || source.realm !== 'access' || source.tier === 'trusted' ? pass : refusal,
      explain: ({ registered, extension, source }) => ({
        saw: `${extension ?? 'nobody'} ${registered ? 'is registered' : 'is not registered'} from ${source.address}:${source.port}`,
        flip: 'register first, from the same address and port or connection',
      }),
    };
  },
});
