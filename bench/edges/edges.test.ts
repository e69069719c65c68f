import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { freeUdpPorts } from './free-port.ts';
import { fillIn } from './gate.ts';
import { fillInTemplate } from './kamailio.ts';

describe('an edge command', () => {
  test('takes the names it knows and leaves others', () =>
    expect(fillIn('udp:{udp},{other}', { udp: '127.0.0.1:5' })).toBe('udp:127.0.0.1:5,{other}'));
});

describe("Kamailio's configuration", () => {
  const values = { UDP: 'u:1', TLS: 't:2', PBX: 'p:3', TRUSTED: 't', DIR: '/d', MODULES: '/m/' };

  test.each(['edge.cfg', 'tls.cfg'])('%s is filled in whole', (name) => {
    const template = readFileSync(`${import.meta.dirname}/../kamailio/${name}`, 'utf8');
    expect(fillInTemplate(template, values)).not.toMatch(/@[A-Z]+@/);
  });

  test('asks for nothing that has no value', () =>
    expect(() => fillInTemplate('listen=@NOWHERE@', values)).toThrow('@NOWHERE@'));
});

test('ports in a row are free, and not those the system gives away', async () => {
  const { port } = await freeUdpPorts(8);
  expect(port).toBeGreaterThanOrEqual(20_000);
  expect(port + 8).toBeLessThan(32_768);
});
