import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { bareHost, parseUri, type SipUri, uriParameter } from '../sip/message/uri.ts';
import { AddressSet } from './address-set.ts';
import type { EdgeSettings } from './edge-settings.ts';
import { canonicalAddress } from './packed-address.ts';
import type { Flow, Listener, Realm } from './signaling.ts';

/** Never changes as long as it is the same object. */
type Source = Pick<Flow, 'listener' | 'transport' | 'address' | 'port'>;

const LOOK_UP_EVERY_MS = 60_000;
/** A power of two. */
const RECENT_SOURCES = 4096;

/**
 * Who the PBX and the trunks are, by the addresses packets come from. A PBX node speaks UDP from the very port
 * it is reached at, so a phone on the PBX's own machine is still a phone; over TCP and TLS the address has to
 * do, when the node is configured with that transport. `pbx.sources` adds to that.
 */
export class Neighbours {
  readonly #settings: EdgeSettings;
  #coreEndpoints = new Set<string>();
  #coreStreams = new Set<string>();
  #coreHosts = new Set<string>();
  #corePorts = new Set<number>();
  #coreSources = new AddressSet([]);
  #trunkSources = new AddressSet([]);
  #hosts = new Set<string>();
  /** The last source asked about in each place, and where it stands. */
  readonly #recent: (Source | undefined)[] = new Array(RECENT_SOURCES).fill(undefined);
  readonly #recentRealms: Realm[] = new Array(RECENT_SOURCES).fill('access');
  #separate: ReadonlySet<string> = new Set();
  readonly #names: Map<string, readonly string[]>;
  /** Resolves when host names have been looked up once, found or not. */
  readonly known: Promise<void>;
  #timer: NodeJS.Timeout | undefined;

  /** What names led to is kept over a reload: the PBX must not be a stranger until DNS answers. */
  constructor(settings: EdgeSettings, before?: Neighbours) {
    this.#settings = settings;
    this.#names = before === undefined ? new Map() : new Map(before.#names);
    this.#compile();
    this.known = this.#lookUp();
    if (this.#hostNames().length > 0) {
      this.#timer = setInterval(() => void this.#lookUp(), LOOK_UP_EVERY_MS);
      this.#timer.unref();
    }
  }

  realmOf(source: Source): Realm {
    if (source.transport !== 'udp') return this.#lookedUp(source); // asked once, and not to be held on to
    const place = source.port & (RECENT_SOURCES - 1);
    if (this.#recent[place] !== source) {
      this.#recentRealms[place] = this.#lookedUp(source);
      this.#recent[place] = source;
    }
    return this.#recentRealms[place] as Realm;
  }

  /** Realms that have a listener of their own: their addresses, which can be forged, count for nothing elsewhere. */
  separate(listeners: readonly Listener[]): void {
    this.#separate = new Set(listeners.map(({ realm, transport }) => `${realm} ${transport}`));
    this.#recent.fill(undefined);
  }

  #lookedUp(source: Source): Realm {
    const realm = this.#byAddress(source);
    const { listener, transport } = source;
    const elsewhere = realm !== listener.realm && this.#separate.has(`${realm} ${transport}`);
    return elsewhere ? listener.realm : realm;
  }

  #byAddress({ listener, transport, address, port }: Source): Realm {
    if (transport === 'udp') {
      if (this.#coreEndpoints.has(`${address} ${port}`)) return 'core';
    } else if (this.#coreStreams.has(`${transport} ${address}`)) return 'core';
    if (this.#coreSources.has(address)) return 'core';
    if (this.#trunkSources.has(address)) return 'trunk';
    return listener.realm;
  }

  /** Is this the PBX or a trunk, by name or address? Nobody else is ever sent to because a message says so. */
  includes(host: string): boolean {
    const bare = canonicalAddress(bareHost(host).toLowerCase());
    return this.#hosts.has(bare) || this.#coreSources.has(bare) || this.#trunkSources.has(bare);
  }

  /**
   * Is this the PBX, where it speaks SIP? What a phone chooses to say is not for the PBX's other services to
   * hear: the lines of a SIP message are commands to some of them.
   */
  isPbx(host: string, port: number): boolean {
    if (!this.#corePorts.has(port)) return false;
    const bare = canonicalAddress(bareHost(host).toLowerCase());
    return this.#coreHosts.has(bare) || this.#coreSources.has(bare);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #compile(): void {
    const { pbx, trunks } = this.#settings;
    const endpoints = new Set<string>();
    const streams = new Set<string>();
    const coreHosts = new Set<string>();
    const ports = new Set([5060, 5061]);
    for (const { uri } of pbx.nodes) {
      const parsed = parseUri(uri);
      if (parsed === undefined) continue;
      coreHosts.add(bareHost(parsed.host));
      if (parsed.port !== undefined) ports.add(parsed.port);
      const transport = transportOf(parsed);
      for (const address of this.#addressesOf(parsed.host)) {
        coreHosts.add(address);
        endpoints.add(`${address} ${parsed.port ?? 5060}`);
        if (transport !== 'udp') streams.add(`${transport} ${address}`);
      }
    }
    const hosts = new Set(coreHosts);
    const trunkSources = trunks.flatMap(({ uri, sources }) => {
      const host = parseUri(uri)?.host ?? '';
      hosts.add(bareHost(host));
      const addresses = this.#addressesOf(host);
      for (const address of addresses) hosts.add(address);
      return [...addresses, ...sources];
    });
    this.#recent.fill(undefined);
    this.#coreEndpoints = endpoints;
    this.#coreStreams = streams;
    this.#coreHosts = coreHosts;
    this.#corePorts = ports;
    this.#coreSources = new AddressSet(pbx.sources);
    this.#trunkSources = new AddressSet(trunkSources);
    this.#hosts = hosts;
  }

  #addressesOf(host: string): readonly string[] {
    const bare = bareHost(host);
    return isIP(bare) > 0 ? [canonicalAddress(bare)] : (this.#names.get(bare) ?? []);
  }

  #hostNames(): string[] {
    return [...this.#settings.pbx.nodes, ...this.#settings.trunks]
      .map(({ uri }) => bareHost(parseUri(uri)?.host ?? ''))
      .filter((host) => host !== '' && isIP(host) === 0);
  }

  /** A name that cannot be looked up just now keeps the addresses it had. */
  async #lookUp(): Promise<void> {
    await Promise.allSettled(
      this.#hostNames().map(async (name) => {
        const found = await lookup(name, { all: true });
        this.#names.set(
          name,
          found.map(({ address }) => address),
        );
      }),
    );
    this.#compile();
  }
}

const transportOf = (uri: SipUri): string =>
  uri.scheme === 'sips'
    ? 'tls'
    : (uriParameter(uri.parameters, 'transport')?.toLowerCase() ?? 'udp');
