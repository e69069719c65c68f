import { z } from 'zod';
import type { Gone, Lifted, Unguarded } from '../../data/messages.ts';
import type { BindingRow, HeldBinding } from '../../edge/registrations-store.ts';
import { canonicalNetwork } from '../../limits/address-key.ts';
import type { BlockEntry } from '../../limits/block-entry.ts';
import type { Guard } from '../../limits/guards.ts';
import type { SharedRow } from './shared-table.ts';

/** That it was lifted is known for so long: a node that was gone meanwhile still hears of it. */
const LIFTED_FOR_MS = 30 * 86_400_000;

/** After its end a block is remembered, so that the next one lasts longer. */
const REMEMBERED_MS = 30 * 86_400_000;

/** The longest that a registration lasts, by far: a node that was gone meanwhile still hears of its end. */
const GONE_FOR_MS = 86_400_000;

const block = z.object({
  network: z.string(),
  by: z.enum(['rule', 'operator']),
  rule: z.string(),
  evidence: z.string(),
  note: z.string().optional(),
  firstSeen: z.number(),
  lastSeen: z.number(),
  hits: z.number(),
  until: z.number().optional(),
  offences: z.number(),
});

export function rowOfBlock({ changedAt, forgeable: _, ...entry }: BlockEntry): SharedRow {
  const { until, offences, network } = entry;
  const forgetAt = until && until + (offences > 0 ? REMEMBERED_MS : 0);
  return { id: canonicalNetwork(network), changedAt, forgetAt, text: JSON.stringify(entry) };
}

export const rowOfLifted = ({ network, at }: Lifted): SharedRow => ({
  id: canonicalNetwork(network),
  changedAt: at,
  forgetAt: at + LIFTED_FOR_MS,
  text: '',
});

/** What the rows say; one that this version cannot read is left out. */
export function blocksIn(rows: readonly SharedRow[]): {
  readonly blocks: readonly BlockEntry[];
  readonly lifted: readonly Lifted[];
} {
  const blocks: BlockEntry[] = [];
  const lifted: Lifted[] = [];
  for (const { id, changedAt, text } of rows)
    if (text === '') lifted.push({ network: id, at: changedAt });
    else {
      const { data } = block.safeParse(parsed(text));
      if (data === undefined) continue;
      const { note, until } = data;
      blocks.push({ ...data, note, until, changedAt, forgeable: false });
    }
  return { blocks, lifted };
}

const guard = z.object({
  extension: z.string(),
  by: z.enum(['rule', 'operator']),
  evidence: z.string(),
  since: z.number(),
  until: z.number().optional(),
});

export const rowOfGuard = ({ changedAt, ...entry }: Guard): SharedRow => ({
  ...{ id: entry.extension, changedAt, forgetAt: entry.until },
  text: JSON.stringify(entry),
});

export const rowOfUnguarded = ({ extension, at }: Unguarded): SharedRow => ({
  ...{ id: extension, changedAt: at, forgetAt: at + LIFTED_FOR_MS, text: '' },
});

/** What the rows say; one that this version cannot read is left out. */
export function guardsIn(rows: readonly SharedRow[]): {
  readonly guards: readonly Guard[];
  readonly lifted: readonly Unguarded[];
} {
  const guards: Guard[] = [];
  const lifted: Unguarded[] = [];
  for (const { id, changedAt, text } of rows)
    if (text === '') lifted.push({ extension: id, at: changedAt });
    else {
      const { data } = guard.safeParse(parsed(text));
      if (data !== undefined) guards.push({ ...data, until: data.until, changedAt });
    }
  return { guards, lifted };
}

const binding = z.object({
  aor: z.string(),
  contact: z.string(),
  token: z.string(),
  flow: z.string(),
  transport: z.enum(['udp', 'tcp', 'tls', 'ws', 'wss']),
  listener: z.string(),
  address: z.string(),
  port: z.number(),
  toward: z.enum(['contact', 'path']),
  expiresAt: z.number(),
  userAgent: z.string(),
  callId: z.string(),
  cseq: z.number(),
  node: z.string(),
  instance: z.string(),
  gate: z.string(),
});

/** By name, not as it is: the data plane's own record of it has more in it. */
export function rowOfBinding(held: BindingRow, gate: string): SharedRow {
  const { changedAt, token, expiresAt } = held;
  const text = JSON.stringify(binding.parse({ ...held, gate }));
  return { id: token, changedAt, forgetAt: expiresAt, text };
}

export const rowOfGone = ({ token, at }: Gone): SharedRow => ({
  id: token,
  changedAt: at,
  forgetAt: at + GONE_FOR_MS,
  text: '',
});

/** What the rows say, seen from this node: what it holds itself is at no other gate. */
export function bindingsIn(
  rows: readonly SharedRow[],
  node: string,
): { readonly bindings: readonly HeldBinding[]; readonly gone: readonly Gone[] } {
  const bindings: HeldBinding[] = [];
  const gone: Gone[] = [];
  for (const { id, changedAt, text } of rows)
    if (text === '') gone.push({ token: id, at: changedAt });
    else {
      const { data } = binding.safeParse(parsed(text));
      if (data === undefined) continue;
      bindings.push({ ...data, changedAt, gate: data.gate === node ? '' : data.gate });
    }
  return { bindings, gone };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
