import { spawnSync } from 'node:child_process';
import { requirePrograms } from '../debian-packages.ts';

/** Where the gate is, and where everybody else comes from: addresses for tests of networks (RFC 2544). */
export const GATE = '198.18.0.1';
const OUTSIDE = '198.18.0.2';
/** Honest phones. */
export const HONEST = '198.18.10.1';
/** An attacker with one address, another for each attack. */
export const attackerAt = (attack: number): string => `198.18.20.${attack + 1}`;
/** Attackers with so many addresses that one address more is nothing to them. */
export const FORGED_NET = '198.19.0.0';
const NETS = ['198.18.10.0/24', '198.18.20.0/24', '198.19.0.0/16'];

/** The two networks of a siege, and the cable between them. */
export interface Field {
  /** What stands behind these words runs in front of the gate. */
  readonly outside: readonly string[];
  /** And behind these beside it. */
  readonly inside: readonly string[];
  close(): void;
}

/** Makes both, in namespaces of their own: nothing that is sent leaves this machine, and no rule meets anybody else. */
export function openField(): Field {
  if (process.getuid?.() !== 0)
    throw new Error(
      'A siege is fought in network namespaces, which are root’s to make: run it as root.',
    );
  requirePrograms(['ip', 'nft'], ['iproute2', 'nftables']);
  const [inner, outer] = [`siege-in-${process.pid}`, `siege-out-${process.pid}`];
  const opened: string[] = [];
  const close = () => {
    for (const name of opened.splice(0)) ip('netns', 'delete', name);
  };
  try {
    for (const name of [inner, outer]) {
      ip('netns', 'add', name);
      opened.push(name);
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
    ip(
      'link',
      'add',
      'gate0',
      'netns',
      inner,
      'type',
      'veth',
      'peer',
      'name',
      'out0',
      'netns',
      outer,
    );
    ip('-n', inner, 'address', 'add', `${GATE}/30`, 'dev', 'gate0');
    ip('-n', outer, 'address', 'add', `${OUTSIDE}/30`, 'dev', 'out0');
    ip('-n', inner, 'link', 'set', 'gate0', 'up');
    ip('-n', outer, 'link', 'set', 'out0', 'up');
    for (const net of NETS) {
      ip('-n', outer, 'route', 'add', 'local', net, 'dev', 'lo');
      ip('-n', inner, 'route', 'add', net, 'via', OUTSIDE);
    }
    return { inside: within(inner), outside: within(outer), close };
  } catch (problem) {
    close();
    throw problem;
  }
}

const within = (name: string): readonly string[] => ['ip', 'netns', 'exec', name];

function ip(...words: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr}`);
}
