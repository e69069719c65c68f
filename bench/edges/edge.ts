/** A program under test while it runs: it listens on `udp` and `tls` and sends everything on to the PBX. */
export interface Edge {
  readonly name: string;
  /** Its first process; all descendants count. */
  readonly pid: number;
  readonly udp: Endpoint;
  readonly tls: Endpoint;
  /** Its metrics page, when it has one. */
  readonly http: Endpoint | undefined;
  stop(): Promise<void>;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** How to start one edge. */
export interface EdgeKind {
  readonly name: string;
  start(pbx: Endpoint, purpose: Purpose): Promise<Edge>;
}

/** What it is to be loaded with; an edge may need tuning for one that it does not survive with the other. */
export type Purpose = 'udp' | 'tls';

export const written = ({ host, port }: Endpoint): string => `${host}:${port}`;
