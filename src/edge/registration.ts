import type { Message } from '../sip/message/message.ts';
import type { ExpiryBounds } from './expiry-bounds.ts';
import type { Password } from './password-of.ts';
import type { RegistrationFacts } from './registration-facts.ts';
import type { Binding } from './registrations.ts';
import type { Flow } from './signaling.ts';

export interface AskedContact {
  readonly uri: string;
  readonly user: string;
  /** The header's parameters: expires, q, +sip.instance; passed on as they are. */
  readonly parameters: string;
  /** What is registered of it already. */
  readonly binding: Binding | undefined;
  readonly token: string;
  readonly expires: number;
  /** As `contactFacts` has it. */
  readonly instance: string;
}

/** A registration under way: what the phone asked for, and how the PBX is told. */
export interface Registration {
  readonly facts: RegistrationFacts;
  readonly password: Password;
  readonly aor: string;
  readonly request: Message;
  readonly flow: Flow;
  readonly known: readonly Binding[];
  /** Of all registrations, at the time of `known`. */
  readonly changes: number;
  readonly asked: readonly AskedContact[];
  readonly toward: 'contact' | 'path';
  /** Seconds that the rules allow. */
  readonly bounds: ExpiryBounds | undefined;
  /** How many devices of the extension there may be, where the rules hold it to a number. */
  readonly keepDevices: number | undefined;
  /** What the PBX and we are to forget of the extension's other devices. */
  readonly going: readonly Binding[];
}
