import { describe, expect, test } from 'vitest';
import type { Transport } from '../../src/edge/signaling.ts';
import { heard } from '../contract/scene.ts';
import type { Phone } from '../support/a-phone.ts';
import { eventually } from '../support/eventually.ts';
import { calledSide, type SipCall } from '../support/sip-call.ts';
import { aScene, type Scene } from './scene.ts';

const contact = '<sip:1001@192.168.0.5:5060>';

/** A registered phone, in a call that it placed, whose connection is then gone. */
async function cutOff(transport: Transport = 'tcp') {
  const scene = await aScene({ transports: [...new Set(['udp', transport] as const)] });
  const { pbx } = scene;
  const phone = await scene.phone({ transport });
  await phone.register({ contact });
  const caller = await phone.invite('1002', { headers: { Contact: contact } });
  const accepting = pbx.accept(await pbx.expect('INVITE'));
  await caller.answered();
  const call = await accepting;
  const [live] = scene.calls;
  await phone.close();
  await eventually(() => live?.caller.open === false, 'the connection is gone');
  return { scene, pbx, call };
}

/** The PBX says something inside the call, and the phone answers. */
async function reachesIn(call: SipCall, phone: Phone, method = 'BYE'): Promise<void> {
  const asked = call.ask(method, { headers: { Event: 'dialog' } });
  phone.answer(await phone.expect(method), 200);
  expect((await asked).status).toBe(200);
}

const back = async (scene: Scene, transport: Transport = 'tcp'): Promise<Phone> => {
  const phone = await scene.phone({ transport });
  await phone.register({ contact });
  return phone;
};

describe.each(['tcp', 'tls', 'ws'] as const)('a phone that comes back over %s', (transport) => {
  test('is reached in its call over its new connection, however often it comes', async () => {
    const { scene, call } = await cutOff(transport);
    await using _ = scene;
    expect((await call.ask('INFO')).status).toBe(430);
    const once = await back(scene, transport);
    await reachesIn(call, once, 'INFO');
    await once.close();
    await reachesIn(call, await back(scene, transport));
    expect(scene.calls.size).toBe(0);
  });

  test('is reached in a subscription, which no live call vouches for', async () => {
    await using scene = await aScene({ transports: [...new Set(['udp', transport] as const)] });
    const { pbx } = scene;
    const phone = await scene.phone({ transport });
    await phone.register({ contact });
    phone.request('SUBSCRIBE', 'sip:1002@example.test', { headers: { Event: 'dialog' } });
    const subscribe = await pbx.expect('SUBSCRIBE');
    pbx.answer(subscribe, 200);
    await phone.expect(200, { of: 'SUBSCRIBE' });
    await phone.close();
    await reachesIn(calledSide(pbx, subscribe), await back(scene, transport), 'NOTIFY');
  });

  test('is reached in a call that began before we were restarted', async () => {
    const { scene, call } = await cutOff(transport);
    await using _ = scene;
    await scene.restart();
    expect((await call.ask('INFO')).status).toBe(430);
    await reachesIn(call, await back(scene, transport));
  });
});

describe('a phone over UDP whose NAT box comes up anew, so that it registers from another port', () => {
  /** It watches somebody; then all that is sent to where it was is lost. */
  async function moved() {
    const scene = await aScene();
    const phone = await scene.phone();
    await phone.register({ contact });
    phone.request('SUBSCRIBE', 'sip:1002@example.test', { headers: { Event: 'dialog' } });
    const subscribe = await scene.pbx.expect('SUBSCRIBE');
    scene.pbx.answer(subscribe, 200);
    await phone.expect(200, { of: 'SUBSCRIBE' });
    return { scene, phone, subscription: calledSide(scene.pbx, subscribe) };
  }

  test('is told there what it subscribed to, and by the next one, too', async () => {
    const { scene, phone, subscription } = await moved();
    await using _ = scene;
    await reachesIn(subscription, phone, 'NOTIFY');
    for (let time = 0; time < 2; time++) {
      const anew = await scene.phone();
      await anew.register({ contact });
      await reachesIn(subscription, anew, 'NOTIFY');
    }
    expect(heard(phone, 'NOTIFY').length).toBe(1);
  });

  test('where somebody else is registered now by that port, it is his', async () => {
    const { scene, phone, subscription } = await moved();
    await using _ = scene;
    const anew = await scene.phone();
    await anew.register({ contact });
    phone.request('REGISTER', 'sip:127.0.0.1', {
      headers: { To: '<sip:1003@127.0.0.1>', Contact: '<sip:1003@192.168.0.7:5060>' },
    });
    await phone.expect(200, { of: 'REGISTER' });
    await reachesIn(subscription, phone, 'NOTIFY');
    expect(heard(anew, 'NOTIFY')).toEqual([]);
  });
});

test('it may come back over another transport, and with another Contact when it is the same device', async () => {
  const { scene, call } = await cutOff();
  await using _ = scene;
  const [row] = scene.kept.values();
  const moved = await scene.phone();
  await moved.register({
    contact: '<sip:1001@192.168.0.6:7>',
    headers: { 'Call-ID': row?.callId },
  });
  await reachesIn(call, moved);
});

test('it is told when we end the call', async () => {
  const { scene, pbx, call } = await cutOff();
  await using _ = scene;
  const phone = await back(scene);
  scene.running.edge.serving.end(call.callId, { text: 'enough' });
  await phone.expect('BYE');
  await pbx.expect('BYE');
});

describe('nobody else gets what is said in the call of a phone that is gone: 430', () => {
  test('another extension, not with the same Contact either', async () => {
    const { scene, call } = await cutOff();
    await using _ = scene;
    const other = await scene.phone({ transport: 'tcp', user: '1002' });
    await other.register({ contact });
    expect((await call.ask('INFO')).status).toBe(430);
    expect(heard(other, 'INFO')).toEqual([]);
  });

  test('another device of the same extension', async () => {
    const { scene, call } = await cutOff();
    await using _ = scene;
    const other = await scene.phone({ transport: 'tcp' });
    await other.register({ contact: '<sip:1001@192.168.0.9:5060>' });
    expect((await call.ask('INFO')).status).toBe(430);
    expect(heard(other, 'INFO')).toEqual([]);
  });

  test('one whose registration the PBX did not accept', async () => {
    const { scene, pbx, call } = await cutOff();
    await using _ = scene;
    pbx.always('REGISTER', (request) => pbx.answer(request, 403));
    const other = await scene.phone({ transport: 'tcp' });
    await other.tryToRegister({ contact });
    expect((await call.ask('INFO')).status).toBe(430);
    expect(heard(other, 'INFO')).toEqual([]);
  });
});
