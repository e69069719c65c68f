import type { GateEvent } from '../data/event.ts';
import { type Exception, exceptionsOf } from '../policy/exceptions.ts';
import type { PolicySettings } from '../policy/policy-settings.ts';

const LOOK_EVERY_MS = 1000;

/** Tells of exceptions that begin, change and end. They end by themselves wherever they are asked for. */
export class ExceptionWatch {
  #all: readonly Exception[] = [];
  #inForce: ReadonlyMap<string, Exception> = new Map();
  readonly #tell: (event: GateEvent) => void;
  readonly #looking: NodeJS.Timeout;

  constructor(policy: PolicySettings, tell: (event: GateEvent) => void) {
    this.#tell = tell;
    this.follow(policy);
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  get inForce(): readonly Exception[] {
    return [...this.#inForce.values()];
  }

  follow({ exceptions, site }: PolicySettings): void {
    this.#all = exceptionsOf(exceptions, site.timeZone);
    this.#look();
  }

  close(): void {
    clearInterval(this.#looking);
  }

  #look(): void {
    const at = Date.now();
    const known = this.#inForce;
    this.#inForce = new Map(
      this.#all.filter(({ endsAt }) => at < endsAt).map((one) => [one.name, one]),
    );
    for (const [name, one] of this.#inForce) {
      const before = known.get(name);
      if (before === undefined) this.#say(at, one, 'in force');
      else if (JSON.stringify(before) !== JSON.stringify(one)) this.#say(at, one, 'changed');
    }
    for (const [name, one] of known)
      if (!this.#inForce.has(name)) this.#say(at, one, at < one.endsAt ? 'ended early' : 'ended');
  }

  #say(at: number, one: Exception, what: string): void {
    const { name, rule, extension, group, source, until, why, by } = one;
    const whom = [group && `group ${group}`, source && `from ${source}`].filter(Boolean);
    this.#tell({
      at,
      level: what === 'ended' ? 'info' : 'warn',
      kind: 'exception',
      count: 1,
      rule,
      exception: name,
      ...(extension !== undefined && { extension }),
      text: `${what}${whom.map((one) => `, ${one}`).join('')}, until ${until}: ${why}${by === undefined ? '' : ` (${by})`}`,
    });
  }
}
