import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { settingsSchema } from '../../src/config/schema.ts';
import type { LimitSettings } from '../../src/config/settings.ts';
import { type EdgeObserver, openEdge, type RunningEdge } from '../../src/edge/edge.ts';
import type {
  EdgeSettings,
  PbxNodeSettings,
  PbxSettings,
  RegistrationSettings,
  TopologySettings,
  TrunkSettings,
} from '../../src/edge/edge-settings.ts';
import type { OtherNodes } from '../../src/edge/other-nodes.ts';
import type { BindingRow } from '../../src/edge/registrations-store.ts';
import type { Call, Listener, Realm, Transport } from '../../src/edge/signaling.ts';
import type { DnsServer } from '../../src/engine/resolve/dns-servers.ts';
import { policySchema } from '../../src/policy/policy-settings.ts';
import { type ListenerWanted, signalingUnderTest } from '../contract/under-test.ts';
import { aPbx, type Pbx, type PbxOptions } from '../support/a-pbx.ts';
import { aPhone, type Phone, type PhoneOptions } from '../support/a-phone.ts';
import type { SipCall } from '../support/sip-call.ts';
import { contactOf, type Received, type RequestOptions } from '../support/sip-party.ts';
import type { Place } from '../support/sip-wire.ts';

/** A carrier stands at an address of its own: that is how it is known. */
const CARRIER = '127.0.0.2';

export interface SceneOptions {
  /** One PBX node for each, reached by TLS when it has that; default one, which registers everybody. */
  readonly nodes?: readonly (Partial<PbxNodeSettings> &
    Pick<PbxOptions, 'answersOptions' | 'address' | 'tls'>)[];
  /** How many carriers; each is a trunk called `carrier-1` and so on. */
  readonly carriers?: number;
  readonly transports?: readonly Transport[];
  /** The PBX has listeners of its own, for the same transports. */
  readonly separateCore?: boolean;
  readonly pbx?: Partial<PbxSettings>;
  readonly toward?: 'contact' | 'path';
  readonly keepAlive?: Partial<RegistrationSettings['keepAlive']>;
  readonly mostRegistrations?: number;
  /** Timer C. */
  readonly ringSeconds?: number;
  /** Smaller than any operator would set them, for the tests that reach them. */
  readonly limits?: Partial<LimitSettings>;
  /** Asked about PBX nodes and carriers that are given by name. */
  readonly nameServer?: DnsServer;
  /** Default: what an operator gets who sets nothing. */
  readonly topology?: Partial<TopologySettings>;
  /** What PINs are hashed with. */
  readonly pinKey?: Uint8Array;
  /** Default: it is alone. */
  readonly others?: OtherNodes;
  /** As in policies/*.yaml. Default: no rules. */
  readonly policy?: z.input<typeof policySchema>;
}

/** The real edge on the real engine, with scripted PBX nodes and carriers; phones come as they are asked for. */
export class Scene implements AsyncDisposable {
  readonly nodes: readonly Pbx[];
  readonly carriers: readonly Pbx[];
  /** What is on disk. */
  readonly kept = new Map<string, BindingRow>();
  /** `up pbx-1`, `down pbx-1 timeout`, `path dropped pbx-1`, in order. */
  readonly events: string[] = [];
  readonly calls = new Set<Call>();
  settings: EdgeSettings;
  readonly #options: SceneOptions;
  readonly #key = randomBytes(32);
  readonly #phones: Phone[] = [];
  #listeners: readonly ListenerWanted[];
  #running: RunningEdge | undefined;
  #dispose: () => Promise<void> = async () => {};

  constructor(options: SceneOptions, nodes: readonly Pbx[], carriers: readonly Pbx[]) {
    this.#options = options;
    this.nodes = nodes;
    this.carriers = carriers;
    const { transports = ['udp', 'tcp'], separateCore = false } = options;
    const realms = separateCore ? (['access', 'core'] as const) : (['access'] as const);
    this.#listeners = realms.flatMap((realm) =>
      transports.map((transport) => ({ transport, realm })),
    );
    this.settings = settingsFor(options, nodes, carriers);
  }

  get running(): RunningEdge {
    if (this.#running === undefined) throw new Error('the edge is not open');
    return this.#running;
  }
  get pbx(): Pbx {
    return this.node(0);
  }
  node(index: number): Pbx {
    return at(this.nodes, index);
  }
  carrier(index = 0): Pbx {
    return at(this.carriers, index);
  }

  async open(): Promise<void> {
    const { signaling, dispose } = await signalingUnderTest({
      listeners: this.#listeners,
      tokenKey: this.#key,
      ...(this.#options.ringSeconds !== undefined && { ringSeconds: this.#options.ringSeconds }),
      ...(this.#options.limits && { limits: this.#options.limits }),
      ...(this.#options.nameServer && { nameServer: this.#options.nameServer }),
    });
    this.#dispose = dispose;
    this.#running = await openEdge({
      pressure: () => 'none',
      signaling,
      others: this.#options.others,
      settings: this.settings,
      tokenKey: this.#key,
      pinKey: this.#options.pinKey ?? this.#key,
      registrations: [...this.kept.values()],
      mostRegistrations: this.#options.mostRegistrations ?? 1000,
      store: {
        saved: (row) => void this.kept.set(`${row.aor} ${row.contact}`, { ...row }),
        removed: ({ aor, contact }) => void this.kept.delete(`${aor} ${contact}`),
      },
      blocks: [],
      guards: [],
      countryOf: () => undefined,
      observer: this.#observer(),
    });
    // what the system chose stays over a restart
    this.#listeners = this.listeners.map(({ transport, realm, address, port }) => ({
      transport,
      realm,
      address,
      port,
    }));
  }

  /** A new process with what the last one left on disk. */
  async restart(): Promise<void> {
    await this.#close();
    for (let tries = 0; ; tries++) {
      try {
        await this.open();
        return;
      } catch (problem) {
        // the system may have given its port to another test meanwhile
        if (tries === 50 || !String(problem).includes('EADDRINUSE')) throw problem;
        await this.#dispose();
        await sleep(100);
      }
    }
  }

  reload(changes: Partial<EdgeSettings>): void {
    this.settings = { ...this.settings, ...changes };
    this.running.reload(this.settings);
  }

  get listeners(): readonly Listener[] {
    return this.running.edge.serving.listeners;
  }
  /** Where the gate is reached. */
  place(
    transport: Transport = 'udp',
    realm: Realm = 'access',
  ): Place & { readonly transport: Transport } {
    const listener = this.listeners.find(
      (one) => one.transport === transport && one.realm === realm,
    );
    if (listener === undefined) throw new Error(`no ${realm} listener for ${transport}`);
    return { address: listener.address, port: listener.port, transport };
  }

  async phone(options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const phone = await aPhone({ to: this.place(options.transport), ...options });
    this.#phones.push(phone);
    return phone;
  }
  async registered(options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const phone = await this.phone(options);
    await phone.register();
    return phone;
  }

  /** The Contacts that a PBX node was given last. */
  given(node: Pbx = this.pbx): readonly string[] {
    return last(node, 'REGISTER').list('Contact');
  }
  /** The URI by which the PBX node reaches who registered last. */
  contact(node: Pbx = this.pbx): string {
    return contactOf(last(node, 'REGISTER'));
  }

  /** The PBX calls; returns at once. */
  call(
    uri: string = this.contact(),
    options: RequestOptions & { by?: Pbx } = {},
  ): Promise<SipCall> {
    const { by = this.pbx, ...rest } = options;
    return by.invite(uri, { to: { ...this.place(), transport: 'udp' }, ...rest });
  }
  /** The PBX calls and is answered so. */
  async refused(
    uri?: string,
    options?: RequestOptions & { by?: Pbx },
  ): Promise<number | undefined> {
    const call = await this.call(uri, options);
    return (await call.final()).status;
  }
  /** The PBX calls, the phone answers, the PBX hangs up. */
  async reaches(
    phone: Phone,
    uri?: string,
    options?: RequestOptions & { by?: Pbx },
  ): Promise<Received> {
    const call = await this.call(uri, options);
    const invite = await phone.expect('INVITE');
    const accepting = phone.accept(invite);
    await call.answered();
    await accepting;
    const bye = call.ask('BYE');
    phone.answer(await phone.expect('BYE'), 200);
    await bye;
    return invite;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    const parties = [...this.#phones, ...this.nodes, ...this.carriers];
    await Promise.allSettled(parties.map((party) => party.close()));
  }

  async #close(): Promise<void> {
    await this.#running?.close();
    await this.#dispose();
  }

  #observer(): EdgeObserver {
    return {
      up: ({ settings }) => void this.events.push(`up ${settings.name}`),
      down: ({ settings }, why) => void this.events.push(`down ${settings.name} ${why}`),
      clockSet: (byMs) => void this.events.push(`clock set ${byMs}`),
      pathDropped: (node) => void this.events.push(`path dropped ${node}`),
      decided: ({ decision: { verdict, rule } }) =>
        void this.events.push(`${verdict.kind} ${rule}`),
      admitted: () => {},
      registered: () => {},
      failed: ({ extension }, kind) => void this.events.push(`failed ${extension} ${kind}`),
      emergency: ({ extension, dialled }) =>
        void this.events.push(`emergency ${extension} ${dialled.digits}`),
      callOverdue: ({ number }, { mode }) => void this.events.push(`overdue ${number} ${mode}`),
      callFailed: () => {},
      packetDecided: () => {},
      blockChanged: ({ kind, entry }) => void this.events.push(`${kind} ${entry.network}`),
      listedCame: ({ network }) => void this.events.push(`listed ${network}`),
      fault: (problem) => void this.events.push(`fault ${problem}`),
      emergencyPassed: () => {},
      familiarChanged: () => {},
      attackBegan: ({ kind, whom }) => void this.events.push(`attack ${kind} ${whom}`.trimEnd()),
      attackEnded: () => {},
      guardChanged: ({ kind, guard }) => void this.events.push(`${kind} ${guard.extension}`),
      callStarted: (call) => void this.calls.add(call),
      callEnded: (call) => void this.calls.delete(call),
      trunkAnswered: (trunk, status) =>
        void this.events.push(`trunk ${trunk} ${status ?? 'silent'}`),
    };
  }
}

/** An edge that serves when this resolves. */
export async function aScene(options: SceneOptions = {}): Promise<Scene> {
  const nodes = await Promise.all(
    (options.nodes ?? [{}]).map(({ answersOptions = true, address = '127.0.0.1', tls = false }) =>
      aPbx({ answersOptions, address, tls }),
    ),
  );
  for (const node of nodes) node.registersAll();
  const carriers = await Promise.all(
    Array.from({ length: options.carriers ?? 0 }, () =>
      aPbx({ address: CARRIER, user: 'carrier', answersOptions: false }),
    ),
  );
  const scene = new Scene(options, nodes, carriers);
  await scene.open();
  return scene;
}

function settingsFor(
  { nodes = [{}], pbx, toward = 'contact', keepAlive, topology, policy }: SceneOptions,
  pbxes: readonly Pbx[],
  carriers: readonly Pbx[],
): EdgeSettings {
  return {
    pbx: {
      nodes: pbxes.map((node, index) => {
        const { answersOptions: _, address: __, tls = false, ...settings } = nodes[index] ?? {};
        const uri = tls ? node.secureUri : node.uri;
        return { name: `pbx-${index + 1}`, uri, weight: 1, drain: false, ...settings };
      }),
      health: { everySeconds: 60, timeoutSeconds: 1, downAfter: 2, upAfter: 2 },
      tryNextAfterMs: 800,
      sources: [],
      ...pbx,
    },
    trunks: carriers.map(
      ({ uri }, index): TrunkSettings => ({ name: `carrier-${index + 1}`, uri, sources: [] }),
    ),
    registration: {
      toward,
      keepAlive: { everySeconds: 30, by: 'off', whom: 'nat', ...keepAlive },
    },
    topology: { ...settingsSchema.parse({}).topology, ...topology },
    policy: policySchema.parse({ site: { rules: 'off' }, ...policy }),
    drain: { retryAfterSeconds: 7 },
  };
}

/** The newest message of a method that a party got. */
export function last(party: Pbx | Phone, method: string): Received {
  const found = party.received.findLast((message) => message.method === method);
  if (found === undefined) throw new Error(`no ${method} came`);
  return found;
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no number ${index}`);
  return found;
}

/** `name=value` of a URI. */
export const uriParameter = (uri: string, name: string): string | undefined =>
  new RegExp(`;${name}=([^;>]*)`).exec(uri)?.[1];

/** The final status of a request that a phone sends. */
export async function statusOf(
  phone: Phone,
  method: string,
  uri: string,
  options: RequestOptions = {},
): Promise<number | undefined> {
  return (await phone.finalAnswer(phone.request(method, uri, options))).status;
}
