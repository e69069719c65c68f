import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts';
import { sharedBy } from '../../../test/support/shared-by.ts';
import type { Told } from '../../data/messages.ts';
import { Sharing } from '../../data/sharing.ts';
import { Registrations } from '../../edge/registrations.ts';
import { BlockList } from '../../limits/block-list.ts';
import { Guards } from '../../limits/guards.ts';
import { openSharedState, type SharedState } from './shared-state.ts';

let server: RedisServer;
const opened: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  server = await startRedis();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await server.close();
});

/** What a node keeps when it is away: as on its disk. */
interface Kept {
  readonly blocks: BlockList;
  readonly guards: Guards;
  readonly registrations: Registrations;
}

/** A node, and all that it knows of the others. */
function node(name: string, before?: Kept) {
  let shared: SharedState | undefined;
  const sharing: Sharing = new Sharing((message) => {
    if (message.type === 'share') shared?.share(message.batch);
  }, 100);
  const blocks = new BlockList({ onChange: (change) => sharing.blockChanged(change) });
  const guards = new Guards((change) => sharing.guardChanged(change));
  const here = { saved() {}, removed() {} };
  const rows = [...(before?.registrations.all() ?? [])];
  const registrations = new Registrations(here, 100, rows, sharing);
  blocks.load([...(before?.blocks.entries() ?? [])], Date.now());
  guards.load([...(before?.guards.all() ?? [])], Date.now());
  const hear = (told: Told): void => {
    const now = Date.now();
    if (told.what === 'blocks') {
      for (const row of told.blocks) blocks.adopt(row, now);
      for (const { network, at } of told.lifted) blocks.liftedElsewhere(network, at);
    } else if (told.what === 'guards') {
      for (const guard of told.guards) guards.adopt(guard, now);
      for (const { extension, at } of told.lifted) guards.liftedElsewhere(extension, at);
    } else if (told.what === 'bindings') {
      for (const row of told.bindings) registrations.adopt(row, row.gate, now);
      for (const { token, at } of told.gone) registrations.goneElsewhere(token, at);
    }
  };
  shared = openSharedState({
    cluster: sharedBy(server, name),
    ...{ identity: name, log: pino({ level: 'silent' }) },
    told: (told) => hear(sharing.heard(told)),
    tellAll: () => sharing.tellAll(blocks.entries(), registrations.all(), guards.all()),
    taken: (kind, batch) => sharing.taken(kind, batch),
    ...{ others() {}, answered() {}, changed() {} },
  });
  const made = {
    ...{ blocks, guards, registrations },
    /** How many blocks, guards and registrations it knows. */
    get known() {
      return [blocks.size, guards.size, registrations.size];
    },
    async close() {
      sharing.close();
      await shared.close();
    },
  };
  opened.push(made);
  return made;
}

type Node = ReturnType<typeof node>;

const ADDRESS = '192.0.2.1';
const TOKEN = 'token of 1001';

function begin({ blocks, guards, registrations }: Node): void {
  const by = { by: 'operator', evidence: '', forMs: undefined } as const;
  blocks.block({ ...by, network: `${ADDRESS}/32`, rule: 'operator' }, Date.now());
  guards.raise({ ...by, extension: '1001' }, Date.now());
  registrations.add('1001@a.test', 'sip:1001@198.51.100.7', TOKEN, {
    ...{ flow: 'flow', transport: 'udp', listener: 'udp:192.0.2.1:5060' },
    ...{ address: '198.51.100.7', port: 5060, toward: 'contact', userAgent: 'T' },
    ...{ callId: 'c', cseq: 1, node: 'pbx', instance: '', expiresAt: Date.now() + 3_600_000 },
  });
}

function takeBack({ blocks, guards, registrations }: Node): void {
  blocks.lift(ADDRESS);
  guards.lift('1001');
  const binding = registrations.named(TOKEN, Date.now());
  if (binding !== undefined) registrations.remove(binding);
}

const within = { timeout: 10_000 };

/** Whatever was said before is known when this is: of each table the last word comes last. */
async function agree(nodes: readonly Node[], network: string): Promise<void> {
  const [first] = nodes;
  first?.blocks.block(
    { network, by: 'operator', rule: 'operator', evidence: '', forMs: undefined },
    Date.now(),
  );
  for (const { blocks } of nodes)
    await expect.poll(() => blocks.isBlocked(network, Date.now()), within).toBeDefined();
}

test('what was taken back is not back when Redis has what it knew before', async () => {
  const [a, b] = [node('a'), node('b')];
  begin(a);
  await expect.poll(() => b.known, within).toEqual([1, 1, 1]);
  await server.ask('save');
  takeBack(b);
  await expect.poll(() => a.known, within).toEqual([0, 0, 0]);

  await server.kill();
  await server.start();
  await agree([a, b], '192.0.2.9');
  await agree([b, a], '192.0.2.10');
  expect([a.known, b.known]).toEqual([
    [2, 0, 0],
    [2, 0, 0],
  ]);
  const late = node('late');
  await agree([a, late], '192.0.2.11');
  await expect.poll(() => late.known, within).toEqual([3, 0, 0]);
});

test('nor by a node that was away, and comes to a Redis that has lost it', async () => {
  const [a, b] = [node('a'), node('b')];
  begin(a);
  await expect.poll(() => b.known, within).toEqual([1, 1, 1]);
  await b.close();
  takeBack(a);
  await agree([a], '192.0.2.9');
  await server.ask('flushall');

  const again = node('b', b);
  expect(again.known).toEqual([1, 1, 1]);
  await expect.poll(() => again.known, within).toEqual([1, 0, 0]);
  await agree([a, again], '192.0.2.10');
  expect(a.known).toEqual([2, 0, 0]);
});

test('but whoever is blocked, guarded or registered anew is so on all', async () => {
  const [a, b] = [node('a'), node('b')];
  begin(a);
  await expect.poll(() => b.known, within).toEqual([1, 1, 1]);
  takeBack(a);
  await expect.poll(() => b.known, within).toEqual([0, 0, 0]);
  begin(a);
  await expect.poll(() => b.known, within).toEqual([1, 1, 1]);
  await server.ask('flushall');
  await agree([b, a], '192.0.2.9');
  expect([a.known, b.known]).toEqual([
    [2, 1, 1],
    [2, 1, 1],
  ]);
});
