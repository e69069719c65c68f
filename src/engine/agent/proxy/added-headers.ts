import type { HeaderChange } from '../../../edge/signaling.ts';
import type { OwnName } from '../../own-names.ts';
import { type AppHeader, withoutLocalhost } from '../app-headers.ts';

/** What is never a program's to say of a request that it only passes on. */
const never: ReadonlySet<string> = new Set([
  'call-id',
  'cseq',
  'from',
  'max-forwards',
  'path',
  'to',
]);

/** May stand once: a program's takes the place of the caller's. */
const single: ReadonlySet<string> = new Set([
  'content-type',
  'date',
  'event',
  'expires',
  'identity',
  'min-se',
  'rack',
  'refer-to',
  'referred-by',
  'replaces',
  'session-expires',
  'subject',
  'timestamp',
  'user-agent',
]);

interface Written {
  /** Whole lines with their CRLFs. */
  readonly lines: string;
  readonly changes: readonly HeaderChange[];
}

/** What a program adds to the headers of a request that it has proxied. */
export class AddedHeaders {
  readonly #added: readonly AppHeader[];
  readonly #changes: readonly HeaderChange[];

  constructor(headers: readonly AppHeader[]) {
    const fit = headers.filter(({ lower }) => !never.has(lower));
    this.#added = fit.filter(({ lower }) => !single.has(lower));
    this.#changes = fit.filter(({ lower }) => single.has(lower));
  }

  /** As they go out to where we have this name: `localhost` is how a program says "us". */
  toward({ hostPort }: OwnName): Written {
    let lines = '';
    for (const { name, lower, value } of this.#added)
      lines += `${name}: ${lower.startsWith('x-') ? value : withoutLocalhost(value, hostPort)}\r\n`;
    return { lines, changes: this.#changes };
  }
}
