import { z } from 'zod';
import { readInstant } from './asking/instant.ts';
import type { PacketFacts, RequestFacts, Source } from './facts.ts';
import { source } from './forms.ts';
import { Networks } from './networks.ts';

const exception = z
  .strictObject({
    rule: z.string().min(1).describe('the rule that does not count: allowed-countries'),
    extension: z.string().min(1).optional().describe('for this extension'),
    group: z.string().min(1).optional().describe('for the extensions of this group'),
    source: source.optional().describe('for requests from this address or network'),
    until: z
      .string()
      .min(1)
      .describe('when it ends: 2026-12-01 18:00 in the time of the site, or with Z or an offset'),
    why: z.string().min(1).max(200).describe('why, for whoever reads it later'),
    by: z.string().min(1).max(80).optional().describe('who allowed it'),
  })
  .refine(
    ({ extension, group, source }) => (extension ?? group ?? source) !== undefined,
    'at least one of extension, group and source: an exception for everybody is a mode of the rule',
  );

/** X5: timed, named exceptions to single rules. They end by themselves. */
export const exceptionsSchema = z
  .record(z.string().min(1).max(64), exception)
  .default({})
  .describe('by name: a rule that does not count for somebody until a moment');
export type ExceptionsSettings = z.output<typeof exceptionsSchema>;
type ExceptionSettings = z.output<typeof exception>;

export interface Exception extends ExceptionSettings {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

/** All of them, also those that have ended. */
export const exceptionsOf = (
  settings: ExceptionsSettings,
  timeZone: string,
): readonly Exception[] =>
  Object.entries(settings).map(([name, one]) => ({
    ...one,
    name,
    endsAt: readInstant(one.until, timeZone) ?? 0,
  }));

interface Compiled extends Exception {
  readonly network: Networks | undefined;
}
type ByExtension = Pick<RequestFacts, 'extension' | 'profile'>;

/** Of a packet its source; of a request also by whom it is. */
export type Concerned = Pick<PacketFacts, 'at'> & {
  readonly source: Pick<Source, 'address'>;
} & (ByExtension | object);

/** Which rules do not count for whom, for how long yet. Asked after a refusal only. */
export class Exceptions {
  readonly #byRule: ReadonlyMap<string, readonly Compiled[]>;

  constructor(settings: ExceptionsSettings, timeZone: string) {
    const compiled = exceptionsOf(settings, timeZone).map((one) => ({
      ...one,
      network: one.source === undefined ? undefined : new Networks([one.source]),
    }));
    this.#byRule = Map.groupBy(compiled, ({ rule }) => rule);
  }

  /** The name of the exception that lets these facts through. */
  find(rule: string, facts: Concerned): string | undefined {
    return this.#byRule.get(rule)?.find((one) => facts.at < one.endsAt && isFor(one, facts))?.name;
  }

  /** When the last of those ends; undefined where there is none. */
  endOf(rule: string, facts: Concerned): number | undefined {
    let end: number | undefined;
    for (const one of this.#byRule.get(rule) ?? [])
      if (facts.at < one.endsAt && isFor(one, facts)) end = Math.max(end ?? 0, one.endsAt);
    return end;
  }
}

function isFor({ extension, group, network }: Compiled, facts: Concerned): boolean {
  if (network !== undefined && network.find(facts.source.address) === undefined) return false;
  if (extension === undefined && group === undefined) return true;
  if (!isRequest(facts)) return false;
  if (extension !== undefined && extension !== facts.extension) return false;
  return group === undefined || facts.profile.groups.includes(group);
}

const isRequest = (facts: Concerned): facts is Concerned & ByExtension => 'profile' in facts;
