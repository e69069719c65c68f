/** Where an event leads, and what the engine must then do, in this order. Frozen, one object per cell of the table. */
export interface Transition<State extends string, Effect extends string> {
  readonly to: State;
  readonly effects: readonly Effect[];
}

/** Every state and event has its cell, so that a look-up can neither miss nor allocate. */
export type TransitionTable<State extends string, Event extends string, Effect extends string> = {
  readonly [S in State]: { readonly [E in Event]: Transition<State, Effect> };
};

/** What is worth writing down; every event that is missing changes nothing and asks for nothing. */
export type Moves<State extends string, Event extends string, Effect extends string> = {
  readonly [S in State]: { readonly [E in Event]?: Transition<State, Effect> };
};

/** Frozen with its effects: the engine is handed the table's own object. */
export function to<State extends string, Effect extends string>(
  state: State,
  ...effects: readonly Effect[]
): Transition<State, Effect> {
  return Object.freeze({ to: state, effects: Object.freeze([...effects]) });
}

/** Fills in the cells that were left out. */
export function transitionTable<State extends string, Event extends string, Effect extends string>(
  states: readonly State[],
  events: readonly Event[],
  moves: Moves<State, Event, Effect>,
): TransitionTable<State, Event, Effect> {
  const rows = states.map((state) => {
    const stay = to<State, Effect>(state);
    const cells = events.map((event) => [event, moves[state][event] ?? stay]);
    return [state, Object.freeze(Object.fromEntries(cells))];
  });
  return Object.freeze(Object.fromEntries(rows));
}
