import { z } from 'zod';
import type { Source } from '../../facts.ts';
import { Networks } from '../../networks.ts';
import { defineRule } from '../../rule.ts';
import { networksOption } from '../../rule-options.ts';
import { accept, pass, refuse } from '../../verdict.ts';

const ports = z
  .union([
    z.int().min(1).max(65_535),
    z.string().regex(/^\d{1,5}(-\d{1,5})?$/, 'a port or a range of ports: 5060 or 5060-5069'),
  ])
  .refine((given) => {
    const { first, last } = portsOf(given);
    return first >= 1 && last <= 65_535 && first <= last;
  }, 'ports from 1 to 65535, the lower one first')
  .nullable()
  .default(null)
  .describe('of the gate: 5060 or 5060-5069; null: any');

const options = z.strictObject({
  rules: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(64).describe('what it is called in events'),
        action: z.enum(['accept', 'drop']).describe('accept, and ask no other; or drop'),
        protocol: z
          .enum(['any', 'udp', 'tcp', 'tls', 'ws', 'wss'])
          .default('any')
          .describe('any, udp, tcp, tls, ws or wss'),
        ports,
        sources: networksOption.default([]).describe('addresses and networks; empty: any'),
      }),
    )
    .max(256)
    .default([])
    .describe('in order: the first that fits decides'),
});

/** N5. What it accepts is on the accept list: neither its country nor `drop-all` is asked then. */
export const firewall = defineRule({
  name: 'firewall',
  stage: 'packet',
  requirement: 'N5',
  summary: 'accepts or drops by protocol, port and source, by rules of its own',
  reasons: ['firewall'],
  mode: 'on',
  options,
  create({ rules }) {
    const refusal = refuse('silence', 'firewall');
    const compiled = rules.map(({ name, action, protocol, ports: given, sources }) => ({
      name,
      action,
      protocol,
      ...portsOf(given),
      networks: sources.length === 0 ? undefined : new Networks(sources),
    }));
    const fitting = (source: Source): number => {
      for (let index = 0; index < compiled.length; index++) {
        const rule = compiled[index];
        if (rule === undefined) break;
        const { protocol, first, last, networks } = rule;
        if (protocol !== 'any' && protocol !== source.transport) continue;
        if (source.toPort < first || source.toPort > last) continue;
        if (networks === undefined || networks.find(source.address) !== undefined) return index;
      }
      return -1;
    };
    return {
      judge({ source }) {
        const index = fitting(source);
        if (index < 0) return pass; // V8 would look an element of that number up by its name
        return compiled[index]?.action === 'accept' ? accept : refusal;
      },
      explain({ source }) {
        const index = fitting(source);
        const rule = compiled[index];
        const what = `${source.address} over ${source.transport} to port ${source.toPort}`;
        if (rule === undefined) return { saw: `${what}: no rule fits` };
        return {
          saw: `${what}: ${rule.action} by "${rule.name}"`,
          setting: ['network', 'firewall', 'rules', index],
          ...(rule.action === 'drop' && { flip: `accept it by a rule before "${rule.name}"` }),
        };
      },
    };
  },
});

function portsOf(given: number | string | null): { first: number; last: number } {
  if (given === null) return { first: 0, last: 65_535 };
  const [first = '', last = first] = String(given).split('-');
  return { first: Number(first), last: Number(last) };
}
