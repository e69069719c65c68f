import { expect, onTestFinished, test } from 'vitest';
import { heard } from '../contract/scene.ts';
import { type NameServer, startDnsmasq } from '../support/dnsmasq.ts';
import { eventually } from '../support/eventually.ts';
import type { SipParty } from '../support/sip-party.ts';
import { aScene, type Scene, type SceneOptions } from './scene.ts';

/** A scene whose DNS is made known, and changed, when its parties have their ports. */
async function sceneWithDns(options: SceneOptions) {
  let dns: NameServer = await startDnsmasq([]);
  onTestFinished(() => dns.stop());
  const scene = await aScene({ ...options, nameServer: dns });
  const say = async (...records: readonly string[]) => {
    await dns.stop();
    dns = await startDnsmasq(records, dns.port);
  };
  return { scene, say };
}

/** These are reached by SRV only: the name itself has no address. */
const leadsTo = (name: string, { address, port }: SipParty): readonly string[] => [
  `--srv-host=_sip._udp.${name},host.${name},${port}`,
  `--host-record=host.${name},${address}`,
];

function oneNode(scene: Scene, uri: string): void {
  const { pbx } = scene.settings;
  scene.reload({ pbx: { ...pbx, nodes: pbx.nodes.slice(0, 1).map((node) => ({ ...node, uri })) } });
}

test('a PBX that only SRV records lead to is known when it speaks, and followed when they change', async () => {
  const { scene, say } = await sceneWithDns({ nodes: [{}, {}] });
  await using _ = scene;
  const [first, second] = [scene.node(0), scene.node(1)];
  await say(...leadsTo('pbx.test', first));
  oneNode(scene, 'sip:pbx.test');
  const { neighbours } = scene.running.edge;
  await eventually(() => neighbours.includes(first.address), 'it is known');
  const phone = await scene.registered();
  const contact = scene.contact(first);
  await scene.reaches(phone, contact, { by: first });

  await say(...leadsTo('pbx.test', second));
  await eventually(() => neighbours.isPbx(second.address, second.port), 'it has moved');
  await scene.reaches(phone, contact, { by: second });
  expect(neighbours.isPbx(first.address, first.port)).toBe(false);
  await scene.call(contact, { by: first });
  await second.expect('INVITE'); // as any stranger's would be
  expect(heard(phone, 'INVITE')).toHaveLength(2);
});

test('a carrier that only SRV records lead to is known when it speaks', async () => {
  const trunkHeader = { name: 'X-Trunk', value: 'yes' };
  const { scene, say } = await sceneWithDns({ carriers: 1, pbx: { trunkHeader } });
  await using _ = scene;
  const carrier = scene.carrier();
  await say(...leadsTo('carrier.test', carrier));
  scene.reload({ trunks: [{ name: 'carrier', uri: 'sip:carrier.test', sources: [] }] });
  await eventually(() => scene.running.edge.neighbours.includes(carrier.address), 'it is known');
  await carrier.invite('sip:+4930@127.0.0.1', { to: scene.place() });
  expect((await scene.pbx.expect('INVITE')).header('X-Trunk')).toBe('yes');
});
