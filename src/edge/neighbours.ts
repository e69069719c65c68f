import { isIP } from 'node:net';
import { parseNetwork } from '../limits/address-key.ts';
import { PrefixTable } from '../limits/prefix-table.ts';
import { bareHost, parseUri, type SipUri, uriParameter } from '../sip/message/uri.ts';
import { AddressSet } from './address-set.ts';
import type { EdgeSettings, TrunkSettings } from './edge-settings.ts';
import { canonicalAddress } from './packed-address.ts';
import type { Flow, Listener, Place, Realm, Signaling, Transport } from './signaling.ts';

type NeighbourSettings = Pick<EdgeSettings, 'pbx' | 'trunks'>;

/** Never changes as long as it is the same object. */
type Source = Pick<Flow, 'listener' | 'transport' | 'address' | 'port'>;

/** What DNS said is known for as long as it said so, and costs nothing to ask for. */
const LOOK_UP_EVERY_MS = 1000;
/** A power of two. */
const RECENT_SOURCES = 4096;

/**
 * Who the PBX and the trunks are, by the addresses packets come from: those that requests to them go to. A PBX node
 * speaks UDP from the very port it is reached at, so a phone on the PBX's own machine is still a phone; over TCP and
 * TLS the address has to do, when the node is reached by that transport. `pbx.sources` adds to that. Where they have a
 * listener of their own the address has to do there.
 */
export class Neighbours {
  readonly #settings: NeighbourSettings;
  #coreEndpoints = new Set<string>();
  #coreStreams = new Set<string>();
  #coreHosts = new Set<string>();
  #corePorts = new Set<number>();
  #coreSources = new AddressSet([]);
  #trunkSources = new AddressSet([]);
  #trunks = new PrefixTable<TrunkSettings>();
  #hosts = new Set<string>();
  #networks: readonly string[] = [];
  /** The last source asked about in each place, and where it stands. */
  readonly #recent: (Source | undefined)[] = new Array(RECENT_SOURCES).fill(undefined);
  readonly #recentRealms: Realm[] = new Array(RECENT_SOURCES).fill('access');
  #separate: ReadonlySet<string> = new Set();
  readonly #placesOf: Signaling['placesOf'];
  /** The URIs that name a host, and where they lead. */
  readonly #named = new Map<string, readonly Place[]>();
  /** Other nodes of the gate: they speak over connections only, from where they listen. */
  #nodes: ReadonlySet<string> = new Set();
  /** Resolves when host names have been looked up once, found or not. */
  readonly known: Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #lookingUp = false;

  /** What names led to is kept over a reload: the PBX must not be a stranger until DNS answers. */
  constructor(settings: NeighbourSettings, placesOf: Signaling['placesOf'], before?: Neighbours) {
    this.#settings = settings;
    this.#placesOf = placesOf;
    const known = before === undefined ? this.#named : before.#named;
    if (before !== undefined) this.#nodes = before.#nodes;
    for (const { uri } of [...settings.pbx.nodes, ...settings.trunks])
      if (fixedPlace(uri) === undefined) this.#named.set(uri, known.get(uri) ?? []);
    this.#compile();
    this.known = this.#lookUp();
    if (this.#named.size > 0) {
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

  /** The other nodes are at these URIs from now on. */
  followNodes(uris: readonly string[]): void {
    const hosts = uris.flatMap((uri) => parseUri(uri)?.host ?? []);
    this.#nodes = new Set(hosts.map((host) => canonicalAddress(bareHost(host).toLowerCase())));
    this.#recent.fill(undefined);
  }

  /** Is this a connection of another node? Not where the PBX speaks from the same address. */
  isNode({ transport, address }: Pick<Source, 'transport' | 'address'>): boolean {
    if (transport === 'udp' || !this.#nodes.has(address)) return false;
    return !this.#coreStreams.has(`${transport} ${address}`) && !this.#coreSources.has(address);
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
    const found = elsewhere ? listener.realm : realm;
    // a listener of their own is no secret: who else finds it is neither PBX nor trunk
    return this.#isOf(found, source) ? found : 'access';
  }

  #isOf(realm: Realm, { listener, transport, address }: Source): boolean {
    if (realm === 'access') return true;
    // on this very machine: nothing from outside comes from an address of ours
    if (address === listener.address) return true;
    if (realm === 'trunk') return this.#trunkSources.has(address);
    return (
      this.#coreHosts.has(address) ||
      this.#coreSources.has(address) ||
      (transport !== 'udp' && this.#nodes.has(address))
    );
  }

  #byAddress({ listener, transport, address, port }: Source): Realm {
    if (transport === 'udp') {
      if (this.#coreEndpoints.has(`${address} ${port}`)) return 'core';
    } else if (this.#coreStreams.has(`${transport} ${address}`)) return 'core';
    if (this.#coreSources.has(address)) return 'core';
    if (this.#trunkSources.has(address)) return 'trunk';
    if (transport !== 'udp' && this.#nodes.has(address)) return 'core';
    return listener.realm;
  }

  /** Whose address that is; of several trunks at one, the last. */
  trunkAt(address: string): TrunkSettings | undefined {
    return this.#trunks.match(address);
  }

  /** Is this the PBX or a trunk, by name or address? Nobody else is ever sent to because a message says so. */
  includes(host: string): boolean {
    const bare = canonicalAddress(bareHost(host).toLowerCase());
    return (
      this.#hosts.has(bare) ||
      this.#coreSources.has(bare) ||
      this.#trunkSources.has(bare) ||
      this.#nodes.has(bare)
    );
  }

  /** Every address and network that the PBX and the trunks are known by. The same object as long as they are the same. */
  get networks(): readonly string[] {
    return this.#networks;
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
      for (const { transport, address, port } of this.#knownPlaces(uri)) {
        coreHosts.add(address);
        ports.add(port);
        endpoints.add(`${address} ${port}`);
        if (transport === 'udp') continue;
        streams.add(`${transport} ${address}`);
        if (parsed.port === undefined) endpoints.add(`${address} 5060`);
      }
    }
    const hosts = new Set(coreHosts);
    const byAddress = new PrefixTable<TrunkSettings>();
    const trunkSources = trunks.flatMap((trunk) => {
      const { uri, sources } = trunk;
      const host = parseUri(uri)?.host ?? '';
      hosts.add(bareHost(host));
      const addresses = this.#knownPlaces(uri).map(({ address }) => address);
      for (const address of addresses) hosts.add(address);
      for (const text of [...addresses, ...sources]) {
        const network = parseNetwork(text);
        if (network !== undefined) byAddress.set(network, trunk);
      }
      return [...addresses, ...sources];
    });
    this.#recent.fill(undefined);
    this.#coreEndpoints = endpoints;
    this.#coreStreams = streams;
    this.#coreHosts = coreHosts;
    this.#corePorts = ports;
    this.#coreSources = new AddressSet(pbx.sources);
    this.#trunkSources = new AddressSet(trunkSources);
    this.#trunks = byAddress;
    this.#hosts = hosts;
    const core = pbx.nodes.flatMap(({ uri }) => this.#knownPlaces(uri));
    this.#networks = [...core.map(({ address }) => address), ...pbx.sources, ...trunkSources];
  }

  #knownPlaces(uri: string): readonly Place[] {
    const fixed = fixedPlace(uri);
    return fixed === undefined ? (this.#named.get(uri) ?? []) : [fixed];
  }

  /** A name that cannot be looked up just now keeps the addresses it had. */
  async #lookUp(): Promise<void> {
    if (this.#lookingUp) return;
    this.#lookingUp = true;
    const lookUp = async ([uri, known]: [string, readonly Place[]]) => {
      const found = await this.#placesOf(uri);
      if (found.length === 0 || listed(found) === listed(known)) return;
      this.#named.set(uri, found);
      this.#compile();
    };
    await Promise.all([...this.#named].map(lookUp));
    this.#lookingUp = false;
  }
}

/** Where a URI leads that names an address. */
function fixedPlace(text: string): Place | undefined {
  const uri = parseUri(text);
  const host = uri === undefined ? '' : bareHost(uriParameter(uri.parameters, 'maddr') ?? uri.host);
  if (uri === undefined || isIP(host) === 0) return undefined;
  const transport = transportOf(uri);
  const port = uri.port ?? (transport === 'tls' ? 5061 : 5060);
  return { transport, address: canonicalAddress(host), port };
}

const transports: readonly Transport[] = ['udp', 'tcp', 'tls', 'ws', 'wss'];

function transportOf({ scheme, parameters }: SipUri): Transport {
  if (scheme === 'sips') return 'tls';
  const asked = uriParameter(parameters, 'transport')?.toLowerCase();
  return transports.find((known) => known === asked) ?? 'udp';
}

/** In one order, since DNS has none. */
const listed = (places: readonly Place[]): string =>
  places
    .map(({ transport, address, port }) => `${transport} ${address} ${port}`)
    .toSorted()
    .join();
