import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({ answer: answerOption(403) });

/** I1. A trunk is known by its address, and by its certificate too when `trunks` names one; an address can be forged. */
export const trunkCertificates = defineRule({
  name: 'trunk-certificates',
  stage: 'inbound',
  methods: 'all',
  requirement: 'I1',
  summary: "refuses what comes from a trunk's address without the certificate set for the trunk",
  reasons: ['trunk-not-certified'],
  mode: 'on',
  options,
  create({ answer }) {
    const refusal = refuse(answer, 'trunk-not-certified');
    return {
      judge: ({ trunkCertified }) => (trunkCertified ? pass : refusal),
      explain: ({ trunk, trunkCertified, source: { certificateNames } }) => ({
        saw: `${trunk ?? 'no trunk'}, ${certificateNames.length === 0 ? 'no certificate' : `certificate of ${certificateNames.join(' ')}`}, ${trunkCertified ? 'as set' : 'not the one that is set'}`,
        setting: ['trunks'],
        flip: 'connect by TLS with that certificate, or take certificateName out of the trunk',
      }),
    };
  },
});
