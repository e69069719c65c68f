import type { PbxNodeSettings, PbxSettings } from './edge-settings.ts';
import type { Outcome, Serving, Target } from './signaling.ts';

export interface PbxObserver {
  up(node: PbxNode): void;
  down(node: PbxNode, why: string): void;
}

/** One PBX node and how it is. */
export class PbxNode {
  readonly settings: PbxNodeSettings;
  readonly target: Target;
  /** Undefined until it was asked once: it is tried meanwhile. */
  up: boolean | undefined;
  latencyMs: number | undefined;
  /** It dropped our Path once (RFC 3327): it is told by Contact from then on. */
  dropsPath = false;
  streak = 0;
  asking = false;
  /** What we call ourselves toward it; read anew with every health check. */
  #ownAddress = '';

  constructor(settings: PbxNodeSettings) {
    this.settings = settings;
    this.target = { nextHop: settings.uri, realm: 'core' };
  }

  ownAddress(serving: Serving): string {
    if (this.#ownAddress === '') this.#ownAddress = serving.ownAddress(this.target);
    return this.#ownAddress;
  }
  forgetOwnAddress(): void {
    this.#ownAddress = '';
  }
}

/** The PBX: which nodes are alive, and in which order to try them for whom. */
export class Pbx {
  readonly nodes: readonly PbxNode[];
  readonly #settings: PbxSettings;
  readonly #observer: PbxObserver;
  #serving: Serving | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Nodes that stay keep their health over a reload. */
  constructor(settings: PbxSettings, observer: PbxObserver, before?: Pbx) {
    this.#settings = settings;
    this.#observer = observer;
    this.nodes = settings.nodes.map((node) => {
      const fresh = new PbxNode(node);
      const known = before?.nodes.find((old) => old.settings.uri === node.uri);
      if (known !== undefined) {
        fresh.up = known.up;
        fresh.latencyMs = known.latencyMs;
        fresh.dropsPath = known.dropsPath;
      }
      return fresh;
    });
  }

  get tryNextAfterMs(): number {
    return this.#settings.tryNextAfterMs;
  }

  /** None answers, as far as is known. */
  get down(): boolean {
    return this.nodes.every(({ up }) => up === false);
  }

  /** Begins to ask the nodes how they are. */
  watch(serving: Serving): void {
    this.#serving = serving;
    const everyMs = this.#settings.health.everySeconds * 1000;
    this.#timer = setInterval(() => this.#askAll(), everyMs);
    this.#askAll();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#serving = undefined;
  }

  node(name: string): PbxNode | undefined {
    return this.nodes.find(({ settings }) => settings.name === name);
  }
  nodeOf(target: Target): PbxNode | undefined {
    return this.nodes.find((node) => node.target === target);
  }

  /** Where a phone that registers anew belongs: not on a node that is to empty, whatever it was on. */
  homeOf(registeredOn: string | undefined): string | undefined {
    const node = registeredOn === undefined ? undefined : this.node(registeredOn);
    return node === undefined || node.settings.drain ? undefined : registeredOn;
  }

  /**
   * The nodes to try for this extension, in order: the one it is registered on while that is up, draining or
   * not, then the others by weighted rendezvous hashing, so that an extension keeps its node when others come
   * and go. Nodes that are down are left out, unless nothing else is left: then they are tried all the same,
   * and a node that drains rather than none.
   */
  targetsFor(extension: string, registeredOn: string | undefined): readonly Target[] {
    const [only] = this.nodes;
    if (this.nodes.length === 1 && only !== undefined) return [only.target];

    const usable = this.nodes.filter((node) => node.up !== false);
    const wanted = (node: PbxNode) => !node.settings.drain || node.settings.name === registeredOn;
    let candidates = usable.filter(wanted);
    if (candidates.length === 0) candidates = this.nodes.filter(wanted);
    if (candidates.length === 0) candidates = usable.length > 0 ? usable : [...this.nodes];
    return candidates
      .map((node) => ({
        target: node.target,
        score:
          node.settings.name === registeredOn
            ? Number.POSITIVE_INFINITY
            : score(extension, node.settings),
      }))
      .sort((a, b) => b.score - a.score)
      .map(({ target }) => target);
  }

  /** Traffic tells too: a node that could not be reached is asked at once, not at its turn. */
  doubt(target: Target): void {
    const node = this.nodeOf(target);
    if (node !== undefined) this.#ask(node);
  }

  #askAll(): void {
    for (const node of this.nodes) this.#ask(node);
  }

  #ask(node: PbxNode): void {
    const serving = this.#serving;
    if (serving === undefined || node.asking) return;
    node.asking = true;
    const askedAt = performance.now();
    node.forgetOwnAddress();
    const own = `<sip:${node.ownAddress(serving)}>`;
    serving.send(
      {
        method: 'OPTIONS',
        target: node.target,
        requestUri: node.settings.uri,
        from: own,
        to: `<${node.settings.uri}>`,
        headers: [{ name: 'Contact', value: own }],
        timeoutMs: this.#settings.health.timeoutSeconds * 1000,
      },
      (outcome) => {
        node.asking = false;
        if (this.#serving === undefined) return; // another has taken over
        this.#learn(node, outcome, performance.now() - askedAt);
      },
    );
  }

  /**
   * Any answer but 503 is a sign of life: a PBX may well refuse OPTIONS from whom it does not know. The first
   * outcome decides at once, later ones must repeat themselves.
   */
  #learn(node: PbxNode, outcome: Outcome, latencyMs: number): void {
    const { upAfter, downAfter } = this.#settings.health;
    const alive = outcome.kind === 'answered' && outcome.response.status !== 503;
    if (alive) node.latencyMs = latencyMs;
    if (alive === node.up) {
      node.streak = 0;
      return;
    }
    node.streak++;
    if (node.up !== undefined && node.streak < (alive ? upAfter : downAfter)) return;
    node.streak = 0;
    node.up = alive;
    if (alive) this.#observer.up(node);
    else this.#observer.down(node, outcome.kind === 'failed' ? outcome.failure : '503');
  }
}

/** Weighted rendezvous hashing: each node's score depends on the extension and itself alone. */
function score(extension: string, { name, weight }: PbxNodeSettings): number {
  let hash = 0x811c9dc5;
  for (const text of [extension, name])
    for (let at = 0; at < text.length; at++)
      hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d) >>> 0;
  hash ^= hash >>> 12;
  return -weight / Math.log(((hash >>> 0) + 1) / 4_294_967_297);
}
