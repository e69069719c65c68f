import { expect, test } from 'vitest';
import { wholeNetworkOf } from './whole-network.ts';

test.each([
  ['198.51.100.7', '198.51.100.7'],
  ['20010db800010002', '20010db80001'],
  ['20010db80001ffff', '20010db80001'],
  ['20010db800020002', '20010db80002'],
])('of the source %s is %s', (source, network) => {
  expect(wholeNetworkOf(source)).toBe(network);
});
