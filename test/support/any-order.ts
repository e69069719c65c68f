/** What happens to an INVITE, and to the calls that it becomes. */
export interface Steps {
  open(): void;
  started(): void;
  ended(): void;
  /** The final status has gone back. */
  done(status: number): void;
}

const MOST_OF_A_NAME = 4;

/**
 * The steps of some INVITEs of each name, refused ones and forked ones among them, and of calls that nobody asked about,
 * in an order that depends on the seed alone. Each INVITE is open before it becomes a call, and each call begins before it
 * ends; all of them are over at the end.
 */
export function anyOrder(
  seed: number,
  names: readonly string[],
  of: (name: string) => Steps,
): readonly (() => void)[] {
  const random = numbersFrom(seed);
  const below = (most: number) => Math.floor(random() * most);
  const lines: (() => void)[][] = [];
  for (const name of names)
    for (let count = 1 + below(MOST_OF_A_NAME); count > 0; count--) {
      const steps = of(name);
      const kind = below(4);
      if (kind === 0) lines.push([() => steps.open(), () => steps.done(486)]);
      else if (kind === 1) lines.push([() => steps.started(), () => steps.ended()]);
      else lines.push(...answeredBy(steps, 1 + below(3), below(2) === 0));
    }
  const order: (() => void)[] = [];
  while (lines.length > 0) {
    const at = below(lines.length);
    const line = lines[at] ?? [];
    const step = line.shift();
    if (step === undefined) lines.splice(at, 1);
    else order.push(step);
  }
  return order;
}

/** Its first call has begun when its status goes back, and may be over by then; others of a fork begin later. */
function answeredBy(steps: Steps, calls: number, endsFirst: boolean): (() => void)[][] {
  const first = endsFirst
    ? [() => steps.ended(), () => steps.done(200)]
    : [() => steps.done(200), () => steps.ended()];
  const later: (() => void)[] = [];
  for (let call = 1; call < calls; call++)
    later.push(
      () => steps.started(),
      () => steps.ended(),
    );
  return [[() => steps.open(), () => steps.started(), ...first, ...later]];
}

/** Park and Miller's. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
