import { expect, test } from 'vitest';
import { valuesIn } from './metrics-page.ts';

test('values of a metrics page, all labels of one metric added up', () => {
  const page = [
    '# HELP gate_calls Live calls',
    '# TYPE gate_calls gauge',
    'gate_calls 3',
    '# TYPE gate_unused gauge',
    'gate_connections{transport="tcp"} 2',
    'gate_connections{transport="tls",of="a} b"} 5 1700000000000',
    'gate_lag_seconds{plane="data"} 1.5e-3',
    '',
  ].join('\n');
  expect([...valuesIn(page)]).toEqual([
    ['gate_calls', 3],
    ['gate_unused', 0],
    ['gate_connections', 7],
    ['gate_lag_seconds', 0.0015],
  ]);
});
