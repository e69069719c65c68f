import { connect, createServer } from 'node:net';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HttpServing, serveHttp } from './http.ts';

let ready: readonly string[];
let http: HttpServing;
let base: string;

const options = {
  address: '127.0.0.1',
  port: 0,
  metrics: new Registry(),
  liveness: () => ({ good: true, reasons: [] }),
  readiness: () => ({ good: ready.length === 0, reasons: ready }),
};

beforeEach(async () => {
  ready = [];
  http = await serveHttp(options);
  base = `http://${http.address}:${http.port}`;
});
afterEach(() => http.close());

test('metrics are served as Prometheus reads them (X6)', async () => {
  const response = await fetch(`${base}/metrics?x=1`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('version=0.0.4');
});

test('readiness is 200, or 503 with the reasons (X7)', async () => {
  expect((await fetch(`${base}/readyz`)).status).toBe(200);
  ready = ['draining', 'no PBX node answers'];
  const response = await fetch(`${base}/readyz`);
  expect(response.status).toBe(503);
  expect(await response.text()).toBe('draining\nno PBX node answers\n');
});

test('health is 200 while alive', async () => {
  expect((await fetch(`${base}/healthz`)).status).toBe(200);
});

test('another path is 404, another method 405', async () => {
  expect((await fetch(`${base}/`)).status).toBe(404);
  expect((await fetch(`${base}/constructor`)).status).toBe(404);
  const posted = await fetch(`${base}/healthz`, { method: 'POST' });
  expect(posted.status).toBe(405);
  expect(posted.headers.get('allow')).toBe('GET, HEAD');
});

test('who holds connections open keeps no probe out', async () => {
  const { address: host, port } = http;
  const idle = Array.from({ length: 100 }, () =>
    connect({ host, port, localAddress: '127.0.0.9' }),
  );
  for (const one of idle) one.on('error', () => {});
  await expect.poll(() => idle.filter((one) => !one.connecting).length).toBe(100);
  expect((await fetch(`${base}/healthz`)).status).toBe(200);
  for (const one of idle) one.destroy();
});

test('a port that is taken is an error that names it and the flag', async () => {
  const other = createServer().listen(0, '127.0.0.2');
  await new Promise((resolve) => other.once('listening', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  await expect(serveHttp({ ...options, address: '127.0.0.2', port })).rejects.toThrow(
    new RegExp(`127\\.0\\.0\\.2 port ${port}.*--http`),
  );
  other.close();
});
