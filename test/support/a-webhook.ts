import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ownAddress } from './own-address.ts';

export interface Webhook extends AsyncDisposable {
  /** `http://127.x.y.z:port`. */
  readonly url: string;
  /** What was posted to it, with the JSON that it was. */
  readonly taken: readonly {
    readonly path: string;
    readonly authorization: string | undefined;
    readonly body: unknown;
  }[];
  /** What is answered from now on. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** A web server that others post to. */
export async function aWebhook(): Promise<Webhook> {
  const taken: Webhook['taken'][number][] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      const { authorization } = headers;
      taken.push({ path, authorization, body: JSON.parse(Buffer.concat(chunks).toString()) });
      webhook.answer(request, response);
    });
  });
  const address = ownAddress();
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const webhook: Webhook = {
    url: `http://${address}:${(server.address() as AddressInfo).port}`,
    taken,
    answer: (_, response) => response.writeHead(200).end('ok'),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return webhook;
}
