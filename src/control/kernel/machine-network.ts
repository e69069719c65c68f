import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { basename } from 'node:path';
import { formatNetwork, parseNetwork } from '../../limits/address-key.ts';

/** What of this machine's network the kernel's rules are made of. It may change at any time. */
export interface MachineNetwork {
  /** Whatever is sent here, by family. */
  readonly addresses: { readonly 4: readonly string[]; readonly 6: readonly string[] };
  /** Where packets for those addresses come in; or why that is not to be said. */
  readonly devices: readonly string[] | { readonly why: string };
}

const DEVICES = '/sys/class/net';
/** It goes into the text of a rule. */
const isName = (name: string): boolean => /^[A-Za-z0-9_.@-]{1,15}$/.test(name);

export function lookAtNetwork(): MachineNetwork {
  const addresses = { 4: new Set<string>(), 6: new Set<string>() };
  const names = new Set<string>();
  for (const [label, own = []] of Object.entries(networkInterfaces())) {
    names.add(label.split(':')[0] ?? label);
    for (const { address, cidr, internal } of own) {
      // all of 127.0.0.0/8 is this machine
      const network = parseNetwork(internal && cidr !== null ? cidr : address);
      if (network !== undefined) addresses[network.family].add(formatNetwork(network));
    }
  }
  return {
    addresses: { 4: [...addresses[4]].sort(), 6: [...addresses[6]].sort() },
    devices: devicesAmong([...names].sort()),
  };
}

/**
 * A packet passes every device on its way up: of a bridge or bond the parts are left out. Where both have addresses, as a
 * VLAN and what it lies on, it would be counted twice.
 */
function devicesAmong(names: readonly string[]): MachineNetwork['devices'] {
  const devices: string[] = [];
  for (const name of names) {
    if (!isName(name)) return { why: `a network device with the odd name ${JSON.stringify(name)}` };
    const folder = `${DEVICES}/${name}`;
    if (!existsSync(folder)) return { why: `${folder} does not show what lies on what` };
    if (!existsSync(`${folder}/master`)) devices.push(name);
    else if (!names.includes(basename(readlinkSync(`${folder}/master`))))
      return { why: `${name} is part of a device without an address` };
  }
  for (const name of devices) {
    const upper = readdirSync(`${DEVICES}/${name}`).find(
      (entry) => entry.startsWith('upper_') && devices.includes(entry.slice('upper_'.length)),
    );
    if (upper !== undefined)
      return { why: `packets would be counted on ${name} and on ${upper.slice('upper_'.length)}` };
  }
  return devices.length === 0 ? { why: 'no network device has an address' } : devices;
}
