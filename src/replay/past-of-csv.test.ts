import { describe, expect, test } from 'vitest';
import { pastOfCsv } from './past-of-csv.ts';

const read = (text: string) => {
  const past = pastOfCsv(text, 'Europe/Berlin');
  return past.ok ? past.past : past.problems;
};

describe('call records', () => {
  test('are read by the names of their columns, in the time of the site, in the order of time', () => {
    expect(
      read(
        'at,extension,number,seconds,source,user-agent,callid,Account\n' +
          '2026-07-01 12:00:01,1001,1002,60,192.0.2.7,"Yealink, ""T46""",b,x\n' +
          '2026-07-01T10:00Z,1002,0049,,,,a,y\n',
      ),
    ).toEqual([
      {
        what: 'request',
        at: Date.UTC(2026, 6, 1, 10),
        count: 1,
        question: { invite: '0049', as: '1002' },
        callId: 'a',
        refused: undefined,
        endsAt: undefined,
      },
      {
        what: 'request',
        at: Date.UTC(2026, 6, 1, 10, 0, 1),
        count: 1,
        question: {
          invite: '1002',
          as: '1001',
          source: '192.0.2.7',
          userAgent: 'Yealink, "T46"',
        },
        callId: 'b',
        refused: undefined,
        endsAt: Date.UTC(2026, 6, 1, 10, 1, 1),
      },
    ]);
  });
  test('may have the names that Asterisk gives, and times as programs write them', () => {
    expect(read('calldate;src;dst;billsec\n1782900000;1001;1002;5\n')).toMatchObject([
      { at: 1_782_900_000_000, question: { invite: '1002', as: '1001' } },
    ]);
  });
  test('may be of calls from trunks and of registrations', () => {
    const text =
      'at,direction,extension,number,trunk,transport\n' +
      '2026-07-01,in,4930123,1001,carrier,\n2026-07-01,register,1001,,,tls\n';
    expect(read(text)).toMatchObject([
      { question: { inbound: '1001', from: '4930123', trunk: 'carrier' } },
      { question: { register: '1001', transport: 'tls' } },
    ]);
  });
  test.each([
    [
      'no columns',
      '',
      /^line 1: found no columns, expected their names, at, extension, number among them$/,
    ],
    ['a column too few', 'at,number\n', /expected their names, extension among them/],
    [
      'a call where the names of the columns belong, as Asterisk writes it',
      '"","1001","0049"\n',
      /found the columns "" "1001" "0049", expected their names/,
    ],
    [
      'no moment',
      'at,extension,number\nnoon,1,2\n',
      /^line 2: at: found "noon", expected a moment/,
    ],
    ['no number', 'at,extension,number,seconds\n2026-07-01,1,2,x\n', /seconds: found "x"/],
    [
      'no transport, after a line break in quotes',
      'at,extension,number,text,transport\n2026-07-01,1,2,"a\nb",udp\n2026-07-01,1,2,,ftp\n',
      /^line 4: transport: found "ftp", expected udp, tcp/,
    ],
  ])('with %s are refused by line', (_what, text, says) => {
    expect(read(text)).toEqual([expect.stringMatching(says)]);
  });
});
