/** A pod that is killed while the sandbox of its command starts: at each step of the start, held up there. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestHome, eventually } from '../support/rig.ts';

const bwrap = '/usr/bin/bwrap';
const hasSandbox = existsSync(bwrap);
if (!hasSandbox) console.warn('NOT TESTED: bubblewrap is not installed, so no start of it was cut off');

interface Seen {
  readonly pid: number;
  readonly group: number;
  readonly state: string;
  readonly words: string[];
}

/** All whose command line has this text, and all in the process group of one; not zombies. */
function holding(text: string, but: number): Seen[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => seen(Number(name)))
    .filter(({ pid, state }) => pid !== but && !/[ZX]/.test(state));
  const groups = new Set(all.filter(({ words }) => words.join(' ').includes(text)).map(({ group }) => group));
  return all.filter(({ group }) => groups.has(group));
}

function seen(pid: number): Seen[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return [{ pid, group: Number(group), state, words }];
  } catch {
    return [];
  }
}

const asleep = (found: readonly Seen[]) => found.every(({ state }) => state === 'S');
/** Bubblewrap and what it has forked; not of a start that is not held up. */
const sandboxes = (found: readonly Seen[]) =>
  found.filter(({ words }) => words[0] === bwrap && words.includes('--info-fd'));
const isForked = (found: readonly Seen[]) => sandboxes(found).length === 2 && asleep(sandboxes(found));
/** As descriptor 3, a pipe without room: bubblewrap stops where it says which process is the first inside. */
const noRoom = (folder: string) =>
  `mkfifo ${folder}/full; exec 3<>${folder}/full; dd if=/dev/zero bs=4096 count=16 >&3 2>/dev/null`;

interface Step {
  readonly at: string;
  /** Is part of the arguments of the start that is held up. */
  readonly start: string;
  /** Instead of the start, in bash; `folder` is the step's own. */
  held(folder: string): string;
  isThere(found: readonly Seen[]): boolean;
}

const steps: Step[] = [
  {
    at: 'before the sandbox is made',
    start: '--info-fd',
    held: (folder) => `mkfifo ${folder}/never; read line <>${folder}/never`,
    isThere: (found) => found.some(({ words }) => words[1]?.endsWith('/bwrap') === true) && asleep(found),
  },
  {
    at: 'when the first process inside waits for its starter',
    start: '--info-fd',
    held: (folder) => `${noRoom(folder)}; exec ${bwrap} "$@"`,
    isThere: isForked,
  },
  {
    at: 'when the sandbox waits to be compared with its plan',
    start: '--info-fd',
    held: () => `exec ${bwrap} "$@" 3>/dev/null`,
    isThere: isForked,
  },
  {
    at: 'when its shell waits for its word',
    start: '--info-fd',
    held: () => `exec ${bwrap} "$@" 3>/dev/null 5</dev/zero`,
    isThere: (found) => found.some(({ words }) => words.some((word) => word.startsWith('ulimit'))),
  },
  {
    at: 'when the first process of the self-test waits for its starter',
    start: '--unshare-user',
    held: (folder) => `${noRoom(folder)}; exec ${bwrap} --info-fd 3 "$@"`,
    isThere: isForked,
  },
];

describe.skipIf(!hasSandbox)('a pod that is killed while a sandbox starts', () => {
  let home: TestHome;
  beforeEach(() => {
    home = new TestHome();
  });
  afterEach(() => home.close());

  it.each(steps)(
    '[shell.pod-death-start] $at: all of it ends by itself and the command never begins',
    async ({ start, held, isThere }) => {
      const folder = join(home.path, 'start');
      const program = join(folder, 'bwrap');
      mkdirSync(folder);
      const script = `case "$*" in *${start}*) ${held(folder)};; esac\nexec ${bwrap} "$@"\n`;
      writeFileSync(program, `#!/bin/bash\n${script}`, { mode: 0o755 });
      const pod = await home.startRoot({
        permissionMode: 'acceptEdits',
        sandbox: { program },
        scenario: `rules:\n  - { last: user, times: 1, call: [{ Bash: { command: echo x > begun } }] }\n  - { say: done }\n`,
      });
      await pod.run('go');
      const { pid } = await pod.process();
      const ours = () => holding(home.path, pid);
      await eventually(home.work, () => isThere(ours()), 'the step is reached');
      await pod.kill();
      await eventually(home.work, () => ours().length === 0, 'all has ended');
      expect(readdirSync(home.work)).toEqual([]);
    },
  );
});
