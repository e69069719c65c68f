import { expect, test } from 'vitest';
import { recordsRoute } from './records-route.ts';

test.each(['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY', 'UPDATE', 'FROBNICATE', 'invite'])(
  '%s may open a dialog: we stay in its path',
  (method) => {
    expect(recordsRoute(method)).toBe(true);
  },
);

test.each(['REGISTER', 'MESSAGE', 'PUBLISH', 'OPTIONS', 'INFO'])(
  '%s opens none: we do not',
  (method) => {
    expect(recordsRoute(method)).toBe(false);
  },
);
