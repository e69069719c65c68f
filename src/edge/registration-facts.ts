import type { RegistrationFacts as Facts, Guarded } from '../policy/facts.ts';
import { areForOurs, areProven, bringsPassword, digestNames } from './credentials.ts';
import { type AskingDevice, Devices } from './devices.ts';
import type { Edge } from './edge.ts';
import type { Binding } from './registrations.ts';
import { RequestFacts } from './request-facts.ts';
import type { Incoming } from './signaling.ts';

/** A Contact that a phone asks to be reached by. */
interface AskedFor {
  readonly token: string;
  readonly binding: Binding | undefined;
  /** Seconds. */
  readonly expires: number;
  readonly instance: string;
}

/** The facts of a live REGISTER. */
export class RegistrationFacts extends RequestFacts implements Facts {
  readonly #asked: readonly AskedFor[];
  readonly #extension: string;
  #credentials: boolean | undefined;
  #holder: boolean | undefined;
  #devices: Devices | undefined;

  constructor(
    edge: Edge,
    incoming: Incoming,
    { at, source }: Pick<RequestFacts, 'at' | 'source'>,
    extension: string,
    asked: readonly AskedFor[],
  ) {
    super(edge, incoming, at, incoming.flow, source);
    this.#extension = extension;
    this.#asked = asked;
  }

  override get extension(): string {
    return this.#extension;
  }
  get registerName(): string | undefined {
    if (!this.credentials) return undefined;
    const names = digestNames(this.incoming.request);
    return names.length === 0 ? undefined : names.join(', ');
  }
  get credentials(): boolean {
    this.#credentials ??= bringsPassword(this.incoming.request);
    return this.#credentials;
  }
  get proven(): boolean {
    const { request, flow } = this.incoming;
    return areProven(request, flow, this.edge.guesses.marks, this.at);
  }
  /** They answer a challenge of our own: the PBX has not been asked yet. */
  get answersOurs(): boolean {
    return areForOurs(this.incoming.request, this.edge.guesses.marks);
  }
  get holder(): boolean {
    this.#holder ??= this.#isHolder() && (this.#takesUnproven || this.proven);
    return this.#holder;
  }
  get #takesUnproven(): boolean {
    return this.edge.guesses.takesUnproven(this.#extension, this.source.key, this.at);
  }
  #isHolder(): boolean {
    const { token } = this.incoming.flow;
    if (this.#asked.some(({ binding }) => binding?.flow === token && binding.expiresAt > this.at))
      return true;
    const { callId } = this;
    return this.#registered.some(
      (one) =>
        one.expiresAt > this.at &&
        (one.flow === token ||
          (one.address === this.source.address && (one.callId === callId || this.#claims(one)))),
    );
  }
  /** Others in the house may know its instance: most are made of a MAC address. */
  #claims({ instance }: Binding): boolean {
    return (
      instance !== '' &&
      this.#asked.some((one) => one.instance === instance) &&
      this.proven &&
      this.edge.guesses.believes(this.#extension, this.source.key, this.at)
    );
  }
  get registeredHere(): boolean {
    const { token, address } = this.incoming.flow;
    return this.edge.registrations.whereIs(this.extension, token, address, this.at) !== undefined;
  }
  get atHome(): boolean {
    const { homes } = this.edge.registrations;
    return this.registeredHere || homes.has(this.extension, this.source.key, this.at);
  }
  /** It brings a password for an extension that was not registered from there within a month. */
  get isNewThere(): boolean {
    return (
      this.credentials &&
      this.source.tier !== 'trusted' &&
      !this.atHome &&
      !this.holder &&
      !this.answersOurs &&
      this.proven
    );
  }
  get guard(): Guarded | undefined {
    return this.edge.attacks.guards.of(this.extension, this.at);
  }
  get shared(): boolean {
    return this.edge.registrations.hasSource(this.source.key);
  }
  get expires(): readonly number[] {
    return this.#asked.map(({ expires }) => expires);
  }
  get newDevices(): number {
    return this.registered.isNew ? 1 : 0;
  }
  get devices(): number {
    return this.registered.others;
  }
  get alike(): number {
    return this.registered.alike;
  }
  get returning(): boolean {
    return this.registered.left.length > 0;
  }

  /** The devices of the extension, in whatever domain: a PBX may well take them all for one. */
  get registered(): Devices {
    this.#devices ??= new Devices(this.#asking, this.#registered, this.#ending);
    return this.#devices;
  }

  /** What is beyond so many devices now, that the PBX has granted what was asked: others that came meanwhile go first. */
  beyondNow(most: number): readonly Binding[] {
    const { registrations } = this.edge;
    const { wanted, ...asking } = this.#asking;
    const granted = wanted.map(({ token, instance }) => ({
      binding: registrations.named(token, this.at),
      instance,
    }));
    return new Devices({ ...asking, wanted: granted }, this.#registered, none).beyond(
      most,
      this.registered,
    );
  }

  get #registered(): readonly Binding[] {
    return this.edge.registrations.ofUser(this.#extension);
  }
  get #asking(): Omit<AskingDevice, 'wanted'> & { readonly wanted: readonly AskedFor[] } {
    const asked = this.#asked;
    return {
      callId: this.callId,
      userAgent: this.userAgent ?? '',
      address: this.source.address,
      now: this.at,
      wanted: asked.every(isWanted) ? asked : asked.filter(isWanted),
    };
  }
  get #ending(): readonly Binding[] {
    if (this.#asked.every(isWanted)) return none;
    return this.#asked.flatMap(({ binding, expires }) =>
      binding === undefined || expires > 0 ? [] : [binding],
    );
  }
}

const isWanted = ({ expires }: AskedFor): boolean => expires > 0;
const none: readonly Binding[] = [];
