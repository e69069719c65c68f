import type { BindingRow, RegistrationsStore } from './registrations-store.ts';

/** A registered contact: what the phone said, and how it is reached. */
export type Binding = BindingRow;

/** How much of the table is looked over each time for what has expired: all of it in half a minute. */
const SWEEPS_PER_ROUND = 30;
const MOST_DOMAINS = 64;

/**
 * Who is registered, by address of record and by the token the PBX was given. In memory; every change is told
 * to the store. Bounded: beyond `most`, new bindings are refused and known ones refreshed.
 */
export class Registrations {
  readonly #store: RegistrationsStore;
  readonly #most: number;
  readonly #byAor = new Map<string, Binding[]>();
  readonly #byToken = new Map<string, Binding>();
  /** The domains in addresses of record that the PBX accepted: a handful. */
  readonly #domains = new Set<string>();
  #sweep: IterableIterator<Binding> | undefined;

  constructor(store: RegistrationsStore, most: number, kept: readonly Binding[]) {
    this.#store = store;
    this.#most = most;
    for (const binding of kept) this.#put(binding);
  }

  get size(): number {
    return this.#byToken.size;
  }
  get full(): boolean {
    return this.#byToken.size >= this.#most;
  }

  all(): IterableIterator<Binding> {
    return this.#byToken.values();
  }

  of(aor: string): readonly Binding[] {
    return this.#byAor.get(aor) ?? none;
  }

  find(aor: string, contact: string): Binding | undefined {
    for (const binding of this.of(aor)) if (binding.contact === contact) return binding;
    return undefined;
  }

  named(token: string, now: number): Binding | undefined {
    const binding = this.#byToken.get(token);
    return binding === undefined || binding.expiresAt <= now ? undefined : binding;
  }

  /** For a PBX that drops our URI parameter: whoever registered with that user part, if it is only one. */
  withUser(user: string, now: number): Binding | undefined {
    let found: Binding | undefined;
    for (const domain of this.#domains)
      for (const binding of this.of(`${user}@${domain}`)) {
        if (binding.expiresAt <= now) continue;
        if (found !== undefined) return undefined;
        found = binding;
      }
    return found;
  }

  save(binding: Binding): void {
    this.#put(binding);
    this.#store.saved(binding);
  }

  remove(binding: Binding): void {
    if (this.#byToken.get(binding.token) !== binding) return;
    this.#byToken.delete(binding.token);
    const siblings = this.#byAor.get(binding.aor) ?? [];
    if (siblings.length <= 1) this.#byAor.delete(binding.aor);
    else
      this.#byAor.set(
        binding.aor,
        siblings.filter((other) => other !== binding),
      );
    this.#store.removed(binding);
  }

  /** Once a second: a part of the table is looked over, and what has expired goes. */
  sweep(now: number): void {
    let left = Math.ceil(this.#byToken.size / SWEEPS_PER_ROUND);
    this.#sweep ??= this.#byToken.values();
    for (; left > 0; left--) {
      const next = this.#sweep.next();
      if (next.done) {
        this.#sweep = undefined;
        return;
      }
      if (next.value.expiresAt <= now) this.remove(next.value);
    }
  }

  #put(binding: Binding): void {
    const old = this.#byToken.get(binding.token);
    this.#byToken.set(binding.token, binding);
    if (this.#domains.size < MOST_DOMAINS)
      this.#domains.add(binding.aor.slice(binding.aor.indexOf('@') + 1));
    const siblings = this.#byAor.get(binding.aor);
    if (siblings === undefined) this.#byAor.set(binding.aor, [binding]);
    else if (old === undefined) siblings.push(binding);
    else siblings[siblings.indexOf(old)] = binding;
  }
}

const none: readonly Binding[] = [];
