import { describe, expect, test } from 'vitest';
import { aRequest } from '../../test/support/a-message.ts';
import type { HeaderValues } from '../../test/support/sip-text.ts';
import { someSite } from '../../test/support/some-facts.ts';
import { diverterOf, onBehalfOf } from './on-behalf-of.ts';
import { OutsideCalls } from './outside-calls.ts';

const request = (headers: HeaderValues) => aRequest({ headers });

describe('who forwarded a call', () => {
  test.each([
    ['nobody', {}, undefined],
    [
      'the topmost Diversion',
      { Diversion: ['<sip:1001@a>;reason=no-answer', '<sip:1002@a>'] },
      '1001',
    ],
    ['the first of a list', { Diversion: '"B, C" <sip:1001@a>, <sip:1002@a>' }, '1001'],
    ['a tel URI', { Diversion: '<tel:1001>;counter=1' }, '1001'],
    ['escaped', { Diversion: '<sip:%31001@a>' }, '1001'],
    [
      'who stands before the one that is called',
      {
        'History-Info': [
          '<sip:1000@a>;index=1, <sip:1001@a?Reason=SIP%3Bcause%3D302>;index=1.1',
          '<sip:+4930@a>;index=1.1.1',
        ],
      },
      '1001',
    ],
    [
      'nobody, where history is of the number itself',
      { 'History-Info': '<sip:+4930@a>;index=1' },
      undefined,
    ],
    [
      'nobody, where the number only went to another place',
      { 'History-Info': '<sip:+4930@a>;index=1, <sip:+4930@b>;index=1.1' },
      undefined,
    ],
  ])('is %s', (_what, headers, expected) => {
    expect(diverterOf(request(headers))).toBe(expected);
  });
});

describe('a call that the PBX sends out is', () => {
  const site = someSite();
  const behalf = (headers: HeaderValues) => {
    const { extension, by } = onBehalfOf(
      request(headers),
      '+4930',
      site,
      new OutsideCalls(
        () => undefined,
        () => 0,
      ),
    );
    return `${extension} ${by}`;
  };
  const did = { From: '"Office" <sip:+493011122@a>;tag=x' };

  test.each([
    [{ From: '<sip:1001@a>;tag=x' }, '1001 invite'],
    [{ ...did, 'P-Asserted-Identity': '<sip:1001@a>' }, '1001 invite'],
    [{ ...did, 'Remote-Party-ID': '<sip:1001@a>;party=calling' }, '1001 invite'],
    [{ ...did, 'P-Asserted-Identity': '<sip:+493011122@a>' }, '+493011122 invite'],
    [{ From: '<sip:1001@a>;tag=x', Diversion: '<sip:1002@a>' }, '1002 diversion'],
    [{ From: '<sip:1001@a>;tag=x', 'Referred-By': '<sip:1003@a>' }, '1003 refer'],
    [{ From: '<sip:1001@a>;tag=x', 'Referred-By': '<sip:+4930@a>' }, '1001 invite'],
    // a number shown for a trunk's sake is nobody's extension
    [{ ...did, Diversion: '<sip:+493011100@a>' }, '+493011122 diversion'],
  ])('by %j: %s', (headers, expected) => {
    expect(behalf(headers)).toBe(expected);
  });
});
