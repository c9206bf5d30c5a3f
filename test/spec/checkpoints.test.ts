/**
 * A start that does not age: real pods write checkpoints of their logs, begin at them, and lose nothing with
 * them.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyFacts } from '../../src/session/facts/facts.ts';
import { applyEntry } from '../../src/session/facts/replay.ts';
import { takeLock } from '../../src/session/lock/lock.ts';
import { writeCheckpoint } from '../../src/session/log/checkpoint-files.ts';
import { checkpointOf } from '../../src/session/log/checkpoint-start.ts';
import { nodeDisk } from '../../src/session/log/log-disk.ts';
import { openLog } from '../../src/session/log/open-log.ts';
import { megabyte, writeHistory } from '../support/big-history.ts';
import { type RawWire, rawWire } from '../support/raw-wire.ts';
import { TestHome, type TestPod, eventually } from '../support/rig.ts';

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

const often = { PODKIN_CHECKPOINT_BYTES: '3000' };
const never = { PODKIN_CHECKPOINT_BYTES: String(2 ** 40) };

function checkpointsOf(pod: TestPod): { path: string; seq: number; size: number }[] {
  const folder = dirname(pod.folder.log);
  return readdirSync(folder)
    .filter((name) => /checkpoint-\d+$/.test(name))
    .map((name) => join(folder, name))
    .map((path) => {
      const head = JSON.parse(readFileSync(path, 'latin1').split('\n', 1)[0]!.slice(9)) as never;
      return { path, ...(head as { seq: number; size: number }) };
    })
    .sort((a, b) => b.seq - a.seq);
}

async function say(pod: TestPod, text: string): Promise<void> {
  const { submission } = await pod.run(text);
  await pod.until(`the end of ${text}`, (all) => {
    const begun = all.find((entry) => entry.type === 'userMessage' && entry.submission === submission);
    return all.some((entry) => entry.type === 'turnEnded' && begun !== undefined && entry.seq > begun.seq);
  });
}

const echo =
  'rules:\n  - { last: user, matches: "^say (?<what>\\\\w+)", say: "I say it." }\n  - say: "Well."\n';

/** What may lie in the place of a checkpoint, by its word. */
const strange: readonly [string, (path: string) => void][] = [
  ['folder', (path) => mkdirSync(path)],
  ['pipe', (path) => void execFileSync('mkfifo', [path])],
  ['link', (path) => symlinkSync('/nowhere/at/all', path)],
  ['link', (path) => symlinkSync(path.replace(/\.checkpoint.*/, ''), path)],
];

describe('a pod', () => {
  it('[checkpoint.written] writes one every so many bytes and at its end, and goes on from there as if it had read all', async () => {
    const pod = await home.startRoot({ scenario: echo, environment: often });
    for (const text of ['say one', 'say two', 'say three', 'say four']) await say(pod, text);
    await eventually(pod.folder.path, () => checkpointsOf(pod).length > 0, 'a checkpoint');
    const before = await pod.call('readOutput', {});
    await pod.stop();
    const [newest] = checkpointsOf(pod);
    expect(newest?.size).toBe(statSync(pod.folder.log).size);
    expect(statSync(newest!.path).mode & 0o777).toBe(0o600);
    const bytes = readFileSync(pod.folder.log);

    await pod.start(often);
    expect(readFileSync(pod.folder.log).subarray(0, bytes.length).equals(bytes)).toBe(true);
    expect(await pod.call('readOutput', {})).toEqual(before);
    await say(pod, 'say five');
    expect((await pod.call('readOutput', {})).text).toBe(`${before.text}\n\nI say it.`);
    expect(await home.run(['verify'])).toMatchObject({ code: 0 });
  });

  it('[checkpoint.written] of a long log without any writes one soon after its start', async () => {
    const pod = home.makeRoot();
    await writeHistory(pod, 3 * megabyte);
    await pod.start();
    await eventually(pod.folder.path, () => checkpointsOf(pod).length > 0, 'a checkpoint');
    await pod.kill();
    home.expectsNoSockets = false;
    await pod.start();
    expect((await pod.call('status', {})).turns).toBeGreaterThan(150);
  });

  it('[checkpoint.written] killed right behind one it begins there, and what it had in hand is closed', async () => {
    home.expectsNoSockets = false;
    const pod = await home.startRoot({
      scenario: echo,
      environment: { ...often, PODKIN_CRASH_AT: 'root:checkpoint.written' },
    });
    const exit = pod.exit();
    for (let n = 0; n < 20; n += 1) await pod.run(`say ${n}`).catch(() => undefined);
    expect(await exit).toMatchObject({ signal: 'SIGKILL' });
    expect(checkpointsOf(pod)).toHaveLength(1);
    await pod.start(often);
    await pod.untilSettled();
    expect(await home.run(['verify'])).toMatchObject({ code: 0 });
  });

  it('[checkpoint.older-build] that knows nothing of checkpoints leaves them behind, and the next start is right', async () => {
    const pod = await home.startRoot({ scenario: echo, environment: often });
    for (const text of ['say one', 'say two']) await say(pod, text);
    await pod.stop();
    const [old] = checkpointsOf(pod);
    await pod.start(never);
    await say(pod, 'say three');
    await pod.kill();
    home.expectsNoSockets = false;
    expect(checkpointsOf(pod)[0]).toEqual(old);
    await pod.start(often);
    expect((await pod.call('readOutput', {})).text).toBe('I say it.\n\nI say it.\n\nI say it.');
  });

  it('[checkpoint.misfit] [checkpoint.doctor] starts with whatever lies there in the place of its checkpoints; doctor names it', async () => {
    const pod = await home.startRoot({ scenario: echo, environment: often });
    for (const text of ['say one', 'say two', 'say three']) await say(pod, text);
    await pod.stop();
    const all = checkpointsOf(pod);
    for (const { path } of all) writeFileSync(path, 'not a checkpoint');
    const { stdout } = await home.run(['doctor']);
    expect(stdout).toContain(`${all[0]!.path} is torn; it is passed over`);
    const { path } = all[0]!;
    for (const [word, put] of strange) {
      rmSync(path);
      put(path);
      const said = (await home.run(['doctor'])).stdout;
      expect(said).toContain(`${path} is a ${word} and no file; it is passed over`);
      expect(said).toContain(word === 'folder' ? `rm -r ${path}` : `rm ${path}`);
      if (word === 'folder') rmSync(path, { recursive: true });
      else rmSync(path);
      writeFileSync(path, 'not a checkpoint');
    }
    await pod.start(often);
    expect((await pod.call('readOutput', {})).text).toBe('I say it.\n\nI say it.\n\nI say it.');
    await pod.stop();
    for (const { path } of all) if (existsSync(path)) rmSync(path);
    expect((await home.run(['doctor'])).stdout).not.toContain('checkpoint');
  });
});

it('[checkpoint.verify] a checkpoint that says otherwise than its log is found, and what it says otherwise', async () => {
  const pod = home.makeRoot();
  await writeHistory(pod, 100_000);
  const lock = await takeLock({ instance: pod.instance, folder: pod.folder.path });
  if (!lock.taken) throw new Error('nobody else takes it');
  const opened = await openLog({ path: pod.folder.log, lock, instance: pod.instance });
  const facts = emptyFacts();
  for await (const entry of opened.entries()) applyEntry(facts, entry);
  const now = opened.log.now()!;
  const wrong = { ...facts, turns: facts.turns + 1, submissions: new Set(['another']) };
  await writeCheckpoint({ disk: nodeDisk, log: pod.folder.log }, now.seq, checkpointOf(now, wrong));
  await opened.log.close();
  await lock.release();
  home.expectsViolations = [
    /checkpoint-\d+ says otherwise than the log up to entry \d+ \(submissions, turns\)/,
  ];
});

describe('the past of a pod', () => {
  async function longPod(): Promise<{ pod: TestPod; last: number }> {
    const pod = home.makeRoot();
    const count = await writeHistory(pod, 5 * megabyte);
    await pod.start();
    const { cursor } = await pod.call('subscribe', { last: 0 });
    expect(cursor.seq).toBeGreaterThan(count);
    return { pod, last: cursor.seq };
  }

  it('[entries.before] is answered from its end, entry by entry, in order and once', async () => {
    const { pod, last } = await longPod();
    const all = await pod.entries();
    const newest = await pod.call('entries', { limit: 7 });
    expect(newest.entries.map(({ seq }) => seq)).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => last - n));
    const found: unknown[] = [];
    let before: number | null = last + 1;
    while (before !== null) {
      const answer: typeof newest = await pod.call('entries', { before, limit: 1_000 });
      expect(JSON.stringify(answer).length).toBeLessThan(1.2 * megabyte);
      found.unshift(...answer.entries);
      before = answer.before;
    }
    expect(found).toEqual(all.slice(0, last));
    expect(await pod.call('entries', { before: 1 })).toEqual({ entries: [], before: null });
  });

  it('[subscribe.last] is streamed from the last so many entries, then live, without gap or overlap', async () => {
    const { pod, last } = await longPod();
    const wire = (await rawWire(pod.socket)).listen();
    wires.push(wire);
    const header = await wire.call('subscribe', { last: 50 });
    expect(header.result).toMatchObject({ cursor: { seq: last }, reset: false });
    const { submission } = await pod.run('go on');
    await wire.until('the end of the turn', ({ params }) => {
      const entry = params?.['entry'] as { type: string; seq: number } | undefined;
      return entry?.type === 'turnEnded' && entry.seq > last;
    });
    const seqs = wire.messages.flatMap(({ params }) =>
      params?.type === 'entry' ? [(params['entry'] as { seq: number }).seq] : [],
    );
    expect(submission).toBeTypeOf('string');
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, n) => last - 49 + n));
  });
});
