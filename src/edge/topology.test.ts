import { expect, test } from 'vitest';
import { aRequest } from '../../test/support/a-message.ts';
import { Rewrite } from '../sip/message/rewrite.ts';
import { createHiddenUris } from './hidden-uris.ts';
import { createTopology } from './topology.ts';

test('of what a phone transfers to one URI is opened, however many it names (S5)', () => {
  const hidden = createHiddenUris(Buffer.alloc(32, 1));
  const asked: string[] = [];
  const opened = (uri: string): string | undefined => {
    asked.push(uri);
    return hidden.behind(uri);
  };
  const topology = createTopology({
    settings: { hide: ['contact'], headersOutward: [], headersInward: [] },
    secretHeader: undefined,
    uris: { ...hidden, behind: opened },
    isPbx: () => false,
  });
  const ours = hidden.hide('sip:1003@10.0.0.1', 'gate.test');
  const refer = aRequest({
    method: 'REFER',
    headers: { 'Refer-To': Array(1000).fill(`<${ours}>`).join(', ') },
  });
  const rewrite = new Rewrite(refer);
  topology('access')?.request(refer, rewrite, 'pbx.test');
  expect(rewrite.result()).toContain(`Refer-To: <sip:1003@10.0.0.1>, <${ours}>, `);
  expect(asked).toHaveLength(1);
});
