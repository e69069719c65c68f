import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ownAddress } from './own-address.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface ListServer extends AsyncDisposable {
  /** `http://127.x.y.z:port`. */
  readonly url: string;
  /** The requests so far: path and the conditions that came along. */
  readonly asked: readonly { readonly path: string; readonly etag: string | undefined }[];
  /** What is answered from now on. */
  answer: Answer;
}

/** A web server that has lists, and whatever may be wrong with them. */
export async function aListServer(answer: Answer): Promise<ListServer> {
  const asked: { path: string; etag: string | undefined }[] = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', etag: request.headers['if-none-match'] });
    listServer.answer(request, response);
  });
  const address = ownAddress();
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  const listServer: ListServer = {
    url: `http://${address}:${port}`,
    asked,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return listServer;
}

/** The text, with an ETag that changes with it; 304 to whoever has it. */
export const text =
  (body: string): Answer =>
  (request, response) => {
    const etag = `"${body.length}-${body.slice(0, 20).replace(/\W/g, '')}"`;
    if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.writeHead(200, { ETag: etag, 'Content-Type': 'text/plain' }).end(body);
  };

export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}, body = ''): Answer =>
  (_request, response) =>
    response.writeHead(code, headers).end(body);

/** Says that it will be longer, and breaks off. */
export const brokenOff =
  (body: string): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'Content-Length': body.length + 1000 });
    response.write(body, () => response.destroy());
  };

/** A byte now and then, for ever. */
export const trickle: Answer = (_request, response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write('#'), 20);
  response.on('close', () => clearInterval(timer));
};

/** Without an end, and without saying how long. */
export const endless: Answer = (_request, response) => {
  response.writeHead(200);
  const chunk = '192.0.2.1\n'.repeat(10_000);
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
};
