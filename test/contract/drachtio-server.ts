export interface ServerPlace {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

/** The drachtio-server that `DRACHTIO_SERVER=host:port/secret` names. */
export function drachtioServer(): ServerPlace {
  const named = process.env.DRACHTIO_SERVER ?? '';
  const [, host, port, secret] = /^\[?(.+?)\]?:(\d+)\/(.+)$/.exec(named) ?? [];
  if (host === undefined || secret === undefined)
    throw new Error(`DRACHTIO_SERVER is "${named}", expected host:port/secret`);
  return { host, port: Number(port), secret };
}
