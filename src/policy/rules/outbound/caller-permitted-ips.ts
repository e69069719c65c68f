import { z } from 'zod';
import { permittedSource } from '../../permitted-source.ts';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({ answer: answerOption(403) });

/** R3. What the PBX sends out in an extension's name comes from the PBX, and was judged when it came from the extension. */
export const callerPermittedIps = defineRule({
  name: 'caller-permitted-ips',
  stage: 'outbound',
  requirement: 'R3',
  summary: 'refuses calls of an extension from outside its permitted addresses',
  reasons: ['source-not-permitted'],
  mode: 'on',
  options,
  create({ answer }, { extensions }) {
    const permitted = permittedSource(extensions, refuse(answer, 'source-not-permitted'));
    return {
      judge: (facts, counters) =>
        facts.source.realm === 'access' ? permitted.judge(facts, counters) : pass,
      explain: (facts, counters) =>
        facts.source.realm === 'access'
          ? permitted.explain(facts, counters)
          : { saw: `from the ${facts.source.realm} side` },
    };
  },
});
