import type { BlockChange, BlockEntry, BlockOrder } from '../limits/block-entry.ts';
import { BlockList } from '../limits/block-list.ts';
import { Listed, ListedNetworks } from '../limits/listed-networks.ts';
import { isEmergencyUrn } from '../numbers/emergency-numbers.ts';
import type { Counters } from '../policy/counters.ts';
import type { Blocked, Stage, StageFacts, Tier } from '../policy/facts.ts';
import { Networks } from '../policy/networks.ts';
import { type Asked, type Decision, Policy } from '../policy/policy.ts';
import type { PolicySettings } from '../policy/policy-settings.ts';
import { automaticDefence } from '../policy/rules/network/automatic-defence.ts';
import { strangersShare } from '../policy/rules/network/strangers-share.ts';
import { blockOrderFor } from './block-source.ts';
import { EmergencyPasses } from './emergency-passes.ts';
import type { Limit, LiveCounters } from './live-counters.ts';
import type { HeldByOthers } from './other-nodes.ts';
import { sourceOf } from './packed-address.ts';
import { ScreenedPacket } from './screened-packet.ts';
import type { FarEnd, Flow, Listener, Realm, Received } from './signaling.ts';
import { dialledIn, mayBeEmergency } from './user-part.ts';

/** A decision that somebody may want to know of: a refusal, or what a rule in shadow would have refused. */
export interface Decided<S extends Stage = Stage> {
  readonly stage: S;
  readonly facts: StageFacts[S];
  readonly decision: Decision;
  /** The rules that were asked, and what each saw. Costs something: not for every packet of a flood. */
  trail(): readonly Asked[];
}

export interface GatekeeperOptions {
  readonly counters: Pick<LiveCounters, keyof Counters | 'looking' | 'limits' | 'among'>;
  /** Does a source at this flow hold a live registration, or is it in a call? */
  readonly knows: (flow: Flow) => boolean;
  /** Are phones registered from this source, or were some of late? */
  readonly isFamiliar: (source: string) => boolean;
  readonly realmOf: (source: Pick<Flow, 'listener' | 'transport' | 'address' | 'port'>) => Realm;
  readonly countryOf: (address: string) => string | undefined;
  readonly decided: (decided: Decided) => void;
  /** A packet was refused, or would have been. Called for every one of a flood, and `decided` for a few of them. */
  readonly packetDecided: (decision: Decision) => void;
  /** As kept from the last run. */
  readonly blocks: readonly BlockEntry[];
  readonly blockChanged: (change: BlockChange) => void;
  /** Something came for the first time from a network that a list names. */
  readonly listedCame: (listed: Listed) => void;
  /** A call to an emergency number was let in from where nothing else is heard. */
  readonly emergencyPassed: (address: string, port: number) => void;
  /** Cuts the connections whose far end is refused from now on. */
  readonly cut: (which: FarEnd) => void;
}

/** A power of two. */
const RECENT_TRUSTED = 256;
/** Refused packets are told of so many times a second at most; all are counted. */
const TOLD_PER_SECOND = 20;
const CUT_AFTER_MS = 50;
/** These refuse what is too much, and hear from the same source again. */
export const byAmount: ReadonlySet<string> = new Set([automaticDefence.name, strangersShare.name]);
const TOO_LONG_FOR_EMERGENCY = 64;

/** Asks the rules about what comes in, by the snapshot that holds now, and keeps the list of who is blocked. */
export class Gatekeeper {
  policy: Policy;
  readonly blocks: BlockList;
  #listed = new ListedNetworks();
  readonly #options: GatekeeperOptions;
  readonly #emergencies: EmergencyPasses;
  #settings: PolicySettings;
  #local: Networks;
  #allowed: Networks;
  #packet: ScreenedPacket | undefined;
  /** The PBX and trunks send most of what comes, and nothing else is asked of them. */
  readonly #trusted: (Pick<Flow, 'listener' | 'address' | 'port'> | undefined)[] = new Array(
    RECENT_TRUSTED,
  ).fill(undefined);
  #told = 0;
  #cutting: NodeJS.Timeout | undefined;

  constructor(settings: PolicySettings, options: GatekeeperOptions) {
    this.#options = options;
    this.#settings = settings;
    this.policy = new Policy(settings);
    this.#emergencies = new EmergencyPasses(
      (uri) => this.isEmergency(uri),
      options.emergencyPassed,
    );
    this.#local = new Networks(settings.site.localNetworks);
    this.#allowed = new Networks(settings.network.allowed);
    this.blocks = new BlockList({
      escalation: escalationOf(settings),
      onChange: (change) => this.#blockChanged(change),
    });
    this.blocks.load(options.blocks, Date.now());
  }

  get listed(): ListedNetworks {
    return this.#listed;
  }

  /** From now on these are on lists. What was counted of those before goes on counting. */
  takeListed(listed: ListedNetworks): void {
    listed.continues(this.#listed);
    this.#listed = listed;
    this.#trusted.fill(undefined);
    this.#cutSoon();
  }

  /** From now on by these. What was counted stays. */
  reload(settings: PolicySettings): void {
    this.#settings = settings;
    this.policy = new Policy(settings);
    this.#local = new Networks(settings.site.localNetworks);
    this.#allowed = new Networks(settings.network.allowed);
    this.blocks.escalation = escalationOf(settings);
    this.#trusted.fill(undefined);
    this.#cutSoon();
  }

  /** Once a second. */
  sweep(now: number): void {
    this.#told = 0;
    this.#trusted.fill(undefined); // the PBX may have another address by now
    this.blocks.sweep(now);
  }

  close(): void {
    clearTimeout(this.#cutting);
  }

  /** May this be read? Asked of every packet, so nothing is made for one that may, nor for one that may not. */
  admits(listener: Listener, address: string, port: number, received?: Received): boolean {
    const trusted = this.#trusted[port & (RECENT_TRUSTED - 1)];
    if (
      trusted !== undefined &&
      trusted.port === port &&
      trusted.address === address &&
      trusted.listener === listener
    )
      return true;
    const packet = this.#screen(listener, address, port);
    const now = Date.now();
    packet.at = now;
    packet.blocked = this.#touch(address, packet, now);
    const decision = this.policy.judge('packet', packet, this.#options.counters);
    if (decision.verdict.kind === 'pass') {
      if (decision.shadows.length > 0) {
        this.#options.packetDecided(decision);
        this.#tellOf(packet, decision);
      }
      if (this.#listed.inShadow > 0 && packet.tier === 'unknown') this.#comeInShadow(packet);
      return true;
    }
    const { familiar } = packet;
    const lets = this.#emergencies.lets(listener, address, port, received, familiar, now);
    if (lets && received !== undefined) return true;
    this.#punish('packet', packet, decision);
    if (lets) return true;
    this.#options.packetDecided(decision);
    // what the block list and lists refuse they count by themselves
    if (packet.blocked instanceof Listed) this.#come(packet.blocked, now);
    if (packet.blocked === undefined) this.#tellOf(packet, decision);
    return false;
  }

  /**
   * Is everything from there refused, however little it is? Counts nothing. An emergency call that was let in changes nothing:
   * it would be a way for its source to flood everybody for hours.
   */
  isShutOut(listener: Listener, address: string, port: number): boolean {
    const { verdict, rule = '' } = this.#lookAt(listener, address, port);
    return verdict.kind !== 'pass' && !byAmount.has(rule);
  }

  /** Is a broken message answered? */
  answersBroken(facts: StageFacts['broken']): boolean {
    return this.judge('broken', facts).verdict.kind === 'pass';
  }

  judge<S extends Stage>(stage: S, facts: StageFacts[S]): Decision {
    const { policy } = this;
    const { counters, decided } = this.#options;
    if (counters.limits.length > 0) counters.limits.length = 0;
    const decision = policy.judge(stage, facts, counters);
    if (decision.verdict.kind !== 'pass' || decision.shadows.length > 0) {
      this.#punish(stage, facts, decision);
      decided({
        stage,
        facts,
        decision,
        trail: () => policy.trail(stage, facts, counters.looking, decision),
      });
    }
    return decision;
  }

  /** A call that would have its place here is judged anew by what the other nodes hold. */
  judgeAmongNodes<S extends 'outbound' | 'inbound'>(
    stage: S,
    facts: StageFacts[S],
    held: HeldByOthers,
  ): Decision {
    const { policy } = this;
    const counters = this.#options.counters.among(held);
    const decision = policy.judge(stage, facts, counters);
    // what is in shadow was told when it was judged first
    if (decision.verdict.kind !== 'pass')
      this.#options.decided({
        stage,
        facts,
        decision,
        trail: () => policy.trail(stage, facts, counters, decision),
      });
    return decision;
  }

  /** The limits that the call judged last was held against. */
  takeLimits(): readonly Limit[] {
    return this.#options.counters.limits.splice(0);
  }

  /** The counts as they are, for whoever asks without being counted. */
  get looking(): Counters {
    return this.#options.counters.looking;
  }

  /** So many packets from this network were refused before they reached us. */
  cameElsewhere(network: string, packets: number, now: number): void {
    if (this.blocks.cameElsewhere(network, packets, now)) return;
    const listed = this.#listed.cameElsewhere(network, packets, now);
    if (listed !== undefined) this.#options.listedCame(listed);
  }

  /** Blocks by the word of a person. */
  block(order: BlockOrder, now: number): BlockEntry | undefined {
    return this.blocks.block(order, now);
  }

  tierOf(flow: Flow): Tier {
    if (flow.realm !== 'access' || this.isAllowed(flow.address)) return 'trusted';
    return this.#options.knows(flow) ? 'known' : 'unknown';
  }

  realmOf(listener: Listener, address: string, port: number): Realm {
    const { transport } = listener;
    return this.#options.realmOf({ listener, transport, address, port });
  }

  isTrusted(listener: Listener, address: string, port: number): boolean {
    const stranger = this.realmOf(listener, address, port) === 'access';
    if (stranger && !this.isAllowed(address) && !this.isSpared(address)) return false;
    this.#trusted[port & (RECENT_TRUSTED - 1)] = { listener, address, port };
    return true;
  }

  isAllowed(address: string): boolean {
    return this.#allowed.find(address) !== undefined;
  }

  /** A list allows it. Whoever makes lists can open no way to the PBX: who registers and calls is asked all the same. */
  isSpared(address: string): boolean {
    return this.#listed.allows(address);
  }

  isFamiliar(source: string): boolean {
    return this.#options.isFamiliar(source);
  }

  /** A block that anybody could have brought about is none for an address that phones are registered from. */
  blockOf(address: string, source: string): Blocked | undefined {
    const block = this.blocks.isBlocked(address, Date.now());
    if (block !== undefined && !(block.forgeable && this.isFamiliar(source))) return block;
    return this.#listedAs('block', address);
  }

  isLocal(address: string): boolean {
    return this.#local.find(address) !== undefined;
  }

  countryOf(address: string): string | undefined {
    return this.#options.countryOf(address);
  }

  isEmergency(requestUri: string): boolean {
    if (requestUri.length > TOO_LONG_FOR_EMERGENCY) return false;
    if (isEmergencyUrn(requestUri)) return true;
    // as calls are read, escapes undone once: what is let in as an emergency must be judged as one
    const dialled = dialledIn(requestUri);
    return mayBeEmergency(dialled) && this.policy.site.readDialled(dialled).kind === 'emergency';
  }

  #screen(listener: Listener, address: string, port: number): ScreenedPacket {
    this.#packet ??= new ScreenedPacket(this, listener);
    const packet = this.#packet;
    packet.listener = listener;
    packet.address = address;
    packet.port = port;
    return packet;
  }

  /** What would become of a packet from there, for whoever asks without being counted. */
  #lookAt(listener: Listener, address: string, port: number): Decision {
    const packet = this.#screen(listener, address, port);
    packet.at = Date.now();
    packet.blocked = this.blockOf(address, packet.key);
    return this.policy.judge('packet', packet, this.#options.counters.looking);
  }

  #touch(address: string, packet: ScreenedPacket, now: number): Blocked | undefined {
    const block = this.blocks.size === 0 ? undefined : this.blocks.isBlocked(address, now);
    if (block === undefined || (block.forgeable && packet.familiar))
      return this.#listedAs('block', address);
    this.blocks.touch(address, now);
    return block;
  }

  /** What a list says of a stranger. */
  #listedAs(mode: 'block' | 'shadow', address: string): Listed | undefined {
    const listed = this.#listed.find(mode, address);
    return listed?.forgeable === true && this.isFamiliar(sourceOf(address)) ? undefined : listed;
  }

  #comeInShadow(packet: ScreenedPacket): void {
    const listed = this.#listedAs('shadow', packet.address);
    if (listed !== undefined) this.#come(listed, packet.at);
  }

  #come(listed: Listed, now: number): void {
    if (this.#listed.touch(listed, now)) this.#options.listedCame(listed);
  }

  #punish<S extends Stage>(stage: S, facts: StageFacts[S], decision: Decision): void {
    const { verdict, rule } = decision;
    if (rule === undefined || !('block' in verdict) || verdict.block === undefined) return;
    const { unprovenSeconds } = this.#settings.network.blocks;
    const trail = this.policy.trail(stage, facts, this.#options.counters.looking, decision);
    const evidence = trail.at(-1)?.saw ?? '';
    const order = blockOrderFor(facts.source, verdict.block, unprovenSeconds, rule, evidence);
    if (order !== undefined) this.blocks.block(order, facts.at);
  }

  #tellOf(packet: ScreenedPacket, decision: Decision): void {
    if (this.#told++ >= TOLD_PER_SECOND) return;
    const { looking } = this.#options.counters;
    this.#options.decided({
      stage: 'packet',
      facts: packet,
      decision,
      trail: () => this.policy.trail('packet', packet, looking, decision),
    });
  }

  #blockChanged(change: BlockChange): void {
    this.#options.blockChanged(change);
    if (change.kind === 'added' || change.kind === 'changed') this.#cutSoon();
  }

  /** Several blocks at once, as in an attack, are one look at all connections. */
  #cutSoon(): void {
    this.#cutting ??= setTimeout(() => {
      this.#cutting = undefined;
      this.#options.cut(
        (listener, address, port) =>
          !this.#emergencies.holds(listener, address, port) &&
          this.#lookAt(listener, address, port).verdict.kind !== 'pass',
      );
    }, CUT_AFTER_MS);
  }
}

const escalationOf = ({ network: { blocks } }: PolicySettings) => ({
  factor: blocks.factor,
  mostMs: blocks.mostSeconds * 1000,
  memoryMs: blocks.rememberSeconds * 1000,
});
