import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aroundQuestions } from '../../src/config/around-question.ts';
import { loadSettings } from '../../src/config/load.ts';
import { ask } from '../../src/policy/asking/ask.ts';
import { momentOf, type Question } from '../../src/policy/asking/question.ts';
import { Policy } from '../../src/policy/policy.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress } from '../support/own-address.ts';
import { LiveTable, type Outcome } from '../table/live-table.ts';
import { type Places, writePolicy } from '../table/policies.ts';
import { table } from '../table/rows.ts';

const CLOCK = fileURLToPath(new URL('../support/movable-clock.ts', import.meta.url));

describe.each(['many-rules', 'closed'] as const)('the table of requests: %s', (policy) => {
  const rows = table.filter((row) => row.policy === policy);
  const address = ownAddress();
  let places: Places;
  let pbx: Pbx;
  let gate: Gate;
  let outcomes: readonly Outcome[];

  beforeAll(async () => {
    places = writePolicy(policy, rows, address);
    pbx = await aPbx();
    answerAsAPbx(pbx);
    const clock = join(places.root, 'clock');
    writeFileSync(clock, '0');
    gate = await startGate({
      ...{ address, pbx: pbx.uri },
      rules: 'shipped',
      flags: places.flags,
      data: places.data,
      environment: { MOVABLE_CLOCK: clock, NODE_OPTIONS: `--import=${CLOCK}` },
    });
    const live = await LiveTable.open(gate, pbx, clock);
    try {
      for (const row of rows) await live.send(row);
      outcomes = await live.outcomes();
    } finally {
      await live.close();
    }
  }, 240_000);
  afterAll(async () => {
    await gate.close();
    await pbx.close();
    rmSync(places.root, { recursive: true });
  });

  test('explain judges each as expected', () => {
    const policies = join(places.root, 'policies');
    const loaded = loadSettings(
      { policies, routes: join(places.root, 'routes'), set: setIn(places.flags), pbx: [pbx.uri] },
      {},
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const judged = new Policy(loaded.settings.policy);
    const around = aroundQuestions(loaded.settings);
    const said = rows.map(({ name, ask: question }) => {
      const { verdict } = ask(judged, question, around(momentOf(question, 'UTC', Date.now()) ?? 0));
      return `${name}: ${verdict.kind === 'pass' ? 'pass' : verdict.reason}`;
    });
    expect(said).toEqual(rows.map(({ name, expect: expected }) => `${name}: ${expected}`));
  });

  test('so does drawbridge explain, of every fifteenth', async () => {
    for (const row of rows.filter((_, at) => at % 15 === 0)) {
      const { output } = await drawbridge(
        'explain',
        ...wordsOf(row.ask),
        '--json',
        ...places.flags,
      );
      const { verdict } = JSON.parse(output);
      expect([row.name, verdict.reason ?? verdict.kind]).toEqual([row.name, row.expect]);
    }
  });

  test('drawbridge test judges each as expected', async () => {
    const { code, output } = await drawbridge('test', ...places.flags);
    expect([code, output]).toEqual([0, expect.stringContaining(`${rows.length + 1} tests`)]);
  });

  test('the gate itself judges each as expected', () => {
    const became = outcomes.map(({ row, became }) => `${row.name}: ${became}`);
    expect(became).toEqual(rows.map(({ name, expect: expected }) => `${name}: ${expected}`));
    expect(outcomes.map(({ shadow }) => shadow)).toEqual(rows.map(({ shadow }) => shadow));
  });
});

/** A question as it is asked on the command line. */
function wordsOf(question: Question): readonly string[] {
  const subjects = ['register', 'invite', 'inbound', 'method', 'broken'];
  return Object.entries(question).flatMap(([key, value]) => {
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (subjects.includes(key)) return [key, String(value)];
    if (typeof value !== 'object') return [flag, String(value)];
    return Object.entries(value).flatMap(([name, count]) => [flag, `${name}=${count}`]);
  });
}

const setIn = (flags: readonly string[]): readonly string[] =>
  flags.filter((_, at) => flags[at - 1] === '--set');

/** A registrar that asks for passwords, and a switch that is busy unless a call is to be held. */
function answerAsAPbx(pbx: Pbx): void {
  const registered = new Map<string, Set<string>>();
  pbx.always('REGISTER', (request) => {
    const nonce = crypto.randomUUID();
    if (request.header('Authorization') === undefined)
      pbx.answer(request, 401, {
        headers: { 'WWW-Authenticate': `Digest realm="pbx", nonce="${nonce}", algorithm=MD5` },
      });
    else if (request.header('X-Wrong') !== undefined) pbx.answer(request, 403);
    else {
      const expires = request.header('Expires') ?? '300';
      const known = registered.get(request.header('To') ?? '') ?? new Set();
      registered.set(request.header('To') ?? '', known);
      for (const contact of request.list('Contact'))
        if (expires === '0') known.delete(contact);
        else known.add(contact);
      const headers = { Contact: [...known].map((contact) => `${contact};expires=${expires}`) };
      pbx.answer(request, 200, { headers });
    }
  });
  pbx.always('INVITE', (request) => {
    if (request.header('X-Hold') === undefined) pbx.answer(request, 486);
    else void pbx.accept(request);
  });
  pbx.always('REFER', (request) => pbx.answer(request, 202));
  pbx.always('BYE', (request) => pbx.answer(request, 200));
}
