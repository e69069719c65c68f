import { bareHost, parseUri } from '../sip/message/uri.ts';
import type { Edge } from './edge.ts';
import { type Binding, HERE, type Registrations, userOfAor } from './registrations.ts';
import { escapedName } from './user-part.ts';

const TICK_MS = 1000;

/**
 * Keeps the doors of NATs open for phones on UDP (S3). The round over all of them is spread over the interval,
 * so that a hundred thousand phones cost the same every second.
 */
export class KeepAlive {
  readonly #edge: () => Edge;
  readonly #timer: NodeJS.Timeout;
  #round: IterableIterator<Binding> | undefined;
  #due = 0;

  constructor(edge: () => Edge) {
    this.#edge = edge;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const edge = this.#edge();
    const { by, everySeconds } = edge.settings.registration.keepAlive;
    if (by === 'off') return;
    const { registrations } = edge;
    this.#due += registrations.size / everySeconds;
    for (; this.#due >= 1; this.#due--) {
      const binding = this.#next(registrations);
      if (binding !== undefined) keepAlive(edge, binding);
    }
  }

  #next(registrations: Registrations): Binding | undefined {
    this.#round ??= registrations.all();
    let next = this.#round.next();
    if (next.done) {
      this.#round = registrations.all();
      next = this.#round.next();
    }
    return next.done ? undefined : next.value;
  }
}

function keepAlive({ serving, settings }: Edge, binding: Binding): void {
  if (binding.gate !== HERE) return; // its node does
  if (binding.transport !== 'udp') return; // connections are kept by the phone's own CRLFs (RFC 5626)
  const { by, whom } = settings.registration.keepAlive;
  if (whom === 'nat' && !behindNat(binding)) return;
  const flow = serving.flowFrom(binding.flow);
  if (flow === 'forged' || flow === 'stale') return;
  if (by === 'crlf') {
    serving.ping(flow);
    return;
  }
  const target = { nextHop: flow };
  const own = `<sip:${serving.ownAddress(target)}>`;
  const user = userOfAor(binding.aor);
  serving.send(
    {
      method: 'OPTIONS',
      target,
      requestUri: binding.contact,
      from: own,
      to: `<sip:${escapedName(user)}${binding.aor.slice(user.length)}>`,
      headers: [{ name: 'Contact', value: own }],
      timeoutMs: 4000,
    },
    () => {},
  );
}

/** The Contact is not where the packets come from. */
function behindNat({ contact, address, port }: Binding): boolean {
  const uri = parseUri(contact);
  return uri === undefined || bareHost(uri.host) !== address || (uri.port ?? 5060) !== port;
}
