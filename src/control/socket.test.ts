import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canBeGuarded } from '../limits/guards.ts';
import { askGate } from './ask.ts';
import type { ControlRequest } from './control-messages.ts';
import { type ControlSocket, openControlSocket } from './socket.ts';

let folder: string;
let path: string;
let opened: ControlSocket | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'socket-'));
  path = join(folder, 'control.sock');
});
afterEach(async () => {
  await opened?.close();
  opened = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function open(answer: (request: ControlRequest) => Promise<unknown>) {
  opened = await openControlSocket(path, answer);
}

/** Sends raw text and collects what comes back until the gate closes or a whole line is there. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('data', (chunk) => {
      socket.destroy();
      resolve(String(chunk));
    });
    socket.write(text);
  });
}

describe('the control socket', () => {
  test('can be none where its path is too long, and whoever asks is told so', async () => {
    path = join(folder, 'd'.repeat(100), 'control.sock');
    const why = /The control socket .* has a path of more than 107 bytes\. Choose a shorter one/;
    await expect(open(async () => ({}))).rejects.toThrow(why);
    await expect(askGate(path, { command: 'status', rows: 5 })).rejects.toThrow(why);
  });

  test('answers what it is asked', async () => {
    await open(async (request) => ({ asked: request.command }));
    expect(await askGate(path, { command: 'status', rows: 5 })).toEqual({ asked: 'status' });
    expect(await askGate(path, { command: 'hangup', call: 'x' })).toEqual({ asked: 'hangup' });
  });

  test.each([
    [255, true],
    [256, false],
  ])('a name of %i letters is one that can be guarded: %s', async (length, takes) => {
    await open(async ({ command }) => command);
    const extension = 'x'.repeat(length);
    expect(canBeGuarded(extension)).toBe(takes);
    const lifted = askGate(path, { command: 'unguard', extension });
    if (takes) expect(await lifted).toBe('unguard');
    else await expect(lifted).rejects.toThrow('extension');
  });

  test('what cannot be asked is said as the command line says it', async () => {
    await open(async () => ({}));
    const block = { command: 'block', network: '192.0.2.7', seconds: 1e9, why: '' } as const;
    await expect(askGate(path, block)).rejects.toThrow(
      /^seconds: found 1000000000, expected a whole number from 1 to 315360000$/,
    );
    await expect(askGate(path, { ...block, network: 'phone', seconds: 0 })).rejects.toThrow(
      /^network: found "phone", expected an IP address, .*\nseconds: found 0, expected a whole number from 1 to 315360000$/,
    );
    const newer = { command: 'dance' } as unknown as { command: 'contacts' };
    await expect(askGate(path, newer)).rejects.toThrow(
      'The gate that runs does not know the command "dance": it is of another version',
    );
  });

  test('opens for its owner only, and leaves the umask as it was', async () => {
    const before = process.umask();
    await open(async () => ({}));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(before);
  });

  test('takes the place of one that a killed process left behind', async () => {
    writeFileSync(path, '');
    await open(async () => 'here');
    expect(await askGate(path, { command: 'status', rows: 0 })).toBe('here');
  });

  test('is gone when it is closed', async () => {
    await open(async () => ({}));
    await opened?.close();
    expect(existsSync(path)).toBe(false);
  });

  test('an answer that fails is an error in words', async () => {
    await open(async () => {
      throw new Error('not today');
    });
    await expect(askGate(path, { command: 'status', rows: 0 })).rejects.toThrow('not today');
  });

  test.each([
    ['not JSON', 'hello\n', 'not JSON'],
    ['an unknown command', '{"command":"reboot"}\n', 'command'],
    ['more than was asked for', '{"command":"status","rows":1,"x":1}\n', 'x'],
    ['a line without an end', 'x'.repeat(100_000), 'too long'],
  ])('%s is refused and answered', async (_what, text, words) => {
    await open(async () => ({}));
    const reply = await raw(text);
    expect(JSON.parse(reply)).toMatchObject({ ok: false, error: expect.stringContaining(words) });
  });

  test('a path longer than the system allows is refused with a way out', async () => {
    await expect(openControlSocket(`/tmp/${'x'.repeat(110)}`, async () => ({}))).rejects.toThrow(
      /--data/,
    );
  });
});

describe('a gate that cannot be asked', () => {
  test('is not running', async () => {
    await expect(askGate(path, { command: 'status', rows: 0 })).rejects.toThrow(
      /No gate runs with this data/,
    );
  });

  test('left its socket behind', async () => {
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    const { linkSync } = await import('node:fs');
    linkSync(path, `${path}.left`);
    await new Promise((resolve) => server.close(resolve));
    await expect(askGate(`${path}.left`, { command: 'status', rows: 0 })).rejects.toThrow(
      /is not running/,
    );
  });

  test('does not answer', async () => {
    await open(() => new Promise(() => {}));
    await expect(askGate(path, { command: 'status', rows: 0 }, 100)).rejects.toThrow(
      /did not answer within 0.1 s on \S+\.$/,
    );
  });

  test('does not answer, and may yet do what changes something', async () => {
    await open(() => new Promise(() => {}));
    await expect(askGate(path, { command: 'hangup', call: 'one' }, 100)).rejects.toThrow(
      /did not answer within 0.1 s .* It may yet do what it was asked\.$/,
    );
  });
});
