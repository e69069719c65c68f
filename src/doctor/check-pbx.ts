import { showHostPort } from '../config/forms.ts';
import { ownAddresses } from '../config/own-addresses.ts';
import { nextHopOf } from '../engine/next-hops.ts';
import { type Candidate, createResolver } from '../engine/resolve/resolver.ts';
import { askByOptions } from './ask-by-options.ts';
import { about, type Examined, type Finding } from './finding.ts';
import { isAny, isLoopback, isPublic, openSockets } from './this-machine.ts';

const pbx = about('PBX');
const around = about('way around the gate');

/** Ports that a PBX should keep to itself besides SIP. */
const inner: Readonly<Record<number, string>> = {
  4569: 'IAX2',
  5038: "Asterisk's manager",
  8021: "FreeSWITCH's event socket",
  8088: "Asterisk's HTTP and ARI",
};

/** Does it answer the gate, and does it answer anybody else? */
export async function checkPbx({ settings, root }: Examined): Promise<readonly Finding[]> {
  const resolver = createResolver();
  const findings: Finding[] = [];
  for (const { name, uri } of settings.pbx.nodes) {
    const hop = nextHopOf(uri);
    const [place] = hop === undefined ? [] : await resolver.resolve(hop);
    if (place === undefined) {
      findings.push(pbx.bad(`${name}: ${uri} leads nowhere`, 'see DNS below, or give an address'));
      continue;
    }
    findings.push(...(await checkNode(name, place, root)));
  }
  return findings;
}

async function checkNode(
  name: string,
  place: Candidate,
  root: string,
): Promise<readonly Finding[]> {
  const shown = `${name} (${place.transport} ${showHostPort(place.address, place.port)})`;
  const own = await askByOptions(place);
  const findings: Finding[] = [
    own.answer === undefined
      ? pbx.bad(
          `${shown} does not answer ${own.from || 'this machine'}: ${own.why}`,
          'is it running, and does its firewall let the gate in? drawbridge status shows what the gate sees',
        )
      : pbx.ok(
          `${shown} answers ${own.from} with ${own.answer} after ${own.ms.toFixed(1)} ms`,
          `it sees all phones at ${own.from}; where they really are stands in the second Via (received=). Restrict addresses here (permittedIps), not there`,
        ),
  ];
  if (!isLoopback(place.address))
    findings.push(await askFromOthers(shown, place, own.from, othersThan(own.from, place)));
  if (isLoopback(place.address) || ownAddresses().includes(place.address))
    findings.push(...openHere(place, root));
  return findings;
}

/** Other addresses of this machine that could speak to the place. */
function othersThan(gate: string, { address }: Candidate): readonly string[] {
  const family = address.includes(':');
  return ownAddresses().filter(
    (one) =>
      one.includes(':') === family &&
      ![gate, address].includes(one) &&
      !isLoopback(one) &&
      !one.startsWith('fe80'),
  );
}

/** What can be seen from this machine; the rest is to be tried from elsewhere. */
export async function askFromOthers(
  shown: string,
  place: Candidate,
  gate: string,
  others: readonly string[],
): Promise<Finding> {
  const { address, port, transport } = place;
  const answered: string[] = [];
  for (const other of others)
    if ((await askByOptions(place, other)).answer !== undefined) answered.push(other);
  const scan = `nmap -Pn ${transport === 'udp' ? '-sU' : '-sT'} -p ${port} ${address}`;
  const outside = `from a machine elsewhere: ${scan}, expected filtered or closed`;
  const close = `let it hear ${gate} only, in its firewall or by an ACL of its own; then ${outside}`;
  if (answered.length > 0)
    return around.bad(`${shown} answers ${answered.join(', ')} too, which is not the gate`, close);
  if (isPublic(address))
    return around.warn(
      `${shown} has a public address; what it lets in cannot be seen from here`,
      close,
    );
  const tried =
    others.length === 0
      ? 'this machine has no other address to try from'
      : `${shown} does not answer ${others.join(', ')}, which is not the gate`;
  return around.ok(tried, `try ${outside}`);
}

/** It is on this machine: on which addresses does it wait? */
function openHere({ port, transport, address }: Candidate, root: string): readonly Finding[] {
  const protocol = transport === 'udp' ? 'udp' : 'tcp';
  const sockets = openSockets(root);
  const waitsAt = sockets
    .filter((one) => one.protocol === protocol && one.port === port)
    .map((one) => one.address);
  const inReach = waitsAt.filter((one) => isAny(one) || isPublic(one));
  const level = [...ownAddresses(), ...waitsAt].some(isPublic) ? 'bad' : 'warn';
  const findings: Finding[] = [];
  if (inReach.length > 0)
    findings.push(
      around[level](
        `the PBX waits at ${port}/${protocol} on ${inReach.some(isAny) ? 'every address of this machine' : inReach.join(', ')}`,
        `bind it to ${address} (Asterisk, pjsip.conf: bind=${showHostPort(address, port)}), or close the port in the firewall`,
      ),
    );
  else if (waitsAt.length > 0)
    findings.push(around.ok(`the PBX waits at ${port}/${protocol} on ${waitsAt.join(', ')} only`));
  for (const [number, what] of Object.entries(inner))
    if (sockets.some((one) => one.port === Number(number) && isAny(one.address)))
      findings.push(
        around.warn(
          `${what} (port ${number}) waits on every address of this machine`,
          'bind it to 127.0.0.1, or close the port in the firewall',
        ),
      );
  return findings;
}
