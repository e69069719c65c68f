import { assumedCounters } from '../policy/asking/assumed-counters.ts';
import { requestOf, type Surroundings } from '../policy/asking/imagined-facts.ts';
import { Policy } from '../policy/policy.ts';
import type { SettingPath } from '../policy/rule.ts';
import { aroundQuestion } from './around-question.ts';
import type { Loaded } from './load.ts';
import { mismatch } from './problem.ts';
import type { Settings } from './settings.ts';

/** For whom a policy must leave a way in. */
export interface OperatorCheck {
  /** Where operators sit, besides `site.operators`. */
  readonly operators: readonly string[];
  /** The operator knows what it does. */
  readonly force: boolean;
  /** What holds now: who is shut out already is no reason to refuse. */
  readonly running?: Settings;
}

/**
 * Refuses settings under which no packet of an operator would be heard any more, whatever listener it came to: by a
 * country, a firewall rule, a blocked network, or all that is dropped. The rules themselves are asked.
 */
export function refuseLockOut(
  loaded: Loaded,
  { operators, force, running }: OperatorCheck,
): Loaded {
  if (!loaded.ok || force) return loaded;
  const { settings, directories, locate } = loaded;
  const already = running && new LockOut(running);
  const now = new LockOut(settings);
  const addresses = new Set([...operators, ...settings.policy.site.operators.map(firstOf)]);
  const problems = [...addresses].flatMap((address) => {
    const found = now.of(address);
    if (found === undefined || already?.of(address) !== undefined) return [];
    const text = mismatch(
      `a policy that never hears ${address}, where an operator is: ${found.saw}`,
      'a way in for operators; --force takes it as it is',
    );
    return [{ where: locate(found.setting), key: found.setting.join('.'), text }];
  });
  return problems.length === 0 ? loaded : { ok: false, problems, directories };
}

/** A network is judged by its first address. */
const firstOf = (source: string): string => source.split('/')[0] ?? source;

interface Refusal {
  readonly saw: string;
  readonly setting: SettingPath;
}

class LockOut {
  readonly #settings: Settings;
  readonly #policy: Policy;
  readonly #around: Surroundings;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#policy = new Policy(settings.policy);
    this.#around = aroundQuestion(settings, Date.now());
  }

  /** What refuses an address at every listener; undefined where one lets it in. */
  of(address: string): Refusal | undefined {
    const { listeners, drachtio } = this.#settings;
    const open = [...listeners, ...drachtio.listeners].filter(({ realm }) => realm === 'access');
    let refusal: Refusal | undefined;
    for (const { transport, port } of open.length > 0 ? open : [usual]) {
      refusal = this.#refusal(address, transport, port);
      if (refusal === undefined) return undefined;
    }
    return refusal;
  }

  #refusal(address: string, transport: Transport, toPort: number): Refusal | undefined {
    const facts = requestOf(
      {
        method: 'REGISTER',
        source: address,
        realm: 'access',
        transport,
        toPort: toPort || usual.port,
      },
      this.#policy.site,
      this.#around,
    );
    const counters = assumedCounters({});
    for (const stage of ['packet', 'network'] as const) {
      const { verdict, rule } = this.#policy.judge(stage, facts, counters);
      if (verdict.kind === 'pass') continue;
      return this.#policy.explain(stage, facts, counters).find((step) => step.rule === rule);
    }
    return undefined;
  }
}

type Transport = Settings['listeners'][number]['transport'];
const usual = { transport: 'udp', port: 5060 } as const;
