/**
 * Who is not the linked child, or not the parent, changes nothing: no entry in the log, no wake, and an
 * answer that says why.
 */
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../src/std/uuid.ts';
import { readToken } from '../../src/session/home/home.ts';
import { type FakeChild, fakeChildren } from '../support/fake-child.ts';
import { type RawMessage, type RawWire, rawWire } from '../support/raw-wire.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
let pod: TestPod;
let child: FakeChild;
let brother: FakeChild;
let wires: RawWire[];

beforeEach(async () => {
  home = new TestHome();
  wires = [];
  pod = home.makeRoot();
  const children = await fakeChildren(home, pod, 2);
  child = children[0]!;
  brother = children[1]!;
  await pod.start();
});
afterEach(async () => {
  for (const wire of wires) wire.socket.destroy();
  await child.end();
  await brother.end();
  await home.close();
});

async function stranger(): Promise<RawWire> {
  const wire = (await rawWire(pod.socket)).listen();
  wires.push(wire);
  return wire;
}

function linkParams(of: FakeChild, changes: object = {}, who: object = {}): object {
  return {
    child: { ...of.ref, incarnation: of.incarnation, pid: 1, startTime: 'x', bootId: 'x', ...who },
    token: of.token,
    protocol: 1,
    assignments: { open: of.assignments, closed: [] },
    emitted: of.emitted.length,
    ...changes,
  };
}

function eventParams(of: FakeChild, seq = 1, from: object = {}): object {
  return {
    from: { instance: of.instance, incarnation: of.incarnation, ...from },
    seq,
    event: of.turnEnded('finished'),
  };
}

/**
 * The log's bytes are the same after `act`, but for that many lines that tell of it, and it was refused with
 * `code`.
 */
async function refusedWithoutATrace(
  code: string,
  act: () => Promise<RawMessage>,
  told = 0,
): Promise<RawMessage> {
  const before = readFileSync(pod.folder.log);
  const answer = await act();
  expect(answer.error).toMatchObject({ code: -32_000, data: { code } });
  expect(answer.error!.message.length).toBeGreaterThan(20);
  // A round trip that commits: whatever the refused one might have started stands before it.
  await pod.call('notify', { message: 'after', wake: false });
  const after = readFileSync(pod.folder.log);
  expect(after.subarray(0, before.length).equals(before)).toBe(true);
  const added = after.subarray(before.length).toString().trim().split('\n');
  expect(added).toHaveLength(told + 1);
  for (const line of added.slice(0, told)) expect(line).toContain('"code":"childRefused"');
  expect(added.at(-1)).toContain('"text":"after"');
  expect(await pod.call('status', {})).toMatchObject({ status: 'idle', turns: 0, watchdogRescues: 0 });
  return answer;
}

describe('a link', () => {
  it('[stranger.link] of an unknown child, or with a wrong token, is refused without a trace', async () => {
    const wire = await stranger();
    await refusedWithoutATrace('unknownChild', () =>
      wire.call('link', linkParams(child, {}, { instance: uuidv7() })),
    );
    // Once: it may be the child itself, which will not come back.
    const guess = () => wire.call('link', linkParams(child, { token: 'guess' }));
    await refusedWithoutATrace('badToken', guess, 1);
    await refusedWithoutATrace('badToken', guess);
    await refusedWithoutATrace('badToken', () =>
      wire.call('link', linkParams(child, { token: brother.token })),
    );
    await refusedWithoutATrace('badToken', () => wire.call('link', linkParams(child, { token: '' })));
  });

  it('[stranger.namesake] of an earlier instance with the same name is refused: a name gives no right', async () => {
    const wire = await stranger();
    const namesake = { instance: uuidv7(), name: child.name };
    await refusedWithoutATrace('unknownChild', () => wire.call('link', linkParams(child, {}, namesake)));
    await child.link();
    await child.report(child.turnEnded('finished'));
    expect(await pod.untilEntry('podEventReceived')).toMatchObject({ from: { instance: child.instance } });
  });

  it('[stranger.protocol] of another protocol is refused clearly, and both sides can read why', async () => {
    const wire = await stranger();
    const answer = await wire.call('link', linkParams(child, { protocol: 99 }));
    expect(answer.error).toMatchObject({ data: { code: 'protocolMismatch' } });
    expect(answer.error!.message).toMatch(/99.*1.*version/);
    const alert = await pod.untilEntry('alert', (entry) => entry.code === 'protocolMismatch');
    expect(alert.text).toContain(child.name);
    expect((await pod.call('status', {})).children[0]).toMatchObject({ status: 'refused' });
    expect((await wire.call('hello', { protocol: 99 })).error).toMatchObject({
      data: { code: 'protocolMismatch', protocol: 1 },
    });
  });

  it('[stranger.regressed] of a log that is older than what the parent holds, or of an earlier incarnation, is answered `regressed`', async () => {
    await child.link();
    await child.report(child.turnEnded('finished', { settled: false, outstanding: ['x'], assignments: [] }));
    await child.report(child.turnEnded('finished', { settled: false, outstanding: ['x'], assignments: [] }));
    await child.unlink();
    const wire = await stranger();
    await refusedWithoutATrace('regressed', () => wire.call('link', linkParams(child, { emitted: 1 })), 1);
    await child.end();
    await child.beginAgain();
    await child.link();
    await refusedWithoutATrace('regressed', () =>
      wire.call('link', linkParams(child, {}, { incarnation: 1 })),
    );
  });
});

describe('a child', () => {
  it('[stranger.refused-child] that its parent refuses for its protocol says so in its own log, keeps its report and goes on working', async () => {
    const scenario = `rules:
  - { pod: top, last: user, call: [{ SpawnPod: { name: kid, task: wait } }] }
  - { pod: top, say: ok }
  - { pod: kid, say: done }
`;
    home.expectsViolations.push(/^C4 kid: .*refused for good by its parent "top" \(protocolMismatch\)/);
    const top = await home.startRoot({ name: 'top', scenario });
    await top.run('go');
    const kid = await home.spawned('kid');
    await top.untilSettled();
    await top.kill();
    rmSync(top.socket, { force: true });
    const other = createServer((socket) => {
      const refusal = { code: -32_000, message: 'not this protocol', data: { code: 'protocolMismatch' } };
      socket.on('data', () => socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, error: refusal })}\n`));
      socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => {
      other.listen(top.socket, resolve);
    });
    const alert = await kid.untilEntry('alert');
    expect(alert).toMatchObject({
      code: 'protocolMismatch',
      text: expect.stringContaining('not this protocol'),
    });
    await kid.call('shutdown', {});
    await kid.untilEntry('stopped');
    const shutDown = await kid.untilEntry('podEventEmitted', (entry) => entry.event.kind === 'shutDown');
    const acked = (await kid.entriesOf('podEventAcked')).at(-1);
    expect(acked?.through).toBeLessThan(shutDown.eventSeq);
    await new Promise<void>((resolve) => {
      other.close(() => resolve());
    });
  });
});

describe('a podEvent', () => {
  it('[stranger.event] over a connection that is not that child’s link changes nothing', async () => {
    const wire = await stranger();
    await refusedWithoutATrace('unknownChild', () => wire.call('podEvent', eventParams(child)));
    await refusedWithoutATrace('unknownChild', () =>
      wire.call('podEvent', eventParams(child, 1, { instance: uuidv7() })),
    );
    await child.link();
    // Somebody else's link gives no right to speak for it, in either direction.
    await refusedWithoutATrace('unknownChild', () => wire.call('podEvent', eventParams(child)));
    await wire.call('link', linkParams(brother));
    await refusedWithoutATrace('unknownChild', () => wire.call('podEvent', eventParams(child)));
    expect(await child.report(child.turnEnded('finished'))).toBe(1);
  });

  it('[stranger.after-a-failed-link] right after a refused link is refused as well', async () => {
    const wire = await stranger();
    const link = wire.request('link', linkParams(child, { token: 'guess' }));
    const event = wire.request('podEvent', eventParams(child));
    expect((await wire.answer(link)).error?.data).toMatchObject({ code: 'badToken' });
    await refusedWithoutATrace('unknownChild', () => wire.answer(event));
  });

  it('[stranger.other-life] in the name of another incarnation than the linked one changes nothing', async () => {
    const wire = await stranger();
    await child.end();
    await child.beginAgain();
    await wire.call('link', linkParams(child));
    await pod.untilEntry('podEventReceived', (entry) => entry.event.kind === 'died');
    const later = eventParams(child, 1, { incarnation: 7 });
    await refusedWithoutATrace('unknownChild', () => wire.call('podEvent', later));
  });

  it('[stranger.old-link] over the link that a newer one has replaced changes nothing', async () => {
    const old = await stranger();
    expect((await old.call('link', linkParams(child))).error).toBeUndefined();
    await child.link();
    await old.ended;
    expect(await child.report(child.turnEnded('finished'))).toBe(1);
  });

  it('[event.gap] ahead of its turn is answered `gap` with what the parent holds, and nothing is taken', async () => {
    const wire = await stranger();
    await wire.call('link', linkParams(child));
    const answer = await refusedWithoutATrace('gap', () => wire.call('podEvent', eventParams(child, 3)));
    expect(answer.error!.data).toMatchObject({ received: 0 });
    expect((await wire.call('podEvent', eventParams(child, 1))).result).toEqual({
      outcome: 'accepted',
      received: 1,
    });
  });

  it('[event.duplicate] that has arrived is answered `duplicate`, however often, and stands in the log once', async () => {
    const wire = await stranger();
    await wire.call('link', linkParams(child));
    const params = eventParams(child, 1);
    const ids = Array.from({ length: 20 }, () => wire.request('podEvent', params));
    const outcomes: unknown[] = [];
    for (const id of ids) outcomes.push((await wire.answer(id)).result?.['outcome']);
    expect(outcomes).toEqual(['accepted', ...Array.from({ length: 19 }, () => 'duplicate')]);
    expect(await pod.entriesOf('podEventReceived')).toHaveLength(1);
  });

  it('[event.parent-only] of a kind that only the parent’s side writes is not taken from the wire', async () => {
    const wire = await stranger();
    await wire.call('link', linkParams(child));
    const died = { kind: 'died', assignments: [], outstanding: [], restored: false };
    for (const event of [died, { kind: 'unreachable', sinceMs: 1 }, { kind: 7 }, 'finished']) {
      const params = { ...eventParams(child), event };
      expect((await wire.call('podEvent', params)).error).toMatchObject({ code: -32_602 });
    }
    expect(await pod.entriesOf('podEventReceived')).toEqual([]);
  });
});

describe('a method that only a parent may send', () => {
  it.each(['run', 'shutdown', 'cancel', 'pause', 'resume'] as const)(
    '[stranger.from] `%s` with a `from` that is not the parent of the pod is answered `badToken`',
    async (method) => {
      const wire = await stranger();
      const input = method === 'run' ? { input: 'do this' } : {};
      for (const from of [
        { instance: uuidv7(), token: 'guess' },
        { instance: pod.instance, token: readToken(pod.folder) },
        { instance: child.instance, token: child.token },
      ]) {
        await refusedWithoutATrace('badToken', () => wire.call(method, { ...input, from }));
      }
    },
  );

  it('[stranger.from-parent-only] a child takes `from` of its own parent with its own token, and of nobody else', async () => {
    const scenario = `rules:
  - pod: top
    last: user
    call: [{ SpawnPod: { name: kid, task: wait } }]
  - pod: top
    say: ok
  - pod: kid
    say: done
`;
    const top = await home.startRoot({ name: 'top', scenario });
    await top.run('go');
    const kid = await home.spawned('kid');
    await top.untilSettled();
    const wire = await rawWire(kid.socket);
    wires.push(wire.listen());
    const token = readToken(kid.folder);
    for (const from of [
      { instance: top.instance, token: 'guess' },
      { instance: top.instance, token: readToken(top.folder) },
      { instance: pod.instance, token },
    ]) {
      const answer = await wire.call('run', { input: 'do this', from });
      expect(answer.error).toMatchObject({ data: { code: 'badToken' } });
    }
    const runs = (await kid.entriesOf('inputReceived')).length;
    expect(runs).toBe(1);
    const answer = await wire.call('run', { input: 'do this', from: { instance: top.instance, token } });
    expect(answer.result).toMatchObject({ accepted: 'started' });
    expect((await kid.entriesOf('inputReceived')).at(-1)).toMatchObject({ from: { kind: 'parent' } });
    await kid.stop();
  });
});
