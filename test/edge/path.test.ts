import { describe, expect, test } from 'vitest';
import type { Pbx } from '../support/a-pbx.ts';
import { aScene, last, type Scene } from './scene.ts';

/** From now on it registers everybody as one does that never heard of RFC 3327. */
const forgetsPath = (pbx: Pbx): void =>
  pbx.always('REGISTER', (request) =>
    pbx.answer(request, 200, {
      headers: { Contact: `${request.header('Contact')};expires=${request.header('Expires')}` },
    }),
  );

const path = (scene: Scene): readonly string[] => last(scene.pbx, 'REGISTER').list('Path');

describe('a REGISTER with Path (RFC 3327)', () => {
  test('keeps the phone’s own Contact; our Path leads back, and path is said to be supported', async () => {
    await using scene = await aScene({ toward: 'path' });
    const phone = await scene.phone();
    const ok = await phone.register();
    const { address, port } = scene.place();
    expect(scene.given()).toEqual([phone.contact]);
    expect(path(scene)).toHaveLength(1);
    expect(path(scene)[0]).toMatch(new RegExp(`^<sip:[\\w-]{16}@${address}:${port};lr>$`));
    expect(last(scene.pbx, 'REGISTER').list('Supported')).toEqual(['path']);
    expect(ok.header('Path')).toBeUndefined();
    expect(ok.list('Contact')).toEqual([`${phone.contact};expires=300`]);
    expect(scene.events).not.toContain('path dropped pbx-1');
  });

  test('keeps what the phone supports, and says path once', async () => {
    await using scene = await aScene({ toward: 'path' });
    const phone = await scene.phone();
    await phone.register({ headers: { Supported: ['100rel, gruu', 'timer'] } });
    expect(last(scene.pbx, 'REGISTER').list('Supported').toSorted()).toEqual(
      ['100rel', 'gruu', 'path', 'timer'].toSorted(),
    );
    await phone.register({ headers: { Supported: 'path, gruu' } });
    expect(last(scene.pbx, 'REGISTER').list('Supported')).toEqual(['path', 'gruu']);
  });

  test('puts our Path above one that is there already', async () => {
    await using scene = await aScene({ toward: 'path' });
    await (await scene.phone()).register({ headers: { Path: '<sip:inner.test;lr>' } });
    expect(path(scene)).toHaveLength(2);
    expect(path(scene)[0]).toContain(`${scene.place().port}`);
    expect(path(scene)[1]).toBe('<sip:inner.test;lr>');
  });

  test('lets the PBX call the phone’s own Contact through us', async () => {
    await using scene = await aScene({ toward: 'path' });
    const phone = await scene.phone({ transport: 'tcp' });
    await phone.register({ contact: '<sip:1001@10.0.0.1:9>' });
    const invite = await scene.reaches(phone, 'sip:1001@10.0.0.1:9', {
      headers: { Route: path(scene) },
    });
    expect(invite.uri).toBe('sip:1001@10.0.0.1:9');
    expect(invite.header('Route')).toBeUndefined();
  });

  test('takes its Contacts back too', async () => {
    await using scene = await aScene({ toward: 'path' });
    const phone = await scene.registered();
    const Route = path(scene);
    await phone.unregister();
    expect(scene.kept.size).toBe(0);
    expect(await scene.refused('sip:1001@10.0.0.1', { headers: { Route } })).toBe(480);
    expect(scene.events).not.toContain('path dropped pbx-1');
  });
});

describe('a PBX that drops the Path', () => {
  test('is told of once, and given a Contact of ours from then on', async () => {
    await using scene = await aScene({ toward: 'path' });
    forgetsPath(scene.pbx);
    const phone = await scene.registered();
    expect(scene.events.filter((event) => event.startsWith('path'))).toEqual([
      'path dropped pbx-1',
    ]);
    const ok = await phone.register();
    expect(path(scene)).toEqual([]);
    expect(ok.list('Contact')).toEqual([`${phone.contact};expires=300`]);
    const invite = await scene.reaches(phone);
    expect(`<${invite.uri}>`).toBe(phone.contact);
    await (await scene.phone({ user: '1002' })).register();
    expect(scene.events.filter((event) => event.startsWith('path'))).toHaveLength(1);
    expect([...scene.kept.values()].map(({ toward }) => toward)).toEqual(['contact', 'contact']);
  });

  test('is remembered as such over a reload', async () => {
    await using scene = await aScene({ toward: 'path' });
    forgetsPath(scene.pbx);
    const phone = await scene.registered();
    scene.reload({});
    await phone.register();
    expect(path(scene)).toEqual([]);
  });
});
