import type { Dialled } from '../numbers/dialled.ts';
import type { CallBy, CallFacts as Facts, Identity, RouteFacts } from '../policy/facts.ts';
import type { Edge } from './edge.ts';
import { RequestFacts } from './request-facts.ts';
import type { Incoming } from './signaling.ts';
import { userOf, userOfUri } from './user-part.ts';

const identityHeaders = ['P-Asserted-Identity', 'P-Preferred-Identity', 'Remote-Party-ID'] as const;

/** The facts of a call that begins. */
export class CallFacts extends RequestFacts implements Facts {
  readonly by: CallBy;
  readonly #target: string;
  #dialled: Dialled | undefined;

  /** `target` is the URI that is called: the Request-URI, or where a transfer or a redirection leads. */
  constructor(
    edge: Edge,
    incoming: Incoming,
    at: number,
    by: CallBy = 'invite',
    target = incoming.request.requestUri,
  ) {
    super(edge, incoming, at);
    this.by = by;
    this.#target = target;
  }

  override get emergency(): boolean {
    return this.dialled.kind === 'emergency';
  }
  get dialled(): Dialled {
    this.#dialled ??= this.edge.gatekeeper.policy.site.readDialled(userOfUri(this.#target));
    return this.#dialled;
  }
  get registered(): boolean {
    const { extension } = this;
    return (
      extension !== undefined &&
      this.edge.registrations.isAt(extension, this.source.address, this.at)
    );
  }
  get identities(): readonly Identity[] {
    const { request } = this.incoming;
    const found: Identity[] = [{ header: 'From', user: this.from }];
    for (const header of identityHeaders)
      for (
        let line = request.findNamed(header);
        line >= 0;
        line = request.findNamed(header, line + 1)
      )
        found.push({ header, user: userOf(request.valueOf(line)) });
    return found;
  }
  get divertedBy(): string | undefined {
    const diverted =
      this.incoming.request.header('Diversion') ?? this.incoming.request.header('Referred-By');
    return diverted === undefined ? undefined : userOf(diverted);
  }
  get route(): RouteFacts | undefined {
    return undefined;
  }
  get trunk(): string | undefined {
    return undefined;
  }
  get anonymous(): boolean {
    const { from } = this;
    const privacy = this.incoming.request.header('Privacy')?.toLowerCase() ?? '';
    return from === '' || from.toLowerCase() === 'anonymous' || /\bid\b/.test(privacy);
  }
}
