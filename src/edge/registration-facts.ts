import type { RegistrationFacts as Facts } from '../policy/facts.ts';
import { digestParameters } from '../sip/message/digest.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
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
    return digestUserName(this.incoming.request);
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

const whereCredentialsStand = [Header.authorization, Header.proxyAuthorization] as const;

/**
 * The user name of the digest, undefined without credentials. Where there are several names, in one header or more, all
 * of them: the PBX may go by any.
 */
function digestUserName(request: Message): string | undefined {
  const names = new Set<string>();
  for (const header of whereCredentialsStand)
    for (let line = request.find(header); line >= 0; line = request.find(header, line + 1))
      for (const name of digestParameters(request.valueOf(line), 'username')) names.add(name);
  return names.size === 0 ? undefined : [...names].join(', ');
}
