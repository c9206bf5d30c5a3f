/** What is piped into a command, by a shell: pipes that nobody closes, files, /dev/null, no stdin at all. */
import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ran, TestHome, commandFile } from '../support/rig.ts';

let home: TestHome;
let model: string;
beforeEach(() => {
  home = new TestHome();
  model = home.scenario('rules:\n  - say: "ok"\n');
});
afterEach(() => home.close());

/** `line` in a shell, where `podkin` is the command and $MODEL a scenario. */
function shell(line: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(
      'bash',
      ['-c', `podkin() { "${process.execPath}" "${commandFile}" "$@"; }\n${line}`],
      {
        cwd: home.work,
        env: { ...home.environment, MODEL: model },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const ran = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (ran.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (ran.stderr += text));
    child.on('close', (code, signal) => resolve({ code, signal, ...ran }));
  });
}

const inputs = async (): Promise<string[]> =>
  (await home.pod('root').entriesOf('userMessage')).map(({ text }) => text);

describe('what is piped in', () => {
  it('[run.piped] stands behind the task of run, with -d too, and of send and notify', async () => {
    const lines = [
      'echo diff | podkin run --model $MODEL -d review',
      'podkin wait root',
      'echo more | podkin send root --wait again',
      'echo alone | podkin send root --wait',
      'echo known | podkin notify root --wait news',
      'podkin stop root',
    ];
    expect(await shell(lines.join(' && '))).toMatchObject({ code: 0 });
    expect(await inputs()).toEqual([
      'review\n\n<stdin>\ndiff\n</stdin>',
      'again\n\n<stdin>\nmore\n</stdin>',
      'alone\n',
    ]);
    const notices = (await home.pod('root').entriesOf('systemItem')).map(({ item }) =>
      item.kind === 'notice' ? item.body : '',
    );
    expect(notices.join('\n')).toContain('news\n\n<stdin>\nknown\n</stdin>');
  });

  it('[run.piped] a file is read, /dev/null and a closed stdin are none, and a run alone takes all as its task', async () => {
    home.file('notes', 'a note\n');
    const runs: [string, string][] = [
      ['podkin run --model $MODEL do < notes', 'do\n\n<stdin>\na note\n</stdin>'],
      ['podkin run --model $MODEL do < /dev/null', 'do'],
      ['podkin run --model $MODEL do <&-', 'do'],
      ['podkin run --model $MODEL do --no-stdin < notes', 'do'],
      ['podkin run --model $MODEL < notes', 'a note\n'],
      ['printf "" | podkin run --model $MODEL do', 'do'],
    ];
    for (const [line, task] of runs) {
      expect(await shell(`${line} && true`), line).toMatchObject({ code: 0 });
      expect(await inputs(), line).toEqual([task]);
      expect(await shell('podkin rm root')).toMatchObject({ code: 0 });
    }
  });

  it('[run.piped-endless] a pipe that nobody closes holds nothing up for longer than it may', async () => {
    const ran = await shell(
      'exec 3< <(exec sleep 60); podkin run -p --stdin-wait 0.2 --model $MODEL do <&3; status=$?; kill $!; exit $status',
    );
    expect(ran).toMatchObject({ code: 0, stdout: 'ok\n' });
    expect(ran.stderr).toContain('nothing came on stdin within 0.2 s, so this begins without it');
    expect(await inputs()).toEqual(['do']);
  });

  it('[run.piped-endless] more than 1 MiB is refused before anything is made', async () => {
    const ran = await shell('yes | podkin run -p --model $MODEL do');
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('stdin holds more than the 1 MiB that can be taken');
    expect(await home.run(['ps', '-a', '--json'])).toMatchObject({ stdout: '[]\n' });
  });
});
