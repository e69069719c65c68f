import { describe, expect, test } from 'vitest';
import { cancelled, fork } from './fork.ts';
import { aScene, at, heard, nobody } from './scene.ts';

describe.concurrent('a forked call', () => {
  test('is refused only when every branch has refused', async () => {
    const { scene, a, b, inviteA, inviteB, call } = await fork();
    await using _ = scene;
    b.answer(inviteB, 180);
    await scene.phone.expect(180); // and no 100 comes later
    a.answer(inviteA, 486);
    await a.expect('ACK');
    await scene.phone.silence(150);
    b.answer(inviteB, 404);
    expect([486, 404]).toContain((await call.final()).status);
    await b.expect('ACK');
    await scene.phone.silence(100);
  });

  test.each([
    [486, 500, 486],
    [302, 486, 302],
    [408, 486, 486],
    [404, 401, 401],
    [503, 486, 486],
    [503, 404, 404],
    [480, 484, 484],
    [502, 480, 480],
  ])('refused %i and %i is told %i (§16.7 step 6)', async (first, second, told) => {
    const { scene, a, b, inviteA, inviteB, call, done } = await fork();
    await using _ = scene;
    a.answer(inviteA, first);
    b.answer(inviteB, second);
    expect((await call.final()).status).toBe(told);
    expect(done).toEqual([told]);
  });

  test('ends with a 603, and the other branch is cancelled', async () => {
    const { scene, a, b, inviteA, inviteB, call } = await fork();
    await using _ = scene;
    b.answer(inviteB, 180);
    await call.rings();
    a.answer(inviteA, 603);
    await cancelled(b);
    b.answer(inviteB, 487);
    expect((await call.final()).status).toBe(603);
  });

  test('is connected by a 200 that came after a 603', async () => {
    const { scene, a, b, inviteA, inviteB, call } = await fork();
    await using _ = scene;
    b.answer(inviteB, 180);
    await call.rings();
    a.answer(inviteA, 603);
    b.answer(inviteB, 200);
    expect((await call.final()).status).toBe(200);
  });

  test('shows the caller every challenge (§16.7 step 7)', async () => {
    const { scene, a, b, inviteA, inviteB, call } = await fork();
    await using _ = scene;
    const [one, two, three] = ['one', 'two', 'three'].map(
      (realm) => `Digest realm="${realm}", nonce="n"`,
    );
    a.answer(inviteA, 407, { headers: { 'Proxy-Authenticate': one } });
    b.answer(inviteB, 401, { headers: { 'WWW-Authenticate': [two ?? '', three ?? ''] } });
    const final = await call.final();
    expect([401, 407]).toContain(final.status);
    expect(final.headers('Proxy-Authenticate')).toEqual([one]);
    expect(final.headers('WWW-Authenticate').toSorted()).toEqual([three, two]);
  });

  test('is cancelled everywhere when the caller gives up', async () => {
    const { scene, a, b, inviteA, inviteB, call } = await fork();
    await using _ = scene;
    a.answer(inviteA, 180);
    b.answer(inviteB, 180);
    await call.rings();
    call.cancel();
    await cancelled(a);
    await cancelled(b);
    a.answer(inviteA, 487);
    b.answer(inviteB, 487);
    expect((await call.final()).status).toBe(487);
  });
});

test('a target that cannot be reached does not spoil the others', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  gate.forwards({ targets: [nobody, at(pbx)], parallel: true });
  const call = await phone.invite('1002');
  pbx.answer(await pbx.expect('INVITE'), 200);
  expect((await call.final()).status).toBe(200);
});

test('none of whose targets is to be found is refused at once', async () => {
  await using scene = await aScene();
  const lost = (name: string) => ({ nextHop: `tel:${name}` });
  scene.gate.forwards({ targets: [lost('1'), lost('2')], parallel: true });
  const call = await scene.phone.invite('1002');
  expect((await call.final()).status).toBe(503);
});

test('a request other than INVITE forks too, and is answered by the first 2xx', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const b = await scene.anotherPbx();
  gate.forwards({ targets: [at(pbx), at(b)], parallel: true });
  const sent = phone.request('MESSAGE', 'sip:x');
  pbx.answer(await pbx.expect('MESSAGE'), 404);
  b.answer(await b.expect('MESSAGE'), 202);
  expect((await phone.finalAnswer(sent)).status).toBe(202);
  await b.silence(50);
});

describe.concurrent('a forked call, whoever carries it,', () => {
  test('reaches every target at once', async () => {
    const { scene, inviteA, inviteB } = await fork();
    await using _ = scene;
    expect([inviteA.uri, inviteB.uri]).toEqual(['sip:a@example.test', 'sip:b@example.test']);
    expect(inviteA.branch).not.toBe(inviteB.branch);
  });

  test('rings when any branch does', async () => {
    const { scene, a, b, inviteA, inviteB } = await fork();
    await using _ = scene;
    a.answer(inviteA, 180);
    b.answer(inviteB, 183);
    await scene.phone.expect(180);
    await scene.phone.expect(183);
  });

  test('is connected by the first 200, at once, and the other branch is cancelled', async () => {
    const { scene, a, b, inviteA, inviteB, call, done } = await fork();
    await using _ = scene;
    b.answer(inviteB, 180);
    await call.rings();
    a.answer(inviteA, 200);
    expect((await call.final()).status).toBe(200);
    await cancelled(b);
    expect(heard(b, 'CANCEL')[0]?.branch).toBe(inviteB.branch);
    b.answer(inviteB, 487);
    await b.expect('ACK');
    await a.expect('ACK');
    await scene.phone.silence(100);
    expect(done).toEqual([200]);
  });

  test('answered by two leaves neither in a call that the other knows nothing of', async () => {
    const { scene, a, b, inviteA, inviteB, call } = await fork();
    await using _ = scene;
    a.answer(inviteA, 200);
    await call.final();
    await a.expect('ACK');
    b.answer(inviteB, 200);
    // both are passed on, or the one that nobody can tell of is ended at once
    const ended = b.expect('BYE').then((bye) => b.answer(bye, 200));
    const passedOn = scene.phone.expect(200, { of: 'INVITE' }).then((ok) => {
      call.establish(ok);
      call.acknowledge();
    });
    await Promise.any([ended, passedOn]);
    await b.expect('ACK');
  });
});
