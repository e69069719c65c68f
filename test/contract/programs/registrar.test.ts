import { afterAll, beforeAll, expect, test } from 'vitest';
import { aProgramServer, type ProgramServer, type RunningProgram } from './program-server.ts';

/** A registrar, and a switch for who registered: `apps/registrar.cjs`. */
let server: ProgramServer;
let program: RunningProgram;
beforeAll(async () => {
  server = await aProgramServer();
  program = await server.program('registrar');
});
afterAll(async () => {
  await program.kill();
  await server[Symbol.asyncDispose]();
});

test.each(['udp', 'tcp'] as const)(
  'a phone over %s is registered and called',
  async (transport) => {
    const alice = await server.phone({ transport, user: 'alice', password: 'secret' });
    const bob = await server.phone();
    await alice.register({ expires: 60 });
    expect(await program.says('register')).toMatchObject({ user: 'alice', expires: 60 });
    const call = await bob.invite('alice');
    const accepting = alice.expect('INVITE').then((invite) => alice.accept(invite));
    await call.answered();
    const side = await accepting;
    const bye = side.bye();
    bob.answer(await bob.expect('BYE'), 200);
    await bye;
    await alice.unregister();
    await program.says('unregister');
    expect((await (await bob.invite('alice')).final()).status).toBe(404);
    await alice.close();
    await bob.close();
  },
);

test('a wrong password is challenged again', async () => {
  const mallory = await server.phone({ user: 'alice', password: 'wrong' });
  expect((await mallory.tryToRegister()).status).toBe(401);
  await mallory.close();
});
