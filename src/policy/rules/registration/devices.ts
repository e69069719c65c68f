import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import { type Adjust, pass, refuseRegistration } from '../../verdict.ts';

const options = z.strictObject({
  most: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe('devices of an extension registered at once, where it says nothing itself'),
  atLimit: z
    .enum(['refuse', 'replace'])
    .default('refuse')
    .describe(
      'the new device is refused, or replaces the one that was heard of least lately: the PBX forgets that one',
    ),
  answer: registrationAnswerOption(),
});

/**
 * R5. A device that comes back is no second one: by +sip.instance, Call-ID or Contact, and where it would be one too
 * many also by source and User-Agent, so that a phone that was unplugged need not wait for its own old registration to
 * end. What it had before is taken back at the PBX, so there are never more than allowed.
 */
export const devices = defineRule({
  name: 'devices',
  stage: 'registration',
  requirement: 'R5',
  summary: 'holds each extension to a number of registered devices',
  reasons: ['too-many-devices'],
  mode: 'on',
  options,
  create({ most, atLimit, answer }, { extensions }) {
    const refusal = refuseRegistration(answer, 'too-many-devices');
    /** One for each limit that is in use. */
    const kept = new Map<number, Adjust>();
    const keep = (devices: number): Adjust => {
      const known = kept.get(devices) ?? { kind: 'adjust', keepDevices: devices };
      kept.set(devices, known);
      return known;
    };
    return {
      judge(facts) {
        const { newDevices, returning } = facts;
        if (newDevices === 0 && !returning) return pass;
        const { profile, devices: others, alike } = facts;
        const limit = profile.devices ?? most;
        const tooMany = others + newDevices - limit;
        if (tooMany > alike && (atLimit === 'refuse' || newDevices > limit)) return refusal;
        // also where there is room: others may register while the PBX is asked
        return keep(limit);
      },
      explain({ extension, profile, newDevices, devices: others, alike }) {
        const limit = profile.devices ?? most;
        return {
          saw: `${newDevices} new, ${others} registered${alike > 0 ? ` (${alike} of the same source and User-Agent)` : ''}, ${limit} allowed`,
          setting: extensions.whereSet(extension, 'devices') ?? ['registration', 'devices', 'most'],
          flip: `devices: ${others + newDevices}, or registration.devices.atLimit: replace`,
        };
      },
    };
  },
});
