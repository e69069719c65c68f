import { headerParameters } from '../sip/message/name-address.ts';
import type { Binding } from './registrations.ts';

/** What a REGISTER says of the device that sends it. */
export interface AskingDevice {
  readonly callId: string;
  readonly userAgent: string;
  readonly address: string;
  readonly now: number;
  /** The Contacts it wants to be reached by from now on; `binding` when it is already. */
  readonly wanted: readonly {
    readonly binding: Binding | undefined;
    /** As `contactFacts` has it. */
    readonly instance: string;
  }[];
}

const LONGEST_INSTANCE = 128;
/**
 * RFC 5626 §4.2 asks for two of a device; one with IPv4 and IPv6 has twice as many. More would be devices that share a
 * name.
 */
const MOST_FLOWS = 4;

const contactParameters = ['expires', '+sip.instance', 'reg-id'];

/** What the parameters of a Contact say. */
export interface ContactFacts {
  readonly expires: string | undefined;
  /** Which device it is of, and by which of its flows (RFC 5626 §4.1); empty where it does not say. */
  readonly instance: string;
}

export function contactFacts(parameters: string): ContactFacts {
  const [expires, device = '', flow = ''] = headerParameters(parameters, contactParameters);
  const isUsable = device !== '' && device.length <= LONGEST_INSTANCE;
  return { expires, instance: isUsable ? `${flow} ${device}` : '' };
}

/**
 * The registered devices of an extension, beside one that registers (R5). All that one REGISTER asks for is one device;
 * so are all flows of one +sip.instance.
 */
export class Devices {
  /** It is none of those that are registered. */
  readonly isNew: boolean;
  /** What it had before and has no more, as it asks for something else. */
  readonly left: readonly Binding[];
  readonly #others: ReadonlyMap<string, readonly Binding[]>;
  readonly #asking: AskingDevice;

  constructor(asking: AskingDevice, bindings: readonly Binding[], ending: readonly Binding[]) {
    const { wanted, callId, now } = asking;
    this.#asking = asking;
    const left: Binding[] = [];
    let others: Map<string, Binding[]> | undefined;
    let flows: Binding[] | undefined;
    let known = wanted.some(({ binding }) => binding !== undefined);
    for (const binding of bindings) {
      // who asks for nothing, or takes something back, is none that has come back
      if (wanted.length === 0) break;
      if (binding.expiresAt <= now || ending.includes(binding)) continue;
      if (wanted.some((one) => one.binding === binding)) continue;
      const device = deviceOf(binding);
      const own = wanted.find(({ instance }) => instance !== '' && afterFlow(instance) === device);
      const sameCall =
        binding.callId === callId && !wanted.some((one) => differ(one.instance, binding.instance));
      if (own === undefined && !sameCall) {
        others ??= new Map();
        const same = others.get(device);
        if (same === undefined) others.set(device, [binding]);
        else same.push(binding);
        continue;
      }
      known = true;
      if (own === undefined || wanted.some(({ instance }) => instance === binding.instance))
        left.push(binding);
      else {
        flows ??= [];
        flows.push(binding);
      }
    }
    // another flow of the same device stays (RFC 5626 §4.2)
    if (flows !== undefined) left.push(...beyondFlows(flows));
    this.isNew = wanted.length > 0 && !known;
    this.left = left;
    this.#others = others ?? nobody;
  }

  get others(): number {
    return this.#others.size;
  }
  /** How many of the others look like this one. */
  get alike(): number {
    let count = 0;
    for (const device of this.#others.values()) if (this.#looksAlike(device)) count++;
    return count;
  }

  /**
   * What has to go so that no more than so many devices are left: those that look alike first, then those that were not
   * there `before`, then the oldest.
   */
  beyond(most: number, before?: Devices): readonly Binding[] {
    const going = [...this.left];
    const tooMany = this.others + 1 - most;
    if (tooMany <= 0) return going;
    const isNew = (device: readonly Binding[]): boolean =>
      before !== undefined && !device.some((one) => before.#others.has(deviceOf(one)));
    const ranked = [...this.#others.values()].toSorted(
      (one, other) =>
        Number(this.#looksAlike(other)) - Number(this.#looksAlike(one)) ||
        Number(isNew(other)) - Number(isNew(one)) ||
        endOf(one) - endOf(other),
    );
    for (const device of ranked.slice(0, tooMany)) going.push(...device);
    return going;
  }

  #looksAlike(device: readonly Binding[]): boolean {
    const { address, userAgent } = this.#asking;
    if (userAgent === '') return false; // two that say nothing of themselves are not the same for that
    return device.some((one) => one.address === address && one.userAgent === userAgent);
  }
}

/** Of the flows that a device has beside the one it registers by, those that are too many: the oldest. */
function beyondFlows(bindings: readonly Binding[]): readonly Binding[] {
  const flows = new Map<string, Binding[]>();
  for (const binding of bindings.toSorted((one, other) => other.expiresAt - one.expiresAt))
    flows.set(binding.instance, [...(flows.get(binding.instance) ?? []), binding]);
  return [...flows.values()].slice(MOST_FLOWS - 1).flat();
}

const nobody: ReadonlyMap<string, readonly Binding[]> = new Map();

const deviceOf = ({ instance, token }: Binding): string =>
  instance === '' ? token : afterFlow(instance);

const afterFlow = (instance: string): string => instance.slice(instance.indexOf(' ') + 1);

const differ = (one: string, other: string): boolean =>
  one !== '' && other !== '' && afterFlow(one) !== afterFlow(other);

/** A device is as young as the registration of its that lasts longest. */
const endOf = (device: readonly Binding[]): number =>
  Math.max(...device.map(({ expiresAt }) => expiresAt));
