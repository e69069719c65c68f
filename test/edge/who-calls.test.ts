import { describe, expect, test } from 'vitest';
import { policySchema } from '../../src/policy/policy-settings.ts';
import { aScene, last, type Scene, statusOf } from './scene.ts';

/** Strangers are told here what they would meet with silence. */
const open: object = { stealth: { mode: 'off' } };

/** Every rule judges; whatever reaches the PBX is answered 488, which no rule of calls gives. */
async function judging(): Promise<Scene> {
  const scene = await aScene({ policy: { site: {}, network: open } });
  for (const method of ['INVITE', 'MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'REFER', 'INVENTED'])
    scene.pbx.always(method, (request) => scene.pbx.answer(request, 488));
  return scene;
}
const refusals = ({ events }: Scene) => events.filter((event) => event.startsWith('reject'));
const REACHED_THE_PBX = 488;
const uri = 'sip:1002@127.0.0.1';
const from = (user: string) => ({ headers: { From: `<sip:${user}@127.0.0.1>;tag=t` } });

describe('who calls', () => {
  test('is who registered; a stranger calls nobody', async () => {
    await using scene = await judging();
    const phone = await scene.registered();
    expect(await statusOf(phone, 'INVITE', uri)).toBe(REACHED_THE_PBX);
    const stranger = await scene.phone({ address: '127.0.3.9' });
    expect(await statusOf(stranger, 'INVITE', uri)).toBe(403);
    expect(refusals(scene)).toEqual(['reject no-guests']);
  });

  test.each(['MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'REFER', 'INVENTED'])(
    'a stranger sends no %s either, and whoever registered does',
    async (method) => {
      await using scene = await judging();
      const stranger = await scene.phone({ address: '127.0.3.9' });
      expect(await statusOf(stranger, method, uri)).toBe(403);
      const phone = await scene.registered();
      expect(await statusOf(phone, method, uri)).toBe(REACHED_THE_PBX);
    },
  );

  test('is told by the flow and not by From: showing another’s number is refused, not believed', async () => {
    await using scene = await judging();
    const phone = await scene.registered({ user: '1001' });
    await scene.registered({ user: '1002' });
    expect(await statusOf(phone, 'INVITE', uri, from('1002'))).toBe(403);
    expect(await statusOf(phone, 'INVITE', uri, from('1001'))).toBe(REACHED_THE_PBX);
    expect(refusals(scene)).toEqual(['reject caller-identity']);
  });

  test('is who registered by a name whose escapes are undone once: %2531001 is not 1001', async () => {
    await using scene = await judging();
    const phone = await scene.registered({ user: '%2531001' });
    expect(await statusOf(phone, 'INVITE', uri, from('1001'))).toBe(403);
    expect(await statusOf(phone, 'INVITE', uri, from('%2531001'))).toBe(REACHED_THE_PBX);
  });

  test('is each of those who share a flow, by From', async () => {
    await using scene = await judging();
    const adapter = await scene.registered({ user: '1001' });
    await adapter.register({
      headers: { To: '<sip:1002@127.0.0.1>', 'Call-ID': 'line-2' },
      contact: `<sip:1002@${adapter.address}:${adapter.port}>`,
    });
    expect(await statusOf(adapter, 'INVITE', uri, from('1001'))).toBe(REACHED_THE_PBX);
    expect(await statusOf(adapter, 'INVITE', uri, from('1002'))).toBe(REACHED_THE_PBX);
    expect(await statusOf(adapter, 'INVITE', uri, from('1003'))).toBe(403);
  });

  test('is an extension by its address when it comes by a port or connection of its own for the call', async () => {
    await using scene = await judging();
    await scene.registered({ user: '1001' });
    const again = await scene.phone({ user: '1001', transport: 'tcp' });
    expect(await statusOf(again, 'INVITE', uri)).toBe(REACHED_THE_PBX);
    expect(await statusOf(again, 'INVITE', uri, from('1003'))).toBe(403);
    expect(refusals(scene)).toEqual(['reject no-guests']);
  });

  test('is nobody any more once its registration is gone', async () => {
    await using scene = await judging();
    const phone = await scene.registered();
    await phone.unregister();
    expect(await statusOf(phone, 'INVITE', uri)).toBe(403);
  });

  test.each([
    ['P-Asserted-Identity', '<sip:1002@127.0.0.1>'],
    ['P-Asserted-Identity', '<sip:1001@127.0.0.1>, <tel:+4930999999>'],
    ['P-Preferred-Identity', '"Boss" <sip:1002@127.0.0.1>'],
    ['Remote-Party-ID', '<sip:1002@127.0.0.1>;party=calling;screen=yes'],
    ['p-asserted-identity', '"unclosed <sip:1002@127.0.0.1>'],
  ])('shows nobody else in %s: %s', async (header, value) => {
    await using scene = await judging();
    const phone = await scene.registered();
    const headers = { [header]: value };
    expect(await statusOf(phone, 'INVITE', uri, { headers })).toBe(403);
    await scene.pbx.silence(30);
  });

  test('may hide its number and say to us who it is', async () => {
    await using scene = await judging();
    const phone = await scene.registered();
    const headers = {
      From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=t',
      Privacy: 'id',
      'P-Preferred-Identity': '<sip:1001@127.0.0.1>',
    };
    expect(await statusOf(phone, 'INVITE', uri, { headers })).toBe(REACHED_THE_PBX);
    expect(last(scene.pbx, 'INVITE').header('Privacy')).toBe('id');
  });

  test('is the handset of a base that hides its number: by what it says to us of itself', async () => {
    await using scene = await judging();
    const base = await scene.registered({ user: '1001' });
    await base.register({
      headers: { To: '<sip:1002@127.0.0.1>', 'Call-ID': 'handset-2' },
      contact: `<sip:1002@${base.address}:${base.port}>`,
    });
    scene.reload({
      policy: policySchema.parse({
        network: open,
        extensions: { list: { 1001: { blockedNumbers: ['1003'] } } },
      }),
    });
    const calls = (headers: Record<string, string>) =>
      statusOf(base, 'INVITE', 'sip:1003@127.0.0.1', {
        headers: {
          From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=t',
          Contact: '<sip:line@127.0.0.1>',
          Privacy: 'id',
          ...headers,
        },
      });
    expect(await calls({})).toBe(403);
    for (const said of [
      { Authorization: 'Digest username="1002", realm="pbx", nonce="n", response="r"' },
      { 'Remote-Party-ID': '<sip:1002@127.0.0.1>;party=calling;privacy=full' },
      { Contact: `<sip:1002@${base.address}:${base.port}>` },
    ])
      expect(await calls(said)).toBe(REACHED_THE_PBX);
    expect(
      await calls({
        Authorization: 'Digest username="1002", realm="pbx", nonce="n", response="r"',
        'P-Preferred-Identity': '<sip:1001@127.0.0.1>',
      }),
    ).toBe(403);
    expect(await calls({ Contact: '<sip:1004@127.0.0.1>' })).toBe(403);
  });
});
