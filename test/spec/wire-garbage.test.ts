/**
 * Whatever is written on a pod's socket: the sender gets an error or silence, nobody else notices, and the
 * pod goes on.
 */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wireLimits } from '../../src/protocol/limits.ts';
import { logLineBytesMax } from '../../src/session/log/line.ts';
import { methods } from '../../src/protocol/methods.ts';
import { type FakeChild, fakeChildren } from '../support/fake-child.ts';
import { type RawMessage, type RawWire, rawWire, requestLine } from '../support/raw-wire.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

/** Recorded: the same inputs at every run. */
const seed = 20_260_722;

let home: TestHome;
let wires: RawWire[];
beforeEach(() => {
  home = new TestHome();
  wires = [];
});
afterEach(async () => {
  for (const wire of wires) wire.socket.destroy();
  await home.close();
});

async function stranger(pod: TestPod): Promise<RawWire> {
  const wire = (await rawWire(pod.socket)).listen();
  wires.push(wire);
  return wire;
}

/** Lines as they come from broken or hostile programs; none asks for what would change the pod by right. */
function garbage(): fc.Arbitrary<Buffer> {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.json({ maxDepth: 5 }),
    fc.constantFrom(
      '{}',
      '[]',
      'null',
      '"x"',
      '0',
      '{"jsonrpc":"2.0"}',
      '{"jsonrpc":"2.0","id":1}',
      '{"jsonrpc":"1.0","id":1,"method":"status"}',
      '{"jsonrpc":"2.0","id":{},"method":"status"}',
      '{"jsonrpc":"2.0","id":1,"method":"__proto__"}',
      '{"jsonrpc":"2.0","id":1,"method":"constructor"}',
      '{"jsonrpc":"2.0","id":1,"method":"status","params":{"__proto__":{"x":1}}}',
      '{"jsonrpc":"2.0","id":1,"result":{}}',
      '{"jsonrpc":"2.0","method":"event","params":{"type":"entry"}}',
      '{"jsonrpc":"2.0","id":1e999,"method":"status"}',
      '\uFEFF{"jsonrpc":"2.0","id":1,"method":"ping"}',
      `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
      `{"a":${'{"a":'.repeat(70)}1${'}'.repeat(70)}}`,
      '{"jsonrpc":"2.0","id":1,"method":"status"}\r',
    ),
  );
  const call = fc
    .record({
      jsonrpc: fc.constant('2.0'),
      id: fc.oneof(fc.nat(), fc.string(), fc.constant(null)),
      method: fc.oneof(
        fc.string(),
        fc.constantFrom(...Object.keys(methods).filter((name) => !['pause', 'subscribe'].includes(name))),
      ),
      params: fc.anything({ maxDepth: 3, withNullPrototype: false }),
    })
    // Params of an object's shape might by chance be right for a method that needs none.
    .map(({ params, ...message }) => JSON.stringify({ ...message, params: [params] }));
  const bytes = fc.uint8Array({ maxLength: 300 }).map((raw) => Buffer.from(raw));
  return fc.oneof(
    text.map((line) => Buffer.from(line)),
    call.map((line) => Buffer.from(line)),
    bytes,
  );
}

describe('garbage', () => {
  it(`[garbage.alone] a thousand random inputs (seed ${seed}) cost only their sender: nothing is broadcast, nothing committed, every other client is served`, async () => {
    const pod = await home.startRoot();
    const observer = await stranger(pod);
    await observer.call('subscribe');
    await observer.until('the end of the history', ({ params }) =>
      JSON.stringify(params ?? {}).includes('"type":"live"'),
    );
    const client = await stranger(pod);
    const before = { log: await pod.entries(), seen: observer.messages.length };
    const inputs = fc.sample(garbage(), { numRuns: 1_000, seed });
    let wire = await stranger(pod);
    for (const [index, input] of inputs.entries()) {
      if (index % 50 === 0) {
        wire.socket.end();
        wire = await stranger(pod);
      }
      wire.write(Buffer.concat([input, Buffer.from('\n')]));
      if (index % 10 === 0) {
        // The garbler's own connection lives on as well.
        const id = `own-${index}`;
        wire.write(requestLine(id, 'status'));
        expect((await wire.answer(id)).result).toMatchObject({ status: 'idle' });
        expect((await client.call('status')).result).toMatchObject({ status: 'idle', turns: 0 });
      }
    }
    expect(observer.messages).toHaveLength(before.seen);
    expect(await pod.entries()).toEqual(before.log);
    expect(client.messages).toHaveLength(100);
    expect(readFileSync(pod.folder.stderr, 'utf8')).toBe('');
  });

  it('[garbage.too-long] a line of more than 8 MiB is answered `tooLarge` and skipped to its end; the connection lives on, and others are served meanwhile', async () => {
    const pod = await home.startRoot();
    const wire = await stranger(pod);
    const other = await stranger(pod);
    const piece = Buffer.alloc(1024 * 1024, 'x');
    for (let sent = 0; sent <= wireLimits.lineBytesMax; sent += piece.length) {
      wire.write(piece);
      expect((await other.call('status')).result).toMatchObject({ status: 'idle' });
    }
    wire.write('the end of the line\n');
    const id = wire.request('status');
    const refusal = await wire.answer(null);
    expect(refusal.error).toMatchObject({ code: -32_000, data: { code: 'tooLarge' } });
    expect((await wire.answer(id)).result).toMatchObject({ status: 'idle' });
    expect(wire.messages).toHaveLength(2);
  });

  it('[garbage.just-fits] a line of nearly 8 MiB is taken whole where its entry fits the log, and refused clearly where it does not', async () => {
    const pod = await home.startRoot();
    const wire = await stranger(pod);
    const fits = 'a'.repeat(7 * 1024 * 1024);
    expect((await wire.call('notify', { message: fits, wake: false, submission: 'fits' })).result).toEqual({
      submission: 'fits',
    });
    const tooMuch = 'a'.repeat(wireLimits.lineBytesMax - 200);
    const answer = await wire.call('notify', { message: tooMuch, wake: false, submission: 'tooMuch' });
    expect(answer.error?.data).toMatchObject({ code: 'tooLarge' });
    const asRun = await wire.call('run', { input: tooMuch });
    expect(asRun.error?.data).toMatchObject({ code: 'tooLarge' });
    const notices = await pod.entriesOf('inputReceived');
    expect(notices.map((entry) => entry.submission)).toEqual(['fits']);
    expect(await pod.call('status', {})).toMatchObject({ attention: null });
    await pod.run('go on');
    await pod.untilEntry('turnEnded');
  });

  it('[garbage.longest-run] the longest run that is taken also begins: nothing that was accepted is stuck for its size', async () => {
    const pod = await home.startRoot();
    const wire = await stranger(pod);
    const said: string[] = [];
    for (let bytes = logLineBytesMax - 66_000; bytes < logLineBytesMax; bytes += 300) {
      const submission = `run-${bytes}`;
      const answer = await wire.call('run', { input: 'a'.repeat(bytes), submission });
      if (answer.error === undefined) said.push(submission);
      else expect(answer.error.data).toMatchObject({ code: 'tooLarge' });
      if (answer.error !== undefined) break;
    }
    expect(said.length).toBeGreaterThan(0);
    for (const submission of said) {
      await pod.untilEntry('userMessage', (entry) => entry.submission === submission);
    }
    await pod.untilSettled();
    expect((await pod.call('status', {})).attention).toBeNull();
  });

  it('[garbage.half-a-line] half a line, then silence or the end: it is no message, and nobody waits for its rest', async () => {
    const pod = await home.startRoot();
    const half = requestLine(1, 'notify', { message: 'x', wake: false }).slice(0, -1);
    const ending = await stranger(pod);
    const silent = await stranger(pod);
    ending.socket.end(half);
    silent.write(half);
    await ending.ended;
    expect(ending.messages).toEqual([]);
    expect((await pod.call('status', {})).status).toBe('idle');
    expect(await pod.entriesOf('inputReceived')).toEqual([]);
  });
});

describe('errors', () => {
  const protocolErrors: [string, string, number][] = [
    ['no JSON', 'status please', -32_700],
    ['a cut object', '{"jsonrpc":"2.0","id":1,', -32_700],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"status"}]', -32_600],
    ['a number', '42', -32_600],
    ['another version', '{"jsonrpc":"1.0","id":7,"method":"status"}', -32_600],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"status"}', -32_600],
    ['no method', '{"jsonrpc":"2.0","id":7}', -32_600],
    ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`, -32_600],
    ['a prototype key', '{"jsonrpc":"2.0","id":7,"method":"status","params":{"__proto__":{}}}', -32_600],
    ['an unknown method', '{"jsonrpc":"2.0","id":7,"method":"reboot"}', -32_601],
    ['an inherited name', '{"jsonrpc":"2.0","id":7,"method":"toString"}', -32_601],
    ['a missing field', '{"jsonrpc":"2.0","id":7,"method":"run"}', -32_602],
    ['a wrong type', '{"jsonrpc":"2.0","id":7,"method":"run","params":{"input":5}}', -32_602],
    ['params in order', '{"jsonrpc":"2.0","id":7,"method":"run","params":["x"]}', -32_602],
  ];

  it.each(protocolErrors)('[error.rpc] %s is answered by JSON-RPC’s own code', async (_, line, code) => {
    const pod = await home.startRoot();
    const wire = await stranger(pod);
    const id = line.includes('"id":7') ? 7 : null;
    wire.write(`${line}\n`);
    const answer = await wire.answer(id);
    expect(answer.error?.code).toBe(code);
    // What to do next, in one sentence.
    expect(answer.error?.message.length).toBeGreaterThan(25);
    expect((await wire.call('status')).result).toMatchObject({ name: 'root' });
  });

  it('[error.bytes] invalid UTF-8 is answered -32700 and never taken for text', async () => {
    const pod = await home.startRoot();
    const wire = await stranger(pod);
    const line = Buffer.from(requestLine(1, 'notify', { message: 'aXb', wake: false }));
    line[line.indexOf('X')] = 0xff;
    wire.write(line);
    expect((await wire.answer(null)).error?.code).toBe(-32_700);
    expect(await pod.entriesOf('inputReceived')).toEqual([]);
  });

  it('[error.only-lf] nothing but LF ends a line: U+2028, CR and NUL stay inside the message', async () => {
    const pod = await home.startRoot();
    const wire = await stranger(pod);
    const message = 'a\u2028b\u2029c\u0085d\u0000e';
    wire.write(
      `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'notify', params: { message, wake: false } })}\r\n`,
    );
    expect((await wire.answer(1)).result).toBeDefined();
    expect((await pod.entriesOf('inputReceived'))[0]?.text).toBe(message);
  });

  it('[error.unknown-fields] unknown fields are passed over, a notification is not answered', async () => {
    const pod = await home.startRoot();
    const wire = await stranger(pod);
    wire.write('{"jsonrpc":"2.0","method":"notify","params":{"message":"quietly","wake":false}}\n');
    await pod.untilEntry('inputReceived', ({ text }) => text === 'quietly');
    wire.write('{"jsonrpc":"2.0","id":1,"method":"status","params":{"later":true},"trace":"x"}\n');
    expect((await wire.answer(1)).result).toMatchObject({ status: 'idle' });
    expect(wire.messages).toHaveLength(1);
  });

  describe('of the pod', () => {
    let pod: TestPod;
    let child: FakeChild;
    async function staged(): Promise<RawWire> {
      pod = home.makeRoot({ scenario: 'rules:\n  - { matches: long, fail: hang }\n  - say: ok\n' });
      child = (await fakeChildren(home, pod, 1, { assignments: 1 }))[0]!;
      await pod.start();
      return stranger(pod);
    }
    function expectCode(answer: RawMessage, code: string): void {
      expect(answer.error).toMatchObject({ code: -32_000, data: { code } });
    }

    it('[error.codes] each refusal has its code: busy, notRunning, notPaused, unknownChild, badToken, stopping', async () => {
      const wire = await staged();
      expectCode(await wire.call('resume'), 'notPaused');
      expectCode(await wire.call('ping'), 'unknownChild');
      expectCode(
        await wire.call('run', { input: 'x', from: { instance: child.instance, token: 'x' } }),
        'badToken',
      );
      expect((await wire.call('run', { input: 'long' })).result).toMatchObject({ accepted: 'started' });
      expectCode(await wire.call('run', { input: 'y', ifBusy: 'reject' }), 'busy');
      await wire.call('cancel');
      await pod.untilEntry('turnEnded', (entry) => entry.outcome === 'cancelled');
      await child.link();
      await child.report(child.turnEnded('finished'));
      await pod.untilSettled();
      expectCode(await wire.call('cancel'), 'notRunning');
      await child.end();
    });

    it('[error.stopping] a pod that is stopping takes no run and no control, but keeps a notice for its next start', async () => {
      const scenario = `rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: wait } }] }
  - say: ok
`;
      pod = await home.startRoot({ scenario });
      await pod.run('go');
      const kid = await home.spawned('kid');
      await pod.untilSettled();
      const wire = await stranger(pod);
      // It does not answer, so its parent waits for the grace: time to ask.
      await kid.freeze();
      await wire.call('shutdown', { graceMs: 1_000 });
      expect((await wire.call('status')).result).toMatchObject({ status: 'stopping' });
      for (const method of ['run', 'cancel', 'pause', 'resume']) {
        expectCode(await wire.call(method, method === 'run' ? { input: 'x' } : {}), 'stopping');
      }
      expect((await wire.call('notify', { message: 'for later', submission: 'later' })).result).toEqual({
        submission: 'later',
      });
      expect(await pod.exit()).toEqual({ exitCode: 0, signal: null });
      expect(await pod.lock()).toBe('free');
      home.expectsNoSockets = false;
      const kept = await pod.entriesOf('inputReceived');
      expect(kept.at(-1)).toMatchObject({ submission: 'later' });
    });
  });
});
