/** A program under test while it runs: it listens on `udp` and `tls` and sends everything on to the PBX. */
export interface Edge {
  readonly name: string;
  /** Its first process; all descendants count. */
  readonly pid: number;
  readonly udp: Endpoint;
  readonly tls: Endpoint;
  /** Its metrics page, when it has one. */
  readonly http: Endpoint | undefined;
  /** Throws, with what it said last, when it has died: figures of a dead edge look excellent. */
  assertAlive(): void;
  stop(): Promise<void>;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** How to start one edge. */
export interface EdgeKind {
  readonly name: string;
  /** How many of the load's users it knows; all, when left out. */
  readonly users?: number;
  /** It is the first edge with other settings: it gets the same load, and a unit may cost so many times the first's CPU. */
  readonly timesFirst?: number;
  start(pbx: Endpoint): Promise<Edge>;
}

export const written = ({ host, port }: Endpoint): string => `${host}:${port}`;
