import { describe, expect, test } from 'vitest';
import { GIVE_UP } from '../sip/timers.ts';
import { KeptAnswers } from './kept-answers.ts';
import type { Channel } from './transport/transports.ts';

/** A channel that notes what is sent over it. */
function outlet(): { channel: Channel; sent: string[] } {
  const sent: string[] = [];
  const channel: Partial<Channel> = { send: (message) => sent.push(message) };
  return { channel: channel as Channel, sent };
}

describe('kept answers', () => {
  let now = 0;
  const start = (bytes = 1 << 20) => {
    now = 0;
    return new KeptAnswers(bytes, () => now);
  };

  test('are sent again to whoever asks again, over the channel they went out on', () => {
    const kept = start();
    const [one, two] = [outlet(), outlet()];
    kept.keep('branch 1', one.channel, 'answer 1');
    kept.keep('branch 2', two.channel, 'answer 2');
    expect(kept.sendAgain('branch 2')).toBe(true);
    expect(kept.sendAgain('branch 1')).toBe(true);
    expect(kept.sendAgain('branch 1')).toBe(true);
    expect(kept.sendAgain('branch 3')).toBe(false);
    expect([one.sent, two.sent]).toEqual([['answer 1', 'answer 1'], ['answer 2']]);
  });

  test('without an answer the repetition is only absorbed', () => {
    const kept = start();
    const { channel, sent } = outlet();
    kept.keep('branch', channel, undefined);
    expect(kept.sendAgain('branch')).toBe(true);
    expect(sent).toEqual([]);
  });

  test('stay for timer J at least, and go soon after it', () => {
    const kept = start();
    const { channel } = outlet();
    kept.keep('branch', channel, 'answer');
    now = GIVE_UP - 1;
    kept.sweep();
    expect(kept.sendAgain('branch')).toBe(true);
    now = GIVE_UP + 4000;
    kept.sweep();
    expect(kept.sendAgain('branch')).toBe(false);
    expect(kept.size).toBe(0);
  });

  test('by the ten thousand are each found, while old ones go and the table grows', () => {
    const kept = start(64 << 20);
    const { channel, sent } = outlet();
    const key = (index: number) => `z9hG4bK-${index} 192.0.2.1:5060 REGISTER`;
    for (let index = 0; index < 30_000; index++) {
      now = index;
      kept.keep(key(index), channel, `answer ${index}`);
    }
    for (let index = 0; index < 30_000; index += 97) kept.sendAgain(key(index));
    expect(sent).toEqual(Array.from({ length: 310 }, (_, index) => `answer ${index * 97}`));
    now = 29_000 + GIVE_UP;
    kept.sweep();
    expect(kept.size).toBeLessThan(10_000);
    expect(kept.sendAgain(key(10))).toBe(false);
    expect(kept.sendAgain(key(29_999))).toBe(true);
  });

  test('never take more than they may: the oldest go first', () => {
    const kept = start(1 << 20);
    const { channel } = outlet();
    for (let index = 0; index < 3000; index++)
      kept.keep(`branch ${index}`, channel, 'x'.repeat(1000));
    expect(kept.size).toBeLessThanOrEqual(1048);
    expect(kept.sendAgain('branch 0')).toBe(false);
    expect(kept.sendAgain('branch 2999')).toBe(true);
  });
});
