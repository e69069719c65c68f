/** What the harness asks of the TLS phones. */
export type Order =
  | {
      readonly do: 'handshakes';
      readonly host: string;
      readonly port: number;
      readonly seconds: number;
      readonly concurrency: number;
      /** With a session ticket of an earlier connection. */
      readonly resume: boolean;
    }
  | {
      readonly do: 'hold';
      readonly host: string;
      readonly port: number;
      readonly connections: number;
      readonly concurrency: number;
      readonly register: boolean;
    }
  | { readonly do: 'release' };

/** What they did. */
export interface Report {
  readonly done: number;
  readonly resumed: number;
  readonly failed: number;
  readonly seconds: number;
}

/** Why an order could not be carried out at all. */
export interface Failure {
  readonly problem: string;
}
