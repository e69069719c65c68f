/**
 * How long SIP waits, in milliseconds: RFC 3261 §17 (table 4), RFC 6026 §7 for L and M, RFC 4320 §4.1.
 * Timers A, E and G begin with T1; B, F and H are `GIVE_UP`; J is how long answers are kept, K is not needed.
 */

/** The round trip is taken to be this long. */
export const T1 = 500;
/** The longest pause between retransmissions of a non-INVITE request or an INVITE response. */
export const T2 = 4000;
/** The longest a message is taken to stay in the network. */
const T4 = 5000;

/** How long a client waits for a final response: timers B, F and H, and after a CANCEL (§9.1). */
export const GIVE_UP = 64 * T1;

/** How long answers to an unsuccessful INVITE may still come and are acknowledged: over 32 seconds. */
export const timerD = (reliable: boolean): number => (reliable ? 0 : GIVE_UP + T1);
/** How long repeated ACKs are absorbed. */
export const timerI = (reliable: boolean): number => (reliable ? 0 : T4);
/** How long repeated INVITEs are absorbed after a 2xx, on any wire: the 2xx may still be lost beyond it. */
export const timerL = (): number => GIVE_UP;
/** How long further 2xx to an INVITE are passed on, on any wire: they may come from other branches. */
export const timerM = (): number => GIVE_UP;

/** How long before a waiting INVITE is answered 100 (§17.2.1). */
export const timerTrying = (): number => 200;
/**
 * How long before a waiting non-INVITE is answered 100: until the client's timer E would have reached T2
 * (RFC 4320 §4.1), that is T1 + 2*T1 + 4*T1.
 */
export const timerLate = (): number => 7 * T1;

/** The pause after this one for timers E and G: doubled, up to T2. */
export const nextRetransmit = (current: number): number => Math.min(2 * current, T2);
/** The pause after this one for timer A: doubled without a limit; timer B ends it (§17.1.1.2). */
export const nextInviteRetransmit = (current: number): number => 2 * current;
