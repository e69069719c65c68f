import { isIP } from 'node:net';
import type { Conflict, Surroundings } from './compile.ts';
import { hostOf, showHostPort } from './forms.ts';
import { isHere } from './own-addresses.ts';
import { mismatch } from './problem.ts';
import type { SettingsTree } from './schema.ts';
import { secretFrom } from './secret-from.ts';
import { heldByGateOnly, heldIn, secretOf } from './secret-of.ts';
import type { ClusterSettings, ListenerSettings } from './settings.ts';

const SECRET = 'DRAWBRIDGE_CLUSTER_SECRET';

/** Whoever knows it can name himself a node, and send calls to phones. */
const secretForm = {
  allowed: /^[\x21-\x7e]{16,256}$/,
  expected: '16 to 256 printable characters without spaces, the same on all nodes',
};

const passwordForm = {
  allowed: /^[^\p{Cc}]{1,512}$/u,
  expected: 'one line, at most 512 characters',
};

/** Through which Redis the nodes share what they know, and what this one is to the others. */
export function compileCluster(
  tree: SettingsTree,
  listeners: readonly ListenerSettings[],
  surroundings: Surroundings,
  problems: Conflict[],
  notices: string[],
): ClusterSettings {
  const { redis, node, secret } = tree.cluster;
  const { authorities, passwordFile, sentinelPasswordFile, ...rest } = redis;
  const variables = [
    ...(passwordFile === undefined ? [redis.password] : []),
    ...(sentinelPasswordFile === undefined ? [redis.sentinelPassword] : []),
  ];
  const elsewhere = variables
    .map((variable) => heldByGateOnly(variable, surroundings))
    .find((one) => one !== undefined);
  const passwordOf = (variable: string, file: string | undefined): string =>
    file === undefined ? heldIn(variable, surroundings) : '';
  const settings: ClusterSettings = {
    redis: {
      ...rest,
      ...(authorities !== undefined && { authorities }),
      password: passwordOf(redis.password, passwordFile),
      sentinelPassword: passwordOf(redis.sentinelPassword, sentinelPasswordFile),
      ...(passwordFile !== undefined && { passwordFile }),
      ...(sentinelPasswordFile !== undefined && { sentinelPasswordFile }),
      ...(elsewhere !== undefined && { heldByGate: elsewhere }),
    },
    node: { name: '', uri: undefined },
    secret: '',
  };
  if (redis.servers.length === 0) {
    if (surroundings.environment[SECRET])
      notices.push(`${SECRET} is set, but cluster.redis.servers is empty: this node is alone`);
    return settings;
  }
  checkServers(tree, problems, notices);
  checkPasswordFiles(tree, surroundings, problems);
  const uri = node.uri ?? placeFor(listeners, surroundings);
  if (uri === undefined)
    notices.push(
      'cluster.node.uri is not set, and no listener is for TCP or TLS: other nodes cannot reach the phones here',
    );
  else if (!isNodePlace(uri))
    notices.push(
      `cluster.node.uri is ${uri}: nodes know each other by their addresses, over TCP or TLS (sip:10.0.0.5:5060;transport=tcp); ` +
        'others cannot reach the phones here',
    );
  return {
    ...settings,
    node: { name: node.name ?? surroundings.hostName ?? 'gate', uri },
    secret: secretOf(secret, ['cluster', 'secret'], secretForm, surroundings, problems),
  };
}

function checkServers(tree: SettingsTree, problems: Conflict[], notices: string[]): void {
  const { servers, kind, authorities } = tree.cluster.redis;
  const path = ['cluster', 'redis', 'servers'];
  if (kind === 'single' && servers.length > 1) {
    const text = mismatch(`${servers.length} servers of kind single`, 'one');
    const other = mismatch(
      'single',
      `sentinel or cluster, for ${servers.length} servers are named`,
    );
    problems.push([
      { path, text },
      { path: ['cluster', 'redis', 'kind'], text: other },
    ]);
  }
  if (kind !== 'single' && servers.some(({ at }) => 'path' in at)) {
    const text = mismatch(
      `a unix socket of kind ${kind}`,
      'redis://host:port or rediss://host:port',
    );
    problems.push([{ path, text }]);
  }
  if (kind === 'cluster' && servers.some(({ database }) => database !== 0)) {
    const text = mismatch('a database other than 0', '0: a Redis Cluster has no other');
    problems.push([{ path, text }]);
  }
  if (new Set(servers.map(({ tls }) => tls)).size > 1) {
    const text = mismatch('redis:// beside rediss://', 'the same for all of them');
    problems.push([{ path, text }]);
  }
  if (authorities !== undefined && servers.every(({ tls }) => !tls)) {
    const text = mismatch('authorities without TLS', 'rediss:// in servers');
    problems.push([{ path: ['cluster', 'redis', 'authorities'], text }]);
  }
  const exposed = servers.find(({ at, tls }) => !tls && 'host' in at && !isHere(at.host));
  if (exposed !== undefined && 'host' in exposed.at)
    notices.push(
      `Redis at ${showHostPort(exposed.at.host, exposed.at.port)} is reached without TLS: its password can be read`,
    );
}

/** They are read again at each connection; one that is wrong now is said now. */
function checkPasswordFiles(
  { cluster: { redis } }: SettingsTree,
  surroundings: Surroundings,
  problems: Conflict[],
): void {
  const at = ['cluster', 'redis'];
  for (const keys of [
    ['password', 'passwordFile'],
    ['sentinelPassword', 'sentinelPasswordFile'],
  ] as const) {
    const file = redis[keys[1]];
    if (file === undefined) continue;
    secretFrom({ variable: undefined, file, at, keys }, passwordForm, surroundings, problems);
  }
}

/** The first listener over which a node can speak to another, those for the PBX before others. */
function placeFor(
  listeners: readonly ListenerSettings[],
  { addresses = [] }: Surroundings,
): string | undefined {
  const streams = listeners.filter(
    ({ transport, port }) => (transport === 'tcp' || transport === 'tls') && port !== 0,
  );
  const first = streams.find(({ realm }) => realm === 'core') ?? streams[0];
  if (first === undefined) return undefined;
  const { address, port, transport } = first;
  const any = address === '0.0.0.0' || address === '::';
  const host = any
    ? addresses.find((one) => one.includes(':') === address.includes(':') && !isLocal(one))
    : address;
  return host && `sip:${showHostPort(host, port)};transport=${transport}`;
}

/** Where a node speaks from shows who it is: a name does not, and over UDP anybody could write what is in it. */
function isNodePlace(uri: string): boolean {
  const connected = /^sips:/i.test(uri) || /;transport=(tcp|tls)(;|$)/i.test(uri);
  return connected && isIP(hostOf(uri) ?? '') !== 0;
}

/** No other node can reach such an address. */
const isLocal = (address: string): boolean => isHere(address) || /^fe80:/i.test(address);
