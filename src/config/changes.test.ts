import { expect, test } from 'vitest';
import { changesBetween } from './changes.ts';

const texts = (before: unknown, after: unknown): readonly string[] =>
  changesBetween(before, after).map(({ text }) => text);

test('each value that differs is named by its key, old and new', () => {
  expect(
    texts(
      {
        calls: { ringSeconds: 200 },
        site: { rules: 'on', homeCountry: null },
        log: { level: 'info' },
      },
      {
        calls: { ringSeconds: 300 },
        site: { rules: 'on', homeCountry: 'DE' },
        log: { level: 'info' },
      },
    ),
  ).toEqual(['calls.ringSeconds: 200 -> 300', 'site.homeCountry: null -> DE']);
});

test('a list is one value', () => {
  expect(texts({ countries: ['AT'] }, { countries: ['AT', 'CH'] })).toEqual([
    'countries: ["AT"] -> ["AT","CH"]',
  ]);
});

test('what came and what went', () => {
  const before = { extensions: { list: { 1001: { devices: 1 }, 1002: {} } } };
  const after = { extensions: { list: { 1001: { devices: 1, remote: true }, 1003: {} } } };
  expect(texts(before, after)).toEqual([
    'extensions.list.1001.remote: added, true',
    'extensions.list.1002: removed',
    'extensions.list.1003: added',
  ]);
});

test('nothing of a secret', () => {
  const before = { pins: { boss: { hash: 'hmac-sha256:aaa' } } };
  const after = { pins: { boss: { hash: 'hmac-sha256:bbb' } } };
  expect(texts(before, after)).toEqual(['pins.boss.hash: (not shown) -> (not shown)']);
});

test('of a URL that has a secret in its path, the host', () => {
  const by = (webhook: string) => ({ notifications: { contacts: { hook: { webhook } } } });
  expect(texts(by('https://a.example/s3cret'), by('https://b.example:8443?s3cret=1'))).toEqual([
    'notifications.contacts.hook.webhook: https://a.example/… -> https://b.example:8443/…',
  ]);
  expect(texts(by('s3cret'), by('https://u:s3cret@b.example'))).toEqual([
    'notifications.contacts.hook.webhook: (not shown) -> (not shown)',
  ]);
});

test('of the URL of a list the same: some feeds want their key in its path', () => {
  const by = (url: string) => ({ lists: { feed: { url } } });
  expect(texts(by('https://a.example/key/s3cret'), by('https://b.example/key/s3cret'))).toEqual([
    'lists.feed.url: https://a.example/… -> https://b.example/…',
  ]);
});

test('a value may be long, and what is said of it not', () => {
  expect(texts({ a: ['x'] }, { a: Array(1000).fill('xyz') })[0]?.length).toBeLessThan(150);
});
