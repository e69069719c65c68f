import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aServiceManager, type ServiceManager } from '../support/a-service-manager.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress } from '../support/own-address.ts';
import { Saboteur } from '../support/saboteur.ts';

const WATCHDOG_MS = 800;

let saboteur: Saboteur;
let pbx: Pbx;
let gate: Gate | undefined;
let manager: ServiceManager;

beforeEach(async () => {
  saboteur = new Saboteur();
  manager = await aServiceManager(WATCHDOG_MS);
  pbx = await aPbx({ address: ownAddress() });
});
afterEach(async () => {
  await gate?.close();
  gate = undefined;
  await Promise.all([pbx.close(), manager.close()]);
  saboteur.leave();
});

const start = (environment: NodeJS.ProcessEnv = manager.environment): Promise<Gate> =>
  startGate({
    pbx: pbx.uri,
    environment: { ...environment, ...saboteur.environment },
  });

const tells = (what: RegExp) =>
  expect.poll(() => manager.told().join('\n'), { timeout: 10_000 }).toMatch(what);
const proofs = () => manager.told().filter((message) => message.includes('WATCHDOG=1')).length;

test('systemd hears that the gate serves and how it is, that it reloads, and that it ends, for how long at most', async () => {
  gate = await start();
  await tells(
    /^READY=1 MAINPID=\d+ STATUS=serving: 0 calls, 0 registrations, \d of 1 PBX nodes answer$/m,
  );
  await tells(/WATCHDOG=1 STATUS=serving: 0 calls, 0 registrations, 1 of 1 PBX nodes answer$/m);

  gate.signal('SIGHUP');
  await tells(/^RELOADING=1 MONOTONIC_USEC=\d+$[\s\S]*^READY=1/m);

  gate.signal('SIGTERM');
  expect(await gate.ended()).toEqual({ code: 0, signal: null });
  await tells(/^STOPPING=1 EXTEND_TIMEOUT_USEC=305000000 STATUS=draining: /m);
  expect(gate.logs()).not.toContain('cannot be told');
});

test('the watchdog hears nothing while the data plane does not answer, whatever else runs, and hears again when it does', async () => {
  gate = await start();
  await tells(/WATCHDOG=1/);
  await saboteur.order('data hang 3000');
  await sleep(500); // what was asked before has its answer
  const before = proofs();
  await sleep(1500);
  expect(proofs()).toBeLessThanOrEqual(before + 1);
  await expect.poll(proofs, { timeout: 10_000 }).toBeGreaterThan(before + 2);
});

test('a service manager that is not there is said once, and the gate serves', async () => {
  gate = await start({
    NOTIFY_SOCKET: join(tmpdir(), 'nobody-listens-here'),
    WATCHDOG_USEC: String(WATCHDOG_MS * 1000),
  });
  await expect.poll(() => gate?.logs(), { timeout: 10_000 }).toContain('cannot be told how');
  await sleep(600);
  expect(gate.logs().match(/cannot be told how/g)).toHaveLength(1);
  expect((await fetch(`http://${gate.http}/readyz`)).status).toBe(200);
});
