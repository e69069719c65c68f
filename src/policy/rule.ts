import type { z } from 'zod';
import type { Counters } from './counters.ts';
import type { Stage, StageFacts } from './facts.ts';
import type { Reason } from './reasons.ts';
import type { Site } from './site.ts';
import type { Verdict } from './verdict.ts';

/** `on` acts; `shadow` judges and counts, and lets through; `off` is not asked. */
export type Mode = 'on' | 'shadow' | 'off';

const order: readonly Mode[] = ['off', 'shadow', 'on'];

/** The one of the two that does less. */
export const least = (a: Mode, b: Mode): Mode => (order.indexOf(a) < order.indexOf(b) ? a : b);

/** One rule, ready to be asked. */
export interface Rule<Facts> {
  /** Quick, and without effect but for the counters. */
  judge(facts: Facts, counters: Counters): Verdict;
  /** For people: asked after a refusal, and by `explain`; never for a request that passes. */
  explain(facts: Facts, counters: Counters): Explanation;
}

export interface Explanation {
  /** What the rule looked at, with its value: `country KP, allowed DE AT`. */
  readonly saw: string;
  /**
   * The setting that decides, from the top: `['outbound', 'allowed-countries', 'countries']`. Where the operator said
   * nothing it is the place where it could be said. The rule's own block when not given.
   */
  readonly setting?: SettingPath | undefined;
  /** What would turn a refusal into a pass. */
  readonly flip?: string;
}

export type SettingPath = readonly (string | number)[];

/** Everything that is true of a rule, in one file: its name, its options, its reasons, what it does. */
export interface RuleDefinition<S extends Stage, Shape extends z.ZodRawShape> {
  /** The key it has in policies/*.yaml; its file and its export are the same words. */
  readonly name: string;
  /** What of it is asked, and when. */
  readonly stage: S;
  /** Of which requests it is asked, at the stages of calls. A call, an INVITE, when not given. */
  readonly methods?: readonly string[] | 'all';
  /** The requirement it keeps: `O5`. */
  readonly requirement: string;
  /** One line for the operator: what it refuses. */
  readonly summary: string;
  /** Everything it may give as a reason. */
  readonly reasons: readonly Reason[];
  /** Without a word from the operator. */
  readonly mode: Mode;
  /** Its options, each with a default and a description. `mode` is added to them. */
  readonly options: z.ZodObject<Shape, z.core.$strict>;
  /** Once per reload: what is expensive happens here. */
  create(options: z.output<z.ZodObject<Shape, z.core.$strict>>, site: Site): Rule<StageFacts[S]>;
}

/** Identity at runtime; infers the options from the schema, so that a rule states its shape once. */
export const defineRule = <S extends Stage, Shape extends z.ZodRawShape>(
  definition: RuleDefinition<S, Shape>,
): RuleDefinition<S, Shape> => definition;
