import type { Edge } from '../edge/edge.ts';
import type { Told } from './messages.ts';

/** What other nodes did counts here as well. */
export function hearOthers(edge: Edge, told: Told): void {
  const { gatekeeper, guesses, leases, registrations, attacks } = edge;
  const now = Date.now();
  switch (told.what) {
    case 'blocks':
      for (const row of told.blocks) gatekeeper.blocks.adopt(row, now);
      for (const { network, at } of told.lifted) gatekeeper.blocks.liftedElsewhere(network, at);
      return;
    case 'bindings':
      for (const row of told.bindings) registrations.adopt(row, row.gate, now);
      for (const { token, at } of told.gone) registrations.goneElsewhere(token, at);
      return;
    case 'guards':
      for (const guard of told.guards) attacks.guards.adopt(guard, now);
      for (const { extension, at } of told.lifted)
        if (attacks.guards.liftedElsewhere(extension, at)) attacks.forgive(extension);
      return;
    case 'notes':
      for (const note of told.notes)
        if (note.kind === 'call') leases.heard(note.keys, note.at);
        else guesses.heard(note);
      return;
  }
}
