import { z } from 'zod';
import type { RequestFacts } from '../../facts.ts';
import { defineRule } from '../../rule.ts';
import { answerOption, blockFor, blockSecondsOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';
import { hostileIn } from './hostile-text.ts';

const options = z.strictObject({
  headerLines: z
    .int()
    .min(20)
    .max(512)
    .default(100)
    .describe('more lines than this are a header bomb'),
  headBytes: z
    .int()
    .min(2000)
    .max(65_535)
    .default(16_384)
    .describe('so are more bytes than this before the body'),
  answer: answerOption('silence'),
  blockSeconds: blockSecondsOption(3600),
});

interface Found {
  readonly what: string;
  readonly option?: 'headerLines' | 'headBytes';
}

/**
 * N9. Whoever writes SQL, control characters or scripts into a name means the PBX behind us, its database or whoever
 * looks at its web page. What is no sound SIP at all never comes as far as this: `broken-messages`.
 */
export const hostileMessages = defineRule({
  name: 'hostile-messages',
  stage: 'network',
  requirement: 'N9',
  summary: 'refuses and blocks header bombs, and SQL, scripts or control characters in names',
  reasons: ['message-hostile'],
  mode: 'on',
  options,
  create({ headerLines, headBytes, answer, blockSeconds }) {
    const refusal = refuse(answer, 'message-hostile', blockFor(blockSeconds));
    const find = (facts: RequestFacts): Found | undefined => {
      if (facts.headerLines > headerLines)
        return { what: `${facts.headerLines} header lines`, option: 'headerLines' };
      if (facts.headBytes > headBytes)
        return { what: `${facts.headBytes} bytes of headers`, option: 'headBytes' };
      if (facts.harmless === true) return undefined;
      const from = hostileIn(facts.from);
      if (from !== undefined) return { what: `${from} in From` };
      const to = hostileIn(facts.to);
      if (to !== undefined) return { what: `${to} in To` };
      const asked = hostileIn(facts.requestUser);
      return asked === undefined ? undefined : { what: `${asked} in the Request-URI` };
    };
    return {
      judge: (facts) => (find(facts) === undefined ? pass : refusal),
      explain(facts) {
        const found = find(facts);
        return {
          saw: found?.what ?? 'nothing hostile in names and headers',
          ...(found?.option && { setting: ['network', 'hostile-messages', found.option] }),
          ...(found && { flip: 'a message without that' }),
        };
      },
    };
  },
});
