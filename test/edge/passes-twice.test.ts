import { describe, expect, test } from 'vitest';
import type { Pbx } from '../support/a-pbx.ts';
import { calledSide, sdp } from '../support/sip-call.ts';
import { contactOf, newBranch, type Received } from '../support/sip-party.ts';
import type { SipText } from '../support/sip-text.ts';
import { aScene, type Scene } from './scene.ts';

const isAnswerTo = (method: string) => (message: Received) =>
  (message.status ?? 0) >= 200 && message.cseqMethod === method;

const without = (text: string, header: string): string =>
  text.replace(new RegExp(`\\r\\n${header}:[^\\r]*`, 'g'), '');
const onTop = (text: string, header: string, values: readonly string[]): string =>
  text.replace('\r\n', `\r\n${values.map((value) => `${header}: ${value}\r\n`).join('')}`);

/** What a proxy sends on to the gate, by these Routes; where it hides who sent it on, it is the end of each side for the other. */
class SendsOn {
  readonly #proxy: Pbx;
  readonly #scene: Scene;
  readonly #hides: boolean;

  constructor(proxy: Pbx, scene: Scene, hides: boolean) {
    this.#proxy = proxy;
    this.#scene = scene;
    this.#hides = hides;
  }

  request(request: SipText, uri: string, routes: readonly string[] = []): void {
    const { address, port } = this.#proxy;
    const hides = this.#hides ? ['Via', 'Record-Route', 'Contact'] : [];
    let text = ['Route', ...hides].reduce(without, request.text);
    text = text.replace(/^(\S+) \S+ /, `$1 ${uri} `);
    if (this.#hides) text = onTop(text, 'Contact', [this.#proxy.contact]);
    else text = onTop(text, 'Record-Route', [`<sip:${address}:${port};lr>`]);
    text = onTop(text, 'Route', routes);
    text = onTop(text, 'Via', [`SIP/2.0/UDP ${address}:${port};branch=${newBranch()}`]);
    this.#proxy.send(text, this.#scene.place());
  }

  answer(answer: Received, asked: Received): void {
    let text = onTop(without(answer.text, 'Via'), 'Via', asked.headers('Via'));
    if (this.#hides) {
      text = ['Record-Route', 'Contact'].reduce(without, text);
      text = onTop(text, 'Record-Route', asked.headers('Record-Route'));
      text = onTop(text, 'Contact', [this.#proxy.contact]);
    }
    this.#proxy.send(text, asked.from);
  }
}

describe('a call that passes the gate twice', () => {
  test('before a PBX that is a proxy and hides who sent it on', async () => {
    await using scene = await aScene({ policy: { site: {} } });
    const { pbx } = scene;
    const phone = await scene.registered({ user: '1001', address: '127.0.3.1' });
    const callee = await scene.registered({ user: '1002', address: '127.0.3.2' });
    const onward = new SendsOn(pbx, scene, true);

    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    onward.request(invite, scene.contact());
    const ringing = await callee.expect('INVITE');
    callee.answer(ringing, 200, { body: sdp(callee.address) });
    const ok = await pbx.expect(isAnswerTo('INVITE'));
    const toCallee = [contactOf(ok), ok.list('Record-Route').toReversed()] as const;
    onward.answer(ok, invite);
    await call.answered();
    onward.request(await pbx.expect('ACK'), ...toCallee);
    await callee.expect('ACK');
    expect(scene.calls.size).toBe(2);

    const bye = call.request('BYE');
    const asked = await pbx.expect('BYE');
    onward.request(asked, ...toCallee);
    callee.answer(await callee.expect('BYE'), 200);
    onward.answer(await pbx.expect(isAnswerTo('BYE')), asked);
    expect((await phone.finalAnswer(bye)).status).toBe(200);
    expect(scene.calls.size).toBe(0);
  });

  test.each(['caller', 'callee'])(
    'out by a carrier that is a proxy, and in again: the %s hangs up',
    async (who) => {
      await using scene = await aScene({ carriers: 1, policy: { site: { homeCountry: 'DE' } } });
      const { pbx } = scene;
      const carrier = scene.carrier();
      const { address, port } = scene.place();
      const onward = new SendsOn(carrier, scene, false);
      const sendOn = (request: Received) =>
        onward.request(request, request.uri ?? '', request.list('Route').slice(1));

      const call = await pbx.invite(`sip:+493012345678@${carrier.address}:${carrier.port}`, {
        to: scene.place(),
      });
      const invite = await carrier.expect('INVITE');
      onward.request(invite, `sip:+493012345678@${address}:${port}`);
      const back = await pbx.expect('INVITE');
      pbx.answer(back, 200, { body: sdp(pbx.address) });
      onward.answer(await carrier.expect(isAnswerTo('INVITE')), invite);
      await call.answered();
      sendOn(await carrier.expect('ACK'));
      await pbx.expect('ACK');
      expect(scene.calls.size).toBe(2);

      const bye = (who === 'caller' ? call : calledSide(pbx, back)).request('BYE');
      const asked = await carrier.expect('BYE');
      sendOn(asked);
      pbx.answer(await pbx.expect('BYE'), 200);
      onward.answer(await carrier.expect(isAnswerTo('BYE')), asked);
      expect((await pbx.finalAnswer(bye)).status).toBe(200);
      expect(scene.calls.size).toBe(0);
    },
  );
});
