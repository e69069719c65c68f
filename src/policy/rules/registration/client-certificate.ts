import { z } from 'zod';
import { matchesCertificateName } from '../../certificate-name.ts';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import { pass, refuseRegistration } from '../../verdict.ts';

const options = z.strictObject({
  ports: z
    .array(z.int().min(1).max(65_535))
    .default([])
    .describe(
      'ports of listeners where every extension needs a verified client certificate; the listener must ask for one (clientCertificate in routes/listeners.yaml)',
    ),
  answer: registrationAnswerOption(),
});

/**
 * R11. The listener has verified the certificate; here its names are held against what the extension says. Without a
 * certificate over UDP or TCP there are no names, so an extension with one set registers over TLS only.
 */
export const clientCertificate = defineRule({
  name: 'client-certificate',
  stage: 'registration',
  requirement: 'R11',
  summary: 'refuses an extension whose client certificate is missing or has another name',
  reasons: ['certificate-wrong'],
  mode: 'on',
  options,
  create({ ports, answer }, { extensions }) {
    const refusal = refuseRegistration(answer, 'certificate-wrong');
    return {
      judge({ extension, profile: { certificateName }, source }) {
        if (certificateName !== undefined)
          return matchesCertificateName(certificateName, extension, source.certificateNames)
            ? pass
            : refusal;
        return source.certificateNames.length === 0 && ports.includes(source.toPort)
          ? refusal
          : pass;
      },
      explain({ extension, profile: { certificateName }, source }) {
        const shown = source.certificateNames.join(' ') || 'no client certificate';
        if (certificateName !== undefined)
          return {
            saw: `${shown}, wanted ${certificateName.replaceAll('{extension}', extension)}`,
            setting: extensions.whereSet(extension, 'certificateName'),
            flip: 'a certificate with that name, over TLS',
          };
        const needed = ports.includes(source.toPort);
        return {
          saw: `${shown}, ${needed ? '' : 'none '}needed on port ${source.toPort}`,
          setting: ['registration', 'client-certificate', 'ports'],
          flip: 'any verified client certificate',
        };
      },
    };
  },
});
