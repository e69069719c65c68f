import { isIP } from 'node:net';
import { hopOf, readHostPort } from '../../config/forms.ts';
import type { Settings } from '../../config/settings.ts';
import { formatNetwork, parseNetwork } from '../../limits/address-key.ts';
import { PrefixTable } from '../../limits/prefix-table.ts';

/** Networks, each asked whether it lies within one of them. */
export class NetworksAround {
  readonly #bits = new PrefixTable<number>();

  constructor(networks: readonly string[]) {
    for (const text of networks) {
      const network = parseNetwork(text);
      if (network !== undefined) this.#bits.set(network, network.bits);
    }
  }

  /** Of several around its first address the narrowest is looked at. */
  contain(text: string): boolean {
    const network = parseNetwork(text);
    if (network === undefined || this.#bits.size === 0) return false;
    const [address = ''] = formatNetwork(network).split('/');
    const bits = this.#bits.match(address);
    return bits !== undefined && bits <= network.bits;
  }
}

/** Of what no list decides, as far as the settings name it by address: what is allowed, ours, the PBX and trunks. */
export const ownNetworks = ({ policy, pbx, trunks }: Settings): NetworksAround =>
  new NetworksAround([
    ...policy.network.allowed,
    ...policy.site.localNetworks,
    ...pbx.sources,
    ...pbx.nodes.flatMap(({ uri }) => addressOf(uri)),
    ...trunks.flatMap(({ uri, sources }) => [...sources, ...addressOf(uri)]),
  ]);

function addressOf(uri: string): readonly string[] {
  const place = readHostPort(hopOf(uri));
  return place.ok && isIP(place.value.host) !== 0 ? [place.value.host] : [];
}
