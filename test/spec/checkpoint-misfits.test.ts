/**
 * Whatever lies in the place of a checkpoint, and whatever log lies beside it: a real pod starts, says what
 * its log says, works on, and at its end leaves a checkpoint that `podkin verify` finds to be what the whole
 * log comes to. That is all of its facts held against the fold from the beginning.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const often = { PODKIN_CHECKPOINT_BYTES: '3000' };
const never = { PODKIN_CHECKPOINT_BYTES: String(2 ** 40) };
const echo = `rules:
  - { last: user, matches: '^say (\\w+)', say: 'I say {{match.1}}.' }
  - say: 'Well.'
`;

/** Paths, the newest first. */
function checkpointsOf({ folder }: TestPod): string[] {
  const seqOf = (path: string) => Number(/\d+$/.exec(path)?.[0]);
  return readdirSync(folder.path)
    .filter((name) => /checkpoint-\d+$/.test(name))
    .map((name) => join(folder.path, name))
    .sort((a, b) => seqOf(b) - seqOf(a));
}

async function say(pod: TestPod, ...words: string[]): Promise<void> {
  for (const word of words) {
    const { submission } = await pod.run(`say ${word}`);
    await pod.until(`the end of "say ${word}"`, (all) => {
      const begun = all.find((entry) => entry.type === 'userMessage' && entry.submission === submission);
      return all.some((entry) => entry.type === 'turnEnded' && begun !== undefined && entry.seq > begun.seq);
    });
  }
}

/** Has said one and two, ended, said three and ended: two checkpoints, and the log as of the first end. */
async function aged(name = 'root'): Promise<{ pod: TestPod; atFirstEnd: Buffer }> {
  const pod = await home.startRoot({ name, scenario: echo, environment: often });
  await say(pod, 'one', 'two');
  await pod.stop();
  const atFirstEnd = readFileSync(pod.folder.log);
  await pod.start(often);
  await say(pod, 'three');
  await pod.stop();
  expect(checkpointsOf(pod)).toHaveLength(2);
  return { pod, atFirstEnd };
}

/** It says these words and no others, its log is there byte for byte, and it works on. */
async function startsWith(pod: TestPod, words: string[]): Promise<void> {
  const { log } = pod.folder;
  const before = readFileSync(log);
  await pod.start(often);
  const said = words.map((word) => `I say ${word}.`);
  expect((await pod.call('readOutput', {})).text).toBe(said.join('\n\n'));
  expect((await pod.call('status', {})).turns).toBe(words.length);
  await say(pod, 'more');
  expect((await pod.call('readOutput', {})).text).toBe([...said, 'I say more.'].join('\n\n'));
  await pod.stop();
  expect(readFileSync(log).subarray(0, before.length).equals(before)).toBe(true);
  expect(headOf(checkpointsOf(pod)[0]!)).toMatchObject({ size: statSync(log).size });
  expect(await home.run(['verify'])).toMatchObject({ code: 0 });
}

function headOf(path: string): { size: number; seq: number; version: string } {
  return JSON.parse(readFileSync(path, 'latin1').split('\n', 1)[0]!.slice(9)) as never;
}

/** As another build writes it: whole, with a version of its own. */
function reversion(path: string, state?: Buffer): void {
  const bytes = readFileSync(path);
  const end = bytes.indexOf(0x0a);
  const body = state ?? bytes.subarray(end + 1);
  const head = { ...headOf(path), version: 'f'.repeat(16), stateBytes: body.length, stateSum: crc32(body) };
  const text = JSON.stringify(head);
  const sum = crc32(text).toString(16).padStart(8, '0');
  writeFileSync(path, Buffer.concat([Buffer.from(`${sum} ${text}\n`), body]));
}

const all = ['one', 'two', 'three'];

describe('in the place of its checkpoints', () => {
  it.each<[string, (paths: string[]) => void]>([
    ['nothing', (paths) => paths.forEach((path) => rmSync(path))],
    ['a newest one that is torn', ([newest]) => truncateSync(newest!, statSync(newest!).size >> 1)],
    ['a newest one that is torn in its first line', ([newest]) => truncateSync(newest!, 40)],
    ['torn ones', (paths) => paths.forEach((path) => truncateSync(path, statSync(path).size - 1))],
    ['empty ones', (paths) => paths.forEach((path) => truncateSync(path, 0))],
    ['zeros', (paths) => paths.forEach((path) => writeFileSync(path, Buffer.alloc(statSync(path).size)))],
    ['the older one under the name of the newest', ([newest, older]) => copyFileSync(older!, newest!)],
    ['the older one alone', ([newest]) => rmSync(newest!)],
    [
      'the newest under the name of one to come',
      ([newest]) => copyFileSync(newest!, newest!.replace(/\d+$/, '9999')),
    ],
    ['those of a build to come', (paths) => paths.forEach((path) => reversion(path))],
    [
      'those of a build to come, in another form',
      (paths) => paths.forEach((path) => reversion(path, Buffer.from('{}'))),
    ],
    ['pipes', (paths) => paths.forEach((path) => (rmSync(path), execFileSync('mkfifo', [path])))],
    ['folders', (paths) => paths.forEach((path) => (rmSync(path), mkdirSync(path)))],
    [
      'links to what has no end',
      (paths) => paths.forEach((path) => (rmSync(path), symlinkSync('/dev/zero', path))),
    ],
    [
      'links to the log',
      (paths) =>
        paths.forEach((path) => (rmSync(path), symlinkSync(path.replace(/\.checkpoint.*/, ''), path))),
    ],
  ])('[checkpoint.misfit] a pod finds %s, and is what its log says', async (_, spoil) => {
    const { pod } = await aged();
    spoil(checkpointsOf(pod));
    await startsWith(pod, all);
  });

  it('[checkpoint.misfit] [checkpoint.doctor] those of another pod, under the names of its own: none of them is believed', async () => {
    const { pod } = await aged();
    const { pod: other } = await aged('other');
    const theirs = checkpointsOf(other);
    // Both have done the same, so that names, numbers and nearly all sizes are the same.
    for (const [i, path] of checkpointsOf(pod).entries()) copyFileSync(theirs[i]!, path);
    const { stdout } = await home.run(['doctor']);
    expect(stdout).toContain(`${checkpointsOf(pod)[0]} is of another pod; it is passed over`);
    await startsWith(pod, all);
  });

  it('[checkpoint.misfit] those of a pod of another home whose folder was copied over it', async () => {
    const { pod } = await aged();
    const own = readFileSync(pod.folder.log);
    const { pod: other } = await aged('other');
    for (const path of checkpointsOf(pod)) rmSync(path);
    for (const path of checkpointsOf(other))
      copyFileSync(path, join(pod.folder.path, path.slice(dirname(path).length + 1)));
    expect(readFileSync(pod.folder.log).equals(own)).toBe(true);
    await startsWith(pod, all);
  });
});

describe('beside its checkpoints', () => {
  it('[checkpoint.misfit] a log that was put back from an older copy is what counts', async () => {
    const { pod, atFirstEnd } = await aged();
    writeFileSync(pod.folder.log, atFirstEnd);
    const { stdout } = await home.run(['doctor']);
    expect(stdout).toContain(`${checkpointsOf(pod)[0]} is of a longer log than the one beside it`);
    await startsWith(pod, ['one', 'two']);
  });

  it('[checkpoint.misfit] an older copy that was worked on by a build without checkpoints is what counts', async () => {
    const { pod, atFirstEnd } = await aged();
    const ahead = checkpointsOf(pod)[0]!;
    writeFileSync(pod.folder.log, atFirstEnd);
    await pod.start(never);
    await say(pod, 'four', 'five', 'six');
    await pod.kill();
    home.expectsNoSockets = false;
    // The newest speaks of a line that this log does not have, though it is long enough.
    expect(statSync(pod.folder.log).size).toBeGreaterThan(headOf(ahead).size);
    await startsWith(pod, ['one', 'two', 'four', 'five', 'six']);
  });

  it('[checkpoint.misfit] a log in which a byte has turned is read whole, and what is damaged is set aside', async () => {
    const { pod } = await aged();
    const bytes = readFileSync(pod.folder.log);
    bytes[bytes.indexOf('I say two.')]! ^= 1;
    writeFileSync(pod.folder.log, bytes);
    await pod.start(often);
    expect((await pod.call('readOutput', {})).text).toBe('I say one.\n\nI say three.');
    expect(await pod.entriesOf('alert')).toMatchObject([{ code: 'logMended' }]);
    await pod.stop();
    home.expectsViolations = [/1 damaged/, /entry \d+ follows entry \d+/];
    expect((await home.run(['verify'])).stdout).not.toContain('checkpoint');
  });

  it('[checkpoint.repair] a log whose last append is torn keeps no checkpoint of before, whatever lies under their names', async () => {
    const { pod } = await aged();
    const before = checkpointsOf(pod);
    mkdirSync(join(pod.folder.path, 'session.jsonl.checkpoint-7'));
    appendFileSync(pod.folder.log, '{"crc":"00');
    await pod.start(never);
    expect((await pod.call('readOutput', {})).text).toBe('I say one.\n\nI say two.\n\nI say three.');
    for (const path of before) expect(checkpointsOf(pod)).not.toContain(path);
    await pod.stop();
    expect(await home.run(['verify'])).toMatchObject({ code: 0 });
  });
});
