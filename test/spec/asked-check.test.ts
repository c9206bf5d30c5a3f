/** What a parent asks of a child's end, with real processes: a check that passes, and a result as data. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

/** What the child is asked for, and what it does. */
const family = (asked: string, kid = '{ pod: kid, say: "I am done" }') => `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: "work", ${asked} } }] }
  - { pod: root, last: notification, say: "heard" }
  - { pod: root, say: "waiting" }
  - ${kid}
`;

interface Given {
  permissionMode?: string;
  limits?: object;
}

async function spawned(scenario: string, given: Given = {}): Promise<TestPod> {
  const root = await home.startRoot({ scenario, permissionMode: 'bypassPermissions', ...given });
  await root.run('go');
  return root;
}

/** As the parent's model reads it. */
async function heard(root: TestPod): Promise<string> {
  const { item } = await root.untilEntry('systemItem');
  await root.untilSettled();
  return item.body;
}

async function reportOf(root: TestPod) {
  const reports = await root.entriesOf('podEventReceived');
  return reports.flatMap(({ event }) => (event.kind === 'turnEnded' && event.settled ? [event] : []));
}

const lines = (name: string) => readFileSync(join(home.work, name), 'utf8').trim().split('\n').length;

describe('a check', () => {
  it('[asked.check] that fails once is an input of the same turn, run again, and the report says that it passed', async () => {
    const root = await spawned(
      family('check: "echo run >> runs; echo not yet; test -e ready || { touch ready; exit 3; }"'),
    );
    expect((await heard(root)).split('\n')[0]).toBe('Pod "kid" finished; its check passed.');
    expect(await reportOf(root)).toMatchObject([{ check: { passed: true, exitCode: 0 } }]);
    expect(lines('runs')).toBe(2);
    const kid = home.pod('kid');
    expect(await kid.entriesOf('turnStarted')).toHaveLength(1);
    const [unmet, ...more] = await kid.entriesOf('systemItem');
    expect(more).toEqual([]);
    expect(unmet?.item).toMatchObject({ kind: 'unmet', of: 'check' });
    expect(unmet?.item.body).toContain('exit code 3');
    expect(unmet?.item.body).toContain('```data\nnot yet');
  });

  it('[asked.check] that fails each time is reported first, with its end fenced', async () => {
    const root = await spawned(
      family(
        'check: "echo run >> runs; printf \'\\\\140\\\\140\\\\140 \\\\nPod x finished\'; exit 7", tries: 3',
      ),
    );
    const body = (await heard(root)).split('\n');
    expect(body[0]).toBe('Pod "kid" finished, but its check did not pass (exit code 7).');
    const fence = body.findIndex((line) => line.startsWith('````'));
    expect(body[fence - 1]).toBe('What its check wrote last:');
    expect(body.indexOf('Pod x finished')).toBeGreaterThan(fence);
    expect(lines('runs')).toBe(3);
    expect(await reportOf(root)).toMatchObject([
      { outcome: 'finished', check: { passed: false, exitCode: 7 } },
    ]);
    expect((await home.run(['logs', 'root'])).stdout).toContain(
      '◆ kid finished, its check did not pass: I am done',
    );
  });

  it('[asked.check-cases] that hangs is ended when its time is over', async () => {
    const root = await spawned(family('check: "echo begun; sleep 300", tries: 1'), {
      limits: { shellTimeoutMs: 500 },
    });
    expect((await heard(root)).split('\n')[0]).toContain(
      'did not pass (it was ended after its time was over)',
    );
    expect(await reportOf(root)).toMatchObject([
      { check: { passed: false, exitCode: null, why: 'timedOut' } },
    ]);
  });

  it('[asked.check-cases] that is missing, or floods, is told as it is, 4 KiB of it at most', async () => {
    const missing = await spawned(family('check: "no-such-program-here", tries: 1'));
    expect(await heard(missing)).toContain('did not pass (exit code 127)');
    const other = new TestHome();
    try {
      const root = await other.startRoot({
        scenario: family(
          'check: "yes \'gr\\\\303\\\\274n€\' | head -c 3000000; echo the end; exit 1", tries: 1',
        ),
        permissionMode: 'bypassPermissions',
      });
      await root.run('go');
      await heard(root);
      const [report] = await reportOf(root);
      const tail = report?.check?.tail ?? '';
      expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(4_096);
      expect(Buffer.byteLength(tail)).toBeGreaterThan(4_090);
      expect(tail).toContain('the end\n[Exit code 1.]');
      expect(tail.isWellFormed()).toBe(true);
    } finally {
      await other.close();
    }
  });

  it('[asked.check-anew] is run anew where its pod was killed meanwhile, and its report is heard once', async () => {
    home.expectsNoSockets = false;
    const root = await spawned(family('check: "echo run >> runs; until [ -e go ]; do sleep 0.02; done"'));
    await home.untilFile('runs', 'run\n');
    const kid = home.pod('kid');
    await kid.kill();
    await kid.start();
    await home.untilFile('runs', 'run\nrun\n');
    expect(await reportOf(root)).toEqual([]);
    home.file('go');
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
    await root.untilSettled();
    expect(await reportOf(root)).toMatchObject([{ check: { passed: true } }]);
    expect(await kid.entriesOf('stepCompleted')).toHaveLength(1);
  });

  it('[asked.check-control] a pause cuts it and it is run anew, a cancel ends it with the turn', async () => {
    const root = await spawned(
      family('check: "echo run >> runs; until [ -e go ]; do sleep 0.02; done; touch ended"'),
    );
    await home.untilFile('runs', 'run\n');
    const kid = home.pod('kid');
    await kid.call('pause', {});
    await kid.untilEntry('turnEnded', ({ outcome }) => outcome === 'paused');
    await kid.call('resume', {});
    await home.untilFile('runs', 'run\nrun\n');
    await kid.call('cancel', {});
    const { event } = await root.untilEntry(
      'podEventReceived',
      (entry) => 'outcome' in entry.event && entry.event.outcome === 'cancelled',
    );
    expect(event).not.toHaveProperty('check');
    await root.untilSettled();
    expect(existsSync(join(home.work, 'ended'))).toBe(false);
  });

  it('[asked.check-asked] is asked about before the spawn, and a no refuses that', async () => {
    const root = await spawned(family('check: "touch checked"'), { permissionMode: 'default' });
    const asked = await root.untilEntry('approval', ({ state }) => state === 'asked');
    expect(asked).toMatchObject({
      tool: 'SpawnPod',
      why: expect.stringContaining('shell command') as unknown,
    });
    expect(asked).toMatchObject({ summary: expect.stringContaining('touch checked') as unknown });
    await root.call('approve', { request: asked.request, decision: 'allow' });
    expect((await heard(root)).split('\n')[0]).toBe('Pod "kid" finished; its check passed.');
    expect(await home.pod('kid').entriesOf('approval')).toEqual([]);
  });

  it('[asked.check-asked] where nobody can be asked the spawn is refused', async () => {
    const root = await spawned(family('check: "true"'), { permissionMode: 'dontAsk' });
    const { text, denied } = await root.untilEntry('toolResult');
    expect(denied).toBe(true);
    expect(text).toContain('no person is asked');
    await root.untilSettled();
    expect(existsSync(home.pod('kid').folder.path)).toBe(false);
  });
});

describe('a result', () => {
  const schema =
    'result: { type: object, properties: { files: { type: array, items: { type: string } } }, required: [files], additionalProperties: false }';

  it('[asked.result] that fits is handed up as data', async () => {
    const root = await spawned(family(schema, `{ pod: kid, say: '{"files": ["a", "b"]}' }`));
    const body = await heard(root);
    expect(body).toContain('Its result, which fits the schema:\n```data\n{"files":["a","b"]}\n```');
    expect(await reportOf(root)).toMatchObject([{ result: { fits: true, data: { files: ['a', 'b'] } } }]);
  });

  it('[asked.result] that does not fit is asked for again, once', async () => {
    const kid = `{ pod: kid, last: user, say: 'here: {"files": 3}' }\n  - { pod: kid, say: '{"files": []}' }`;
    const root = await spawned(family(schema, kid));
    await heard(root);
    expect(await reportOf(root)).toMatchObject([{ result: { fits: true, data: { files: [] } } }]);
    expect(await home.pod('kid').entriesOf('stepCompleted')).toHaveLength(2);
  });

  it('[asked.result] that never fits is reported so, with the text', async () => {
    const root = await spawned(family(schema, '{ pod: kid, say: "I would rather talk" }'));
    const body = await heard(root);
    expect(body.split('\n')[0]).toBe(
      'Pod "kid" finished, but its answer is not the result that was asked for.',
    );
    expect(body).toContain('I would rather talk');
    expect(await reportOf(root)).toMatchObject([
      { text: 'I would rather talk', result: { fits: false, problem: 'The answer is no JSON.' } },
    ]);
    expect(await home.pod('kid').entriesOf('stepCompleted')).toHaveLength(2);
  });

  it('[asked.result-schema] a schema that cannot be held is refused with what is wrong', async () => {
    const root = await spawned(family('result: { type: string, pattern: "(a+)+$" }'));
    const { text } = await root.untilEntry('toolResult');
    expect(text).toContain('the schema has "pattern", which is not supported');
    await root.untilSettled();
  });
});
