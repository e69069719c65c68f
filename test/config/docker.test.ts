import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadSettings } from '../../src/config/load.ts';

/** No Docker is at hand: what can be said of its files without it. */
const checkout = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(checkout, 'docker');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

const service = z.looseObject({
  extends: z.strictObject({ file: z.string(), service: z.string() }).optional(),
  build: z
    .union([z.string(), z.strictObject({ context: z.string(), dockerfile: z.string() })])
    .optional(),
  volumes: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
});
const file = z.strictObject({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.strictObject({})).optional(),
});

const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const composed = files.filter((name) => name.startsWith('compose'));

describe.each(files)('%s', (name) => {
  const { services, volumes = {} } = file.parse(parse(read(name)));

  test.each(Object.entries(services))('%s names only what is there', (_, one) => {
    if (one.extends !== undefined)
      expect(Object.keys(file.parse(parse(read(one.extends.file))).services)).toContain(
        one.extends.service,
      );
    if (typeof one.build === 'string')
      expect(existsSync(join(folder, one.build, 'Dockerfile'))).toBe(true);
    else if (one.build !== undefined)
      expect(existsSync(join(folder, one.build.context, one.build.dockerfile))).toBe(true);
    for (const volume of one.volumes ?? []) {
      const [from = ''] = volume.split(':');
      if (!from.startsWith('.')) expect(Object.keys(volumes)).toContain(from);
      // those of Prometheus and Grafana are brought by the services themselves
      else if (/routes|policies|two-nodes/.test(from))
        expect(existsSync(join(folder, from))).toBe(true);
    }
  });
});

test.each([
  ['compose.yaml', '../prometheus/prometheus.yml'],
  ['compose.drachtio.yaml', '../prometheus/prometheus.yml'],
  ['compose.two-nodes.yaml', 'prometheus.two-nodes.yml'],
])('Prometheus watches every gate of %s', (name, config) => {
  const { services } = file.parse(parse(read(name)));
  const gates = Object.values(services).filter((one) => one.extends?.file === 'gate.yaml');
  const at = gates.map(({ environment }) => environment?.DRAWBRIDGE_HTTP ?? '127.0.0.1:9464');
  const job = z.looseObject({
    static_configs: z.tuple([z.object({ targets: z.array(z.string()) })]),
  });
  const { scrape_configs: jobs } = z
    .looseObject({ scrape_configs: z.tuple([job]) })
    .parse(parse(read(config)));
  expect(jobs[0].static_configs[0].targets).toEqual(at);
  const own = services.prometheus?.volumes ?? [];
  expect(own.some((one) => one.startsWith(`./${config}:`))).toBe(!config.startsWith('..'));
});

test.each(composed)('the gates of %s are given settings that they understand', (name) => {
  const { services } = file.parse(parse(read(name)));
  const gates = Object.values(services).filter((one) => one.extends?.file === 'gate.yaml');
  expect(gates.length).toBeGreaterThan(0);
  for (const { environment = {} } of gates) {
    const given = Object.entries(environment).map(([key, value]) => [key, filled(value)]);
    expect(
      loadSettings(
        { routes: join(checkout, 'routes'), policies: join(checkout, 'policies') },
        Object.fromEntries(given),
      ),
    ).toMatchObject({ ok: true });
  }
});

/** As compose would, with something in place of what must be set. */
const filled = (value: string): string =>
  value
    .replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
    .replaceAll(/\$\{\w*SECRET[^}]*\}/g, 'sixteen-characters')
    .replaceAll(/\$\{\w+[^}]*\}/g, '192.0.2.1');

test('the image copies what is there, and what is not kept from it', () => {
  const letIn = readFileSync(join(checkout, '.dockerignore'), 'utf8');
  const copies = read('Dockerfile').matchAll(/^COPY (?!--)(.+) \S+$/gm);
  for (const [, sources = ''] of copies)
    for (const source of sources.split(' ')) {
      expect(existsSync(join(checkout, source))).toBe(true);
      expect(letIn).toContain(`!${source}\n`);
    }
});

test.each(['x64', 'arm64'])(
  'an image for %s gets what reads and sends many datagrams at once, wherever the lock was written',
  (arch) => {
    const lock = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8'));
    const { version } = lock.packages['node_modules/koffi'];
    expect(lock.packages[`node_modules/@koromix/koffi-linux-${arch}`]).toMatchObject({
      version,
      optional: true,
      integrity: expect.stringContaining('sha512-'),
    });
  },
);
