import { isIP } from 'node:net';
import { hostOf } from '../../config/forms.ts';
import type { Settings } from '../../config/settings.ts';

/** Of what no list decides, as far as the settings name it by address: what is allowed, ours, the PBX and trunks. */
export const ownNetworks = ({ policy, pbx, trunks }: Settings): readonly string[] => [
  ...policy.network.allowed,
  ...policy.site.localNetworks,
  ...pbx.sources,
  ...pbx.nodes.flatMap(({ uri }) => addressOf(uri)),
  ...trunks.flatMap(({ uri, sources }) => [...sources, ...addressOf(uri)]),
];

function addressOf(uri: string): readonly string[] {
  const host = hostOf(uri);
  return host !== undefined && isIP(host) !== 0 ? [host] : [];
}
