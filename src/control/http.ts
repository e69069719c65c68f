import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Registry } from 'prom-client';
import { reasonOf } from '../config/reason-of.ts';
import { Crowd } from '../limits/crowd.ts';
import { CannotStart } from './data-directory.ts';
import type { Health } from './health.ts';

/** Whoever probes us ends what has no answer: it must have one whatever others hold open. */
const MOST_CONNECTIONS = 64;

export interface HttpServing {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface HttpOptions {
  readonly address: string;
  readonly port: number;
  readonly metrics: Registry;
  liveness(): Health;
  readiness(): Health;
}

/** Serves /metrics, /healthz and /readyz. */
export async function serveHttp(options: HttpOptions): Promise<HttpServing> {
  const pages: Readonly<Record<string, (response: ServerResponse) => void | Promise<void>>> = {
    async '/metrics'(response) {
      const text = await options.metrics.metrics();
      reply(response, 200, text, options.metrics.contentType);
    },
    '/healthz': (response) => replyHealth(response, options.liveness()),
    '/readyz': (response) => replyHealth(response, options.readiness()),
  };
  const server = createServer((request, response) => {
    const page = pages[(request.url ?? '').replace(/\?.*$/s, '')];
    if (!page)
      return reply(response, 404, 'Not found. There are /metrics, /healthz and /readyz.\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return reply(response, 405, 'Only GET and HEAD.\n');
    }
    Promise.resolve(page(response)).catch((error: unknown) =>
      reply(response, 500, `${reasonOf(error)}\n`),
    );
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 5000;
  const crowd = new Crowd<Socket>(MOST_CONNECTIONS);
  server.on('connection', (socket) => crowd.add(socket)?.destroy());

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const where = `${options.address} port ${options.port}`;
      reject(
        new CannotStart(
          `Metrics cannot be served on ${where}: ${reasonOf(error)}. Choose another with --http.`,
          {
            cause: error,
          },
        ),
      );
    });
    server.listen({ host: options.address, port: options.port }, resolve);
  });
  server.on('error', turnedAway);
  const { address, port } = server.address() as AddressInfo;
  return {
    address,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The system could not let a connection in; the next one is another matter. */
function turnedAway(): void {}

function replyHealth(response: ServerResponse, { good, reasons, notes = [] }: Health): void {
  const lines = [...(good ? ['ok'] : reasons), ...notes];
  reply(response, good ? 200 : 503, `${lines.join('\n')}\n`);
}

function reply(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}
