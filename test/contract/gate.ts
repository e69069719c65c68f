import type {
  Call,
  CallEnd,
  Flow,
  Forwarding,
  Handlers,
  Incoming,
  Listener,
  Realm,
  Serving,
  Transport,
} from '../../src/edge/signaling.ts';
import { eventually } from '../support/eventually.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { signalingUnderTest, type UnderTestOptions } from './under-test.ts';

export interface GateOptions extends UnderTestOptions {
  readonly admits?: NonNullable<Handlers['admits']>;
  readonly answersBroken?: NonNullable<Handlers['answersBroken']>;
  readonly realmOf?: NonNullable<Handlers['realmOf']>;
  readonly mayReach?: NonNullable<Handlers['mayReach']>;
  readonly hears?: NonNullable<Handlers['hears']>;
  readonly hides?: NonNullable<Handlers['hides']>;
  readonly behind?: NonNullable<Handlers['behind']>;
}

/** The implementation under test, serving, with an edge that decides what the test says and notes all it hears. */
export class Gate implements AsyncDisposable {
  readonly serving: Serving;
  /** What is done with each request; at first nothing, so that the test can do it. */
  decide: (incoming: Incoming) => void = () => {};
  readonly seen: Incoming[];
  readonly started: Call[];
  readonly ended: { readonly call: Call; readonly why: CallEnd }[];
  readonly closedFlows: Flow[];
  readonly #dispose: () => Promise<void>;
  #taken = new Set<Incoming>();

  constructor(serving: Serving, heard: Heard, dispose: () => Promise<void>) {
    this.serving = serving;
    this.seen = heard.seen;
    this.started = heard.started;
    this.ended = heard.ended;
    this.closedFlows = heard.closedFlows;
    this.#dispose = dispose;
  }

  /** The listener for a transport in a realm. */
  listener(transport: Transport, realm: Realm = 'access'): Listener {
    const found = this.serving.listeners.find(
      (one) => one.transport === transport && one.realm === realm,
    );
    if (found === undefined) throw new Error(`no ${realm} listener for ${transport}`);
    return found;
  }

  /** Sends what begins something by this plan, and what belongs to something where that goes. */
  forwards(plan: Forwarding | ((incoming: Incoming) => Forwarding)): void {
    this.decide = (incoming) => {
      if (incoming.routed) incoming.forward({ targets: 'as-routed' });
      else incoming.forward(typeof plan === 'function' ? plan(incoming) : plan);
    };
  }

  /** The next request of this method that was handed over and not asked for before. */
  async request(method: string, within = PATIENCE_MS): Promise<Incoming> {
    const next = () =>
      this.seen.find((one) => one.request.method === method && !this.#taken.has(one));
    await eventually(() => next() !== undefined, `the handler gets ${method}`, within);
    const found = next();
    if (found === undefined) throw new Error(`no ${method}`);
    this.#taken.add(found);
    return found;
  }

  methodsSeen(): readonly string[] {
    return this.seen.map(({ request }) => request.method);
  }

  calls(): readonly Call[] {
    return [...this.serving.calls()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.serving.close();
    await this.#dispose();
  }
}

interface Heard {
  readonly seen: Incoming[];
  readonly started: Call[];
  readonly ended: { readonly call: Call; readonly why: CallEnd }[];
  readonly closedFlows: Flow[];
}

/** A gate that listens when this resolves. */
export async function aGate({
  admits,
  answersBroken,
  realmOf,
  mayReach,
  hears,
  hides,
  behind,
  ...options
}: GateOptions): Promise<Gate> {
  const { signaling, dispose } = await signalingUnderTest(options);
  const heard: Heard = { seen: [], started: [], ended: [], closedFlows: [] };
  let gate: Gate | undefined;
  const handlers: Handlers = {
    request(incoming) {
      heard.seen.push(incoming);
      gate?.decide(incoming);
    },
    ...(admits !== undefined && { admits }),
    ...(answersBroken !== undefined && { answersBroken }),
    ...(realmOf !== undefined && { realmOf }),
    ...(mayReach !== undefined && { mayReach }),
    ...(hears !== undefined && { hears }),
    ...(hides !== undefined && { hides }),
    ...(behind !== undefined && { behind }),
    callStarted: (call) => void heard.started.push(call),
    callEnded: (call, why) => void heard.ended.push({ call, why }),
    flowClosed: (flow) => void heard.closedFlows.push(flow),
  };
  try {
    gate = new Gate(await signaling.serve(handlers), heard, dispose);
  } catch (problem) {
    await dispose();
    throw problem;
  }
  return gate;
}
