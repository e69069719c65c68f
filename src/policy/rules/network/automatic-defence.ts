import { z } from 'zod';
import type { PacketFacts, Source } from '../../facts.ts';
import { isStranger } from '../../is-stranger.ts';
import { defineRule } from '../../rule.ts';
import { blockFor, blockSecondsOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const rate = z.strictObject({
  port: z.int().min(1).max(65_535).describe('the port of the gate'),
  protocol: z.enum(['udp', 'tcp']).describe('udp, or tcp for all that runs over it'),
  packets: z.int().min(1).max(1_000_000).describe('how many there may be'),
  seconds: z.int().min(1).max(3600).describe('within so many seconds'),
});

const options = z.strictObject({
  rates: z
    .array(rate)
    .max(16)
    .default([
      { port: 5060, protocol: 'udp', packets: 120, seconds: 60 },
      { port: 5060, protocol: 'udp', packets: 40, seconds: 2 },
      { port: 5061, protocol: 'tcp', packets: 80, seconds: 2 },
    ])
    .describe(
      'how many packets one stranger may send to a port; over TCP and TLS connections and messages count',
    ),
  blockSeconds: blockSecondsOption(3600),
});

/**
 * N6. For strangers only: an address that phones are registered from is left alone, or an office that comes back
 * after an outage would be blocked. A hundred phones behind a new address get in one after the other.
 */
export const automaticDefence = defineRule({
  name: 'automatic-defence',
  stage: 'packet',
  requirement: 'N6',
  summary: 'blocks a stranger who sends too many packets',
  reasons: ['packet-rate'],
  mode: 'on',
  options,
  create({ rates, blockSeconds }) {
    const limits = rates.map(({ port, protocol, packets, seconds }) => ({
      port,
      udp: protocol === 'udp',
      kind: `${port}/${protocol}`,
      packets,
      seconds,
    }));
    const refusal = refuse('silence', 'packet-rate', blockFor(blockSeconds));
    const isFor = ({ port, udp }: { port: number; udp: boolean }, source: Source) =>
      port === source.toPort && udp === (source.transport === 'udp');
    return {
      judge({ at, source }: PacketFacts, counters) {
        for (let index = 0; index < limits.length; index++) {
          const limit = limits[index];
          if (limit === undefined || !isFor(limit, source)) continue;
          const { kind, packets, seconds } = limit;
          if (counters.packets(kind, source.key, seconds, at) > packets)
            return isStranger(source) ? refusal : pass;
        }
        return pass;
      },
      explain({ at, source }, counters) {
        const counted = limits
          .map((limit, index) => ({
            ...limit,
            index,
            count: isFor(limit, source)
              ? counters.packets(limit.kind, source.key, limit.seconds, at)
              : 0,
          }))
          .filter((limit) => isFor(limit, source));
        const crossed = counted.find(({ count, packets }) => count > packets);
        const shown = crossed === undefined ? counted : [crossed];
        return {
          saw:
            shown.length === 0
              ? `no rate for port ${source.toPort} over ${source.transport}`
              : `${shown
                  .map(
                    ({ kind, count, packets, seconds }) =>
                      `${count} packets to ${kind} in ${seconds} s, ${packets} allowed`,
                  )
                  .join('; ')}${isStranger(source) ? '' : ', phones are registered from there'}`,
          ...(crossed && {
            setting: ['network', 'automatic-defence', 'rates', crossed.index],
            flip: 'fewer packets, or its address among network.allowed',
          }),
        };
      },
    };
  },
});
