import { describe, expect, test } from 'vitest';
import { heard } from '../contract/scene.ts';
import type { Phone } from '../support/a-phone.ts';
import { eventually, pause } from '../support/eventually.ts';
import { aScene, last, type Scene } from './scene.ts';

const fast = { health: { everySeconds: 0.05, timeoutSeconds: 1, downAfter: 2, upAfter: 2 } };
/** Where every question is answered, and nobody is down because the answer came late. */
const patient = { health: { ...fast.health, timeoutSeconds: 10 } };
const two = [{}, {}];

/** The number of the node that gets the phone's next call, which it refuses. */
async function called(scene: Scene, phone: Phone): Promise<number> {
  const before = scene.nodes.map((node) => heard(node, 'INVITE').length);
  const call = await phone.invite('1002');
  const came = () =>
    scene.nodes.findIndex((node, index) => heard(node, 'INVITE').length > (before[index] ?? 0));
  await eventually(() => came() >= 0, 'a node is called');
  const number = came();
  const node = scene.node(number);
  node.answer(await node.expect('INVITE'), 486);
  await call.final();
  return number;
}

/** A phone whose calls go to this node. */
async function phoneOn(scene: Scene, node: number, from = 1001): Promise<Phone> {
  for (let user = from; ; user++) {
    const phone = await scene.phone({ user: String(user) });
    if ((await called(scene, phone)) === node) return phone;
    await phone.close();
  }
}

describe('an extension', () => {
  test('stays with one node: its calls and its registrations go there', async () => {
    await using scene = await aScene({ nodes: two });
    const phone = await scene.phone();
    const home = await called(scene, phone);
    await phone.register();
    for (let round = 0; round < 3; round++) expect(await called(scene, phone)).toBe(home);
    expect(heard(scene.node(home), 'REGISTER')).toHaveLength(1);
    expect([...scene.kept.values()].map(({ node }) => node)).toEqual([`pbx-${home + 1}`]);
  });

  test('extensions are spread over the nodes', async () => {
    await using scene = await aScene({ nodes: two });
    await phoneOn(scene, 0);
    await phoneOn(scene, 1);
  });

  test('is called by whichever node asks', async () => {
    await using scene = await aScene({ nodes: two });
    const phone = await scene.phone();
    const home = await called(scene, phone);
    await phone.register();
    for (const by of scene.nodes)
      await scene.reaches(phone, scene.contact(scene.node(home)), { by });
  });
});

describe('failover', () => {
  test('a node that is silent is passed over for the next one, calls and registrations alike', async () => {
    await using scene = await aScene({ nodes: two });
    const phone = await phoneOn(scene, 0);
    scene.node(0).deaf = true;
    expect(await called(scene, phone)).toBe(1);
    await phone.register();
    expect([...scene.kept.values()].map(({ node }) => node)).toEqual(['pbx-2']);
    scene.node(0).deaf = false;
    expect(await called(scene, phone)).toBe(1); // where it is registered now
  });

  test('a node that says 503 is passed over at once', async () => {
    await using scene = await aScene({ nodes: two, pbx: { tryNextAfterMs: 30_000 } });
    const phone = await phoneOn(scene, 0);
    scene.node(0).always('INVITE', (invite) => scene.node(0).answer(invite, 503));
    const call = await phone.invite('1002');
    scene.node(1).answer(await scene.node(1).expect('INVITE'), 486);
    expect((await call.final()).status).toBe(486);
  });

  test('a node that is not there is passed over at once, over TCP', async () => {
    await using scene = await aScene({
      nodes: [{ uri: 'sip:127.0.0.1:1;transport=tcp', weight: 1000 }, { weight: 0.001 }],
      pbx: { tryNextAfterMs: 30_000 },
    });
    const phone = await scene.phone();
    const call = await phone.invite('1002');
    scene.node(1).answer(await scene.node(1).expect('INVITE'), 486);
    expect((await call.final()).status).toBe(486);
  });

  test('the next node is told of a registration as fits that node: by the transport it is reached by', async () => {
    await using scene = await aScene({ nodes: two });
    const { pbx } = scene.settings;
    const [first, second] = pbx.nodes;
    if (first === undefined || second === undefined) throw new Error('two nodes');
    scene.reload({
      pbx: {
        ...pbx,
        nodes: [
          { ...first, weight: 1000 },
          { ...second, uri: `${second.uri};transport=tcp`, weight: 0.001 },
        ],
      },
    });
    scene.node(0).always('REGISTER', () => {});
    const phone = await scene.registered();
    const told = [scene.node(0), scene.node(1)].map((node) => scene.contact(node));
    expect(told.map((uri) => uri.replace(/^.*@|;flow=.*/g, ''))).toEqual([
      `127.0.0.1:${scene.place('udp').port}`,
      `127.0.0.1:${scene.place('tcp').port};transport=tcp`,
    ]);
    expect([...scene.kept.values()].map(({ node }) => node)).toEqual(['pbx-2']);
    await scene.reaches(phone, told[1], { by: scene.node(1) });
  });

  test('the next node is told by Contact, when it is one that drops our Path', async () => {
    await using scene = await aScene({
      nodes: [{ weight: 1000 }, { weight: 0.001 }],
      toward: 'path',
    });
    const node = scene.running.edge.pbx.node('pbx-2');
    if (node === undefined) throw new Error('two nodes');
    node.dropsPath = true;
    scene.node(0).always('REGISTER', () => {});
    const phone = await scene.registered();
    expect(scene.given(scene.node(0))).toEqual([phone.contact]);
    expect(last(scene.node(1), 'REGISTER').list('Path')).toEqual([]);
    await scene.reaches(phone, scene.contact(scene.node(1)), { by: scene.node(1) });
  });

  test('with no node left the caller is told so', async () => {
    await using scene = await aScene({ nodes: [{ uri: 'sip:127.0.0.1:1;transport=tcp' }] });
    const phone = await scene.phone();
    expect((await phone.tryToRegister()).status).toBe(503);
  });
});

describe('health', () => {
  test('is known from the first answer on; OPTIONS go to the node’s own URI, from us', async () => {
    await using scene = await aScene({ nodes: [{ answersOptions: false }] });
    const { pbx } = scene;
    const options = await pbx.expect('OPTIONS');
    const { address, port } = scene.place();
    expect(options.uri).toBe(pbx.uri);
    expect(options.header('Contact')).toBe(`<sip:${address}:${port}>`);
    expect(scene.events).toEqual([]);
    pbx.answer(options, 404); // a sign of life too
    await eventually(() => scene.events.length > 0, 'it is up');
    expect(scene.events).toEqual(['up pbx-1']);
    expect(scene.running.edge.pbx.node('pbx-1')?.latencyMs).toBeGreaterThan(0);
  });

  test('one lost answer takes nobody down; two do, and two bring it back', async () => {
    await using scene = await aScene({ nodes: [{ answersOptions: false }, {}], pbx: patient });
    const node = scene.node(0);
    const answer = async (status: number) => node.answer(await node.expect('OPTIONS'), status);
    const upNow = () => scene.running.edge.pbx.node('pbx-1')?.up;
    await answer(200);
    await eventually(() => upNow() === true, 'up');
    await answer(503);
    await answer(200);
    await answer(503);
    await answer(200);
    expect(scene.events.filter((event) => event.startsWith('down'))).toEqual([]);
    await answer(503);
    await answer(503);
    await eventually(() => upNow() === false, 'down');
    expect(scene.events).toContain('down pbx-1 503');
    await answer(200);
    await answer(503);
    await answer(200);
    expect(upNow()).toBe(false);
    await answer(200);
    await eventually(() => upNow() === true, 'up again');
  });

  test('a node that is down is not tried, and is once it is back', async () => {
    await using scene = await aScene({ nodes: two, pbx: { ...fast, tryNextAfterMs: 30_000 } });
    const phone = await phoneOn(scene, 0);
    scene.node(0).deaf = true;
    await eventually(() => scene.events.includes('down pbx-1 timeout'), 'down');
    expect(await called(scene, phone)).toBe(1);
    scene.node(0).deaf = false;
    await eventually(() => scene.events.filter((one) => one === 'up pbx-1').length === 2, 'back');
    expect(await called(scene, phone)).toBe(0);
  });

  test('when all are down they are tried all the same', async () => {
    await using scene = await aScene({ nodes: two, pbx: patient });
    for (const node of scene.nodes) node.always('OPTIONS', (ask) => node.answer(ask, 503));
    await eventually(() => scene.running.edge.pbx.nodes.every(({ up }) => up === false), 'down');
    const phone = await scene.phone();
    await called(scene, phone);
    await phone.register();
  });

  test('a node that a call could not reach is asked at once, not at its turn', async () => {
    await using scene = await aScene({ nodes: two });
    const phone = await phoneOn(scene, 0);
    const node = scene.node(0);
    await eventually(() => scene.events.includes('up pbx-1'), 'up');
    const before = heard(node, 'OPTIONS').length;
    node.always('INVITE', () => {});
    const call = await phone.invite('1002');
    scene.node(1).answer(await scene.node(1).expect('INVITE'), 486);
    await call.final();
    await eventually(() => heard(node, 'OPTIONS').length > before, 'it is asked');
  });
});

describe('a node that drains', () => {
  test('gets nothing new, keeps the calls of those it has until they register anew, elsewhere', async () => {
    await using scene = await aScene({ nodes: two });
    const stays = await phoneOn(scene, 0);
    await stays.register();
    const comes = await phoneOn(scene, 0, 2001);
    const { pbx } = scene.settings;
    const nodes = pbx.nodes.map((node) => ({ ...node, drain: node.name === 'pbx-1' }));
    scene.reload({ pbx: { ...pbx, nodes } });
    expect(await called(scene, comes)).toBe(1);
    expect(await called(scene, stays)).toBe(0);
    await scene.reaches(stays, scene.contact(scene.node(0)), { by: scene.node(0) });
    await stays.register();
    expect([...scene.kept.values()].map(({ node }) => node)).toEqual(['pbx-2']);
    expect(await called(scene, stays)).toBe(1);
  });
});

test('a reload that swaps the nodes loses no call; what goes is asked no longer', async () => {
  await using scene = await aScene({ nodes: two, pbx: fast });
  const phone = await phoneOn(scene, 0);
  const caller = await phone.invite('1002');
  const home = scene.node(0);
  const accepting = home.accept(await home.expect('INVITE'));
  await caller.answered();
  const callee = await accepting;
  const { pbx } = scene.settings;
  scene.reload({ pbx: { ...pbx, nodes: pbx.nodes.slice(1) } });
  await pause(100);
  const asked = heard(home, 'OPTIONS').length;
  expect(await called(scene, await scene.phone({ user: '1500' }))).toBe(1);
  const info = caller.ask('INFO');
  home.answer(await home.expect('INFO'), 200);
  await info;
  const bye = callee.ask('BYE');
  phone.answer(await phone.expect('BYE'), 200);
  expect((await bye).status).toBe(200);
  expect(heard(home, 'OPTIONS')).toHaveLength(asked);
  expect(scene.calls.size).toBe(0);
});
