/** Who wants it blocked: a rule that was broken, or a person. */
export type BlockedBy = 'rule' | 'operator';

/** A network that is blocked. It is alive: `hits` and the times go on changing. */
export interface BlockEntry {
  /** An address, CIDR or address/netmask, as it was written. */
  readonly network: string;
  readonly by: BlockedBy;
  readonly rule: string;
  readonly evidence: string;
  readonly note?: string | undefined;
  readonly firstSeen: number;
  /** When somebody last decided about it: what nodes agree by. */
  readonly changedAt: number;
  readonly lastSeen: number;
  /** How often it came since it was blocked. */
  readonly hits: number;
  /** `undefined`: for good. */
  readonly until: number | undefined;
  /** Anybody may have sent, in its name, what it is blocked for. */
  readonly forgeable: boolean;
  /** How many times a rule has blocked it within the memory for offences; 0 if none did. */
  readonly offences: number;
}

/** What is found blocked, be it by a list that others keep. */
export interface FoundBlock extends Omit<BlockEntry, 'by'> {
  readonly by: BlockedBy | 'list';
}

export interface BlockOrder {
  readonly network: string;
  readonly by: BlockedBy;
  readonly rule: string;
  readonly evidence: string;
  readonly note?: string | undefined;
  /** Anybody may have sent, in its name, what it is blocked for: that is no offence, and never prolongs an earned block. */
  readonly forgeable?: boolean;
  /** For a rule's block, the time of a first offence. `undefined`: for good. */
  readonly forMs: number | undefined;
}

/** `displaced`: it had to go before its time because the list was full. */
export type BlockChangeKind = 'added' | 'changed' | 'lifted' | 'expired' | 'displaced';

export interface BlockChange {
  readonly kind: BlockChangeKind;
  readonly entry: BlockEntry;
  /** It was decided on another node, and told there. */
  readonly elsewhere?: boolean;
}

/** Each further offence within `memoryMs` of the end of the last block multiplies the time. */
export interface Escalation {
  readonly factor: number;
  /** No block grows beyond this by escalation. */
  readonly mostMs: number;
  readonly memoryMs: number;
}
