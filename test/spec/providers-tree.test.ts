/**
 * A whole conversation with a provider over HTTP: a parent hands work to two children that edit files, is
 * called back, and answers.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand, filesHolding, livingPods, resultOf, socketsOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { type Asked, type Dialect, ProviderServer, type Reply } from '../support/provider-server.ts';
import { TestHome, eventually } from '../support/rig.ts';

let home: TestHome;
let provider: ProviderServer;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    await home.close();
  } finally {
    await provider.stop();
  }
});

const finished = ({ prompt }: Asked, name: string) =>
  prompt.some(({ role, text }) => role === 'user' && text.includes(`Pod "${name}" finished`));

function root(asked: Asked): Reply {
  if (asked.nth === 1) {
    return {
      say: 'I hand this down.',
      call: [
        ['SpawnPod', { name: 'editor', task: 'Correct notes.txt.', write: ['notes.txt'] }],
        ['SpawnPod', { name: 'writer', task: 'Write new.txt.', write: ['out'] }],
      ],
    };
  }
  if (asked.last.role === 'result') return { say: 'Both are at work.' };
  const both = finished(asked, 'editor') && finished(asked, 'writer');
  return { say: both ? 'Both files are as you wanted.' : 'One is still at work.' };
}

function editor({ nth }: Asked): Reply {
  if (nth === 1) return { call: [['Read', { path: 'notes.txt' }]] };
  if (nth === 2) return { call: [['Edit', { path: 'notes.txt', old: 'teh', new: 'the' }]] };
  return { say: 'One word was wrong.' };
}

function writer({ nth }: Asked): Reply {
  if (nth === 1) return { call: [['Write', { path: 'out/new.txt', content: 'brand new\n' }]] };
  return { say: 'It is written.' };
}

const pods: Record<string, (asked: Asked) => Reply> = { root, editor, writer };

describe.each<Dialect>(['anthropic', 'openai'])('%s', (dialect) => {
  it('[provider.tree] a parent hands work to two children that edit files, is called back, and its answer is the result', async () => {
    provider = await ProviderServer.start(dialect, (asked) => pods[asked.pod]!(asked));
    home.file('notes.txt', 'this is teh text\n');
    const ran = await home.run(['run', '-p', '--output-format', 'json', 'Put both in order.'], {
      environment: provider.environment,
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toBe('');

    // The work is done.
    expect(readFileSync(join(home.work, 'notes.txt'), 'utf8')).toBe('this is the text\n');
    expect(readFileSync(join(home.work, 'out', 'new.txt'), 'utf8')).toBe('brand new\n');

    // The result tells it, with sums over the tree.
    const result = resultOf(ran);
    expect(ran.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(result).toMatchObject({
      type: 'result',
      status: 'done',
      name: 'root',
      instance: home.pod('root').instance,
      text: 'Both files are as you wanted.',
      reason: null,
      usage: provider.usage,
      children: [
        { name: 'editor', status: 'done', turns: 1 },
        { name: 'writer', status: 'done', turns: 1 },
      ],
      permissionDenials: [],
    });
    expect(result.cost).toBeCloseTo(provider.cost, 9);
    expect(result.durationMs).toBeGreaterThan(0);

    // Nothing is left, and every log is.
    expect(await livingPods(home)).toEqual([]);
    expect(socketsOf(home)).toEqual([]);
    for (const name of ['root', 'editor', 'writer']) {
      expect(await home.pod(name).entriesOf('stopped')).toHaveLength(1);
    }
    await promiseKept(home);
    expect(filesHolding(home.path, provider.key)).toEqual([]);
  });

  it('[provider.notice] what a child reports stands in the history and, word for word, in the last message of the next request', async () => {
    provider = await ProviderServer.start(dialect, (asked) => pods[asked.pod]!(asked));
    home.file('notes.txt', 'this is teh text\n');
    const environment = { ...provider.environment, PODKIN_LIMITS_COALESCE_MS: '1000' };
    const ran = await home.run(['run', '-p', 'Put both in order.'], { environment });
    expect(ran).toMatchObject({ code: 0, stdout: 'Both files are as you wanted.\n' });
    const items = (await home.pod('root').entriesOf('systemItem')).map(({ item }) => item);
    expect(items).toHaveLength(2);
    const asked = provider.requestsOf('root');
    for (const item of items) {
      expect(item).toMatchObject({
        kind: 'podEvent',
        seq: 1,
        event: { kind: 'turnEnded', outcome: 'finished' },
      });
      const first = asked.find(({ prompt }) => prompt.some(({ text }) => text.includes(item.body)))!;
      expect(first.last.role).toBe('user');
      expect(first.last.text).toContain(item.body);
      expect(first.last.text).toMatch(/^Automatic notice from the podkin runtime/);
      // It stays in every later request, once.
      for (const { prompt } of asked.slice(asked.indexOf(first))) {
        expect(prompt.filter(({ text }) => text.includes(item.body))).toHaveLength(1);
      }
    }
    // The task is the first message, word for word; nobody asked the provider for anything beside the turns'
    // own requests.
    for (const [name, task] of [
      ['root', 'Put both in order.'],
      ['editor', 'Correct notes.txt.'],
      ['writer', 'Write new.txt.'],
    ] as const) {
      const requests = provider.requestsOf(name);
      for (const { prompt } of requests) {
        expect(prompt.find(({ role }) => role === 'user')?.text).toBe(task);
      }
      expect(requests).toHaveLength((await home.pod(name).entriesOf('stepCompleted')).length);
    }
    await promiseKept(home);
  });

  it('[provider.order] a report that comes while a tool runs stands behind the results, never between a call and its result', async () => {
    const script = ({ pod, nth }: Asked): Reply => {
      if (pod === 'worker') return { say: 'Forty-two.' };
      if (nth > 1) return { say: 'I have read it.' };
      return {
        call: [
          ['SpawnPod', { name: 'worker', task: 'count', write: [] }],
          ['Bash', { command: 'until [ -e go ]; do sleep 0.02; done; echo went' }],
        ],
      };
    };
    provider = await ProviderServer.start(dialect, script);
    const args = ['run', '-p', '--permission-mode', 'bypassPermissions', 'go'];
    const command = new RunningCommand(home, args, provider.environment);
    await (await home.spawned('root')).untilEntry('podEventReceived', ({ reads }) => reads);
    home.file('go');
    expect(await command.ended).toMatchObject({ code: 0, stdout: 'I have read it.\n', stderr: '' });
    const [, second, ...more] = provider.requestsOf('root');
    expect(more).toEqual([]);
    const order = second!.prompt.map(({ role, text }) => (role === 'call' ? `call ${text}` : role));
    expect(order).toEqual(['system', 'user', 'call SpawnPod', 'call Bash', 'result', 'result', 'user']);
    expect(second!.last.text).toMatch(/^Automatic notice[^]*Pod "worker" finished[^]*Forty-two\./);
    await promiseKept(home);
  });

  it('[provider.interrupted] an interrupted run lets go of the provider in the middle of its answer', async () => {
    provider = await ProviderServer.start(dialect, () => ({ say: 'never' }));
    provider.fail('hang');
    const command = new RunningCommand(home, ['run', '-p', 'go'], provider.environment);
    await eventually(home.path, () => provider.hanging === 1, 'the provider is asked');
    command.signal('SIGINT');
    expect(await command.ended).toMatchObject({ code: 130, stdout: '' });
    expect(provider.hanging).toBe(0);
    expect(provider.requests).toHaveLength(1);
    expect(await livingPods(home)).toEqual([]);
  });
});
