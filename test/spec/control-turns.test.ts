/**
 * What runs, cancels, pauses and signals do to turns: nothing is dropped, nothing runs twice, nothing goes on
 * that was ended.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deferred } from '../../src/std/deferred.ts';
import { fakeChildren } from '../support/fake-child.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

/** A run of "hold" works in a tool until the file `go` is there, and has left a mark before. */
const holding = `
rules:
  - last: user
    matches: hold
    call: [{ Bash: { command: "echo begun >> marks; until [ -e go ]; do sleep 0.02; done; echo ended >> marks" } }]
  - last: user
    matches: hang
    fail: hang
  - say: "{{lastText}}: done."
`;

const startHolding = (limits = {}) =>
  home.startRoot({ scenario: holding, permissionMode: 'bypassPermissions', limits });

async function ended(pod: TestPod, count: number): Promise<string[]> {
  const entries = await pod.until(`${count} turns have ended`, (all) => turnsEnded(all) >= count);
  return entries.flatMap((entry) => (entry.type === 'turnEnded' ? [entry.outcome] : []));
}

const turnsEnded = (entries: readonly { type: string }[]) =>
  entries.filter(({ type }) => type === 'turnEnded').length;

const userTexts = async (pod: TestPod) => (await pod.entriesOf('userMessage')).map(({ text }) => text);

describe('runs', () => {
  it('[control.queue-order] runs that come while one is worked on wait and are begun in the order of their arrival', async () => {
    const pod = await startHolding();
    await pod.run('hold');
    await pod.untilEntry('toolCall');
    for (const input of ['a', 'b', 'c']) {
      expect(await pod.run(input)).toMatchObject({ accepted: 'queued' });
    }
    expect((await pod.call('status', {})).pending.queued).toBe(3);
    home.file('go');
    expect(await ended(pod, 4)).toEqual(['finished', 'finished', 'finished', 'finished']);
    expect(await userTexts(pod)).toEqual(['hold', 'a', 'b', 'c']);
    expect((await pod.untilSettled()).pending.queued).toBe(0);
  });

  it('[control.submission-once] a submission that is sent again is answered again and taken in once, over a restart too', async () => {
    const pod = await startHolding();
    const hold = { input: 'hold', submission: 'first' };
    const more = { input: 'more', submission: 'second' };
    expect(await pod.call('run', hold)).toEqual({ submission: 'first', accepted: 'started' });
    expect(await pod.call('run', hold)).toEqual({ submission: 'first', accepted: 'started' });
    expect(await pod.call('run', more)).toEqual({ submission: 'second', accepted: 'queued' });
    expect(await pod.call('run', more)).toEqual({ submission: 'second', accepted: 'queued' });
    const notice = { message: 'mind this', submission: 'third', wake: false };
    await pod.call('notify', notice);
    await pod.call('notify', notice);
    home.file('go');
    await ended(pod, 2);
    await pod.stop();
    await pod.start();
    expect(await pod.call('run', more)).toEqual({ submission: 'second', accepted: 'started' });
    await pod.call('notify', notice);
    const inputs = await pod.entriesOf('inputReceived');
    expect(inputs.map(({ submission }) => submission)).toEqual(['first', 'second', 'third']);
    expect(await userTexts(pod)).toEqual(['hold', 'more']);
  });

  it('[control.queue-restart] queued runs of a person outlive the process and are begun in order after its restart', async () => {
    const pod = await startHolding();
    await pod.run('hang');
    await pod.run('a');
    await pod.run('b');
    await pod.kill();
    await pod.start();
    // The interrupted turn is gone on with first; it hangs again.
    await pod.untilEntry('turnStarted', ({ kind }) => kind === 'resume');
    await pod.call('cancel', {});
    await ended(pod, 3);
    expect(await userTexts(pod)).toEqual(['hang', 'a', 'b']);
  });

  it('[control.queue-restart] an orderly stop keeps them too', async () => {
    const pod = await startHolding();
    await pod.run('hang');
    await pod.untilEntry('turnStarted');
    await pod.run('a');
    await pod.run('b');
    await pod.stop();
    expect(await pod.entriesOf('inputDropped')).toEqual([]);
    await pod.start();
    // The turn that was running is given up by the stop, what waited is not.
    expect(await ended(pod, 2)).toEqual(['finished', 'finished']);
    expect(await userTexts(pod)).toEqual(['hang', 'a', 'b']);
  });
});

describe('pause', () => {
  it('[control.pause-boundary] ends the turn before its next request, keeps the queue, and goes on with the same work first', async () => {
    const pod = await startHolding();
    await pod.run('hold');
    await pod.untilEntry('toolCall');
    await pod.run('a');
    await pod.call('pause', {});
    home.file('go');
    expect(await ended(pod, 1)).toEqual(['paused']);
    expect(await pod.call('status', {})).toMatchObject({ status: 'paused', pending: { queued: 1 } });
    expect(await pod.call('resume', {})).toEqual({ status: 'running' });
    expect(await ended(pod, 3)).toEqual(['paused', 'finished', 'finished']);
    const kinds = (await pod.entriesOf('turnStarted')).map(({ kind }) => kind);
    expect(kinds).toEqual(['run', 'resume', 'run']);
    expect(readFileSync(join(home.work, 'marks'), 'utf8')).toBe('begun\nended\n');
  });

  it('[control.pause-last-request] that comes during the last request of a turn holds: the pod is paused behind it, and nothing starts', async () => {
    const scenario = 'rules:\n  - tokenDelayMs: 500\n    say: "This is done."\n';
    const pod = await home.startRoot({ scenario });
    const answering = deferred<void>();
    const observer = await pod.client(({ type }) => {
      if (type === 'textDelta') answering.resolve();
    });
    await observer.call('subscribe', {});
    await pod.run('one');
    await answering.promise;
    await pod.run('two');
    await pod.call('pause', {});
    await pod.call('notify', { message: 'mind this' });
    expect(await ended(pod, 1)).toEqual(['finished']);
    expect(await pod.call('status', {})).toMatchObject({
      status: 'paused',
      pending: { received: 1, queued: 1 },
    });
    await pod.call('resume', {});
    await ended(pod, 2);
    expect(await userTexts(pod)).toEqual(['one', 'two']);
    await pod.untilSettled();
    await promiseKept(home);
  });

  it('[control.pause-restart] a paused pod is paused after its restart, and resumes with what it was at', async () => {
    const pod = await startHolding();
    await pod.run('hold');
    await home.untilFile('marks', 'begun\n');
    await pod.call('pause', {});
    home.file('go');
    await ended(pod, 1);
    await pod.kill();
    await pod.start();
    expect((await pod.call('status', {})).status).toBe('paused');
    await pod.call('resume', {});
    expect(await ended(pod, 2)).toEqual(['paused', 'finished']);
    expect(readFileSync(join(home.work, 'marks'), 'utf8')).toBe('begun\nended\n');
  });
});

describe('cancel', () => {
  it('[control.cancel-queue] ends the turn at once, inside a tool too, and keeps the queued runs', async () => {
    const pod = await startHolding();
    await pod.run('hold');
    await home.untilFile('marks', 'begun\n');
    await pod.run('a');
    await pod.call('cancel', {});
    expect(await ended(pod, 2)).toEqual(['cancelled', 'finished']);
    expect(await userTexts(pod)).toEqual(['hold', 'a']);
    const [result] = await pod.entriesOf('toolResult');
    expect(result).toMatchObject({ interrupted: true, isError: true });
    expect(readFileSync(join(home.work, 'marks'), 'utf8')).toBe('begun\n');
    await promiseKept(home);
  });

  it('[control.cancel-reaches-down] ends the turns of all descendants that work for the turn, and leaves what others gave them', async () => {
    const root = await home.startRoot({
      permissionMode: 'bypassPermissions',
      scenario: `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: a, task: "work", write: [] } }, { Bash: { command: "sleep 60" } }] }
  - { pod: a, last: user, matches: "work", call: [{ SpawnPod: { name: b, task: "work", write: [] } }] }
  - { pod: a, last: tool, fail: hang }
  - { pod: b, last: user, matches: "work", fail: hang }
  - say: "{{lastText}}: done."
`,
    });
    await root.run('go');
    const b = await home.spawned('b');
    await b.untilEntry('turnStarted');
    await b.run('for a person');
    const a = home.pod('a');
    await a.untilEntry('toolResult');
    await root.call('cancel', {});
    expect(await ended(root, 1)).toEqual(['cancelled']);
    const [ofB] = await ended(b, 1);
    expect(ofB).toBe('cancelled');
    expect((await ended(a, 1))[0]).toBe('cancelled');
    expect(await a.untilEntry('podEventEmitted', ({ event }) => event.kind === 'turnEnded')).toMatchObject({
      event: { outcome: 'cancelled', by: 'parent' },
    });
    expect((await ended(b, 2))[1]).toBe('finished');
    expect(await userTexts(b)).toEqual(['work', 'for a person']);
    await a.untilSettled();
    await root.untilSettled();
    await promiseKept(home);
  });
});

describe('interrupted calls', () => {
  it('[control.interrupted-call-once] a call under which the pod died is closed first, told as interrupted and not run again, whatever notices wait', async () => {
    const pod = home.makeRoot({ scenario: holding, permissionMode: 'bypassPermissions' });
    const [child] = await fakeChildren(home, pod, 1);
    await pod.start();
    await child!.link();
    await pod.run('hold');
    await pod.untilEntry('toolCall');
    await home.untilFile('marks', 'begun\n');
    await child!.report(child!.turnEnded('finished'));
    await pod.kill();
    await pod.start();
    expect(await ended(pod, 1)).toEqual(['finished']);
    await pod.untilSettled();
    const entries = await pod.entries();
    const place = (type: string) => entries.findIndex((entry) => entry.type === type);
    expect(place('toolResult')).toBeLessThan(place('interrupted'));
    expect(place('interrupted')).toBeLessThan(place('systemItem'));
    expect(await pod.entriesOf('toolResult')).toEqual([expect.objectContaining({ interrupted: true })]);
    expect(await pod.entriesOf('toolCall')).toHaveLength(1);
    // Neither run again nor left running: the command of the killed incarnation was ended by the next one.
    expect(readFileSync(join(home.work, 'marks'), 'utf8')).toBe('begun\n');
    await promiseKept(home);
  });
});

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '[control.signals] %s ends a pod and its tree in order, and is told to the parent as such',
    async (signal) => {
      const root = await home.startRoot({
        scenario: `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: a, task: "work", write: [] } }] }
  - { pod: a, last: user, call: [{ SpawnPod: { name: b, task: "work", write: [] } }] }
  - { pod: b, fail: hang }
  - say: "Noted."
`,
      });
      await root.run('go');
      const b = await home.spawned('b');
      await b.untilEntry('turnStarted');
      const a = home.pod('a');
      await a.untilEntry('turnEnded');
      await a.signal(signal);
      const told = await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'shutDown');
      expect(told).toMatchObject({ event: { by: 'signal', reason: signal }, reads: true, wakes: true });
      expect(await b.entriesOf('stopped')).toHaveLength(1);
      expect(await a.untilEntry('stopped')).toMatchObject({ reason: signal });
      await root.untilSettled();
      await promiseKept(home);
    },
  );
});
