import type { RegistrationFacts as Facts } from '../policy/facts.ts';
import { Header } from '../sip/message/header-name.ts';
import { headerParameter } from '../sip/message/name-address.ts';
import type { Edge } from './edge.ts';
import type { Binding } from './registrations.ts';
import { RequestFacts } from './request-facts.ts';
import type { Incoming } from './signaling.ts';
import { userOf } from './user-part.ts';

/** A Contact that a phone asks to be reached by. */
export interface AskedFor {
  readonly binding: Binding | undefined;
  /** Seconds. */
  readonly expires: number;
}

/** The facts of a live REGISTER. */
export class RegistrationFacts extends RequestFacts implements Facts {
  readonly #known: readonly Binding[];
  readonly #asked: readonly AskedFor[];

  constructor(
    edge: Edge,
    incoming: Incoming,
    at: number,
    known: readonly Binding[],
    asked: readonly AskedFor[],
  ) {
    super(edge, incoming, at);
    this.#known = known;
    this.#asked = asked;
  }

  override get extension(): string {
    return userOf(this.incoming.request.value(Header.to));
  }
  get registerName(): string | undefined {
    return digestUserName(this.incoming.request.value(Header.authorization));
  }
  get expires(): readonly number[] {
    return this.#asked.map(({ expires }) => expires);
  }
  get newDevices(): number {
    const { callId } = this;
    // who registers another Contact with the same Call-ID is the same device on another address
    const returns = this.#known.some((binding) => binding.callId === callId);
    const fresh = this.#asked.filter(
      ({ binding, expires }) => binding === undefined && expires > 0,
    );
    return returns ? 0 : fresh.length;
  }
  get devices(): number {
    return this.#known.filter(({ expiresAt }) => expiresAt > this.at).length;
  }
}

/** The user name of a digest (RFC 7616 §3.4), undefined without credentials. */
function digestUserName(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !/^digest\s/i.test(authorization)) return undefined;
  const parameters = authorization.slice(6).replaceAll(',', ';');
  return headerParameter(`;${parameters}`, 'username');
}
