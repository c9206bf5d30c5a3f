import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deferred } from '../../../src/std/deferred.ts';
import { bashTool } from '../../../src/tools/bash.ts';
import { outputCap, outputLimits } from '../../../src/tools/output-cap.ts';
import type { ToolContext } from '../../../src/tools/tool.ts';
import { call, contextIn, tempFolder } from './bench-context.ts';

async function bash(command: string, input: { timeoutMs?: number } = {}, over: Partial<ToolContext> = {}) {
  const folder = over.cwd ?? (await tempFolder());
  return { folder, ...(await call(bashTool, { command, ...input }, contextIn(folder, over))) };
}

/** True for a process that still runs; a zombie that nobody reaps does not. */
async function runs(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) Z/.test(status);
}

async function pidsIn(folder: string): Promise<number[]> {
  return (await readFile(join(folder, 'pids'), 'utf8')).trim().split('\n').map(Number);
}

describe('Bash', () => {
  it('[bash.output] standard output and error come in the order written; the exit code is told when it is not 0', async () => {
    expect(await bash('echo a; echo b >&2; echo c; echo d >/dev/stderr; pwd')).toMatchObject({
      folder: expect.any(String),
      text: expect.stringMatching(/^a\nb\nc\nd\n\/.*podkin-tools-/),
    });
    expect(await bash('echo x; exit 3')).toMatchObject({ text: 'x\n[Exit code 3.]', isError: true });
    expect(await bash('true')).toMatchObject({ text: '(no output)' });
    expect(await bash('kill -KILL $$')).toMatchObject({
      text: '(no output)\n[Ended by signal SIGKILL.]',
      isError: true,
    });
    expect((await bash("printf '%s|' 'a  b' \"$HOME\" '$x'; cat")).text).toMatch(/^a {2}b\|.*\|\$x\|$/);
  });

  it('[bash.env] a command sees the allowed variables and no others', async () => {
    const secrets = ['ANTHROPIC_API_KEY', 'PODKIN_POD', 'BASH_ENV'];
    for (const name of [...secrets, 'LC_PODKIN']) process.env[name] = 'leaked';
    onTestFinished(() => [...secrets, 'LC_PODKIN'].forEach((name) => delete process.env[name]));
    const { text } = await bash('env');
    const names = text.split('\n').map((line) => line.split('=')[0]);
    expect(names).toContain('PATH');
    expect(names).toContain('LC_PODKIN');
    // The shell itself sets the last three; the mark is how what it starts is found.
    const allowed = /^(PODKIN_CALL|PATH|HOME|USER|LOGNAME|LANG|LC_.*|TERM|TZ|TMPDIR|SHELL|PWD|SHLVL|_)$/;
    expect(names.filter((name) => !allowed.test(name ?? ''))).toEqual([]);
  });

  it('[bash.left-behind] what the shell leaves in the background is named and ended, and does not hold the answer up', async () => {
    const started = performance.now();
    const { folder, text, isError } = await bash(
      'sleep 300 & echo $! >>pids; (trap "" TERM; sleep 301) >/dev/null 2>&1 & echo $! >>pids; echo done',
    );
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(isError).toBeUndefined();
    expect(text).toMatch(/^done\n\[The shell left processes in the background, which were ended: /);
    expect(text).toContain('("sleep 300")');
    const pids = await pidsIn(folder);
    expect(pids).toHaveLength(2);
    for (const pid of pids) {
      expect(text).toContain(String(pid));
      expect(await runs(pid)).toBe(false);
    }
  });

  it('[bash.timeout] at the timeout the whole group ends, also what ignores SIGTERM, and the output so far is kept', async () => {
    const { folder, text, isError } = await bash(
      'trap "" TERM; echo begun; (sleep 300; true) & echo $! >>pids; echo $$ >>pids; wait',
      { timeoutMs: 300 },
    );
    expect(isError).toBe(true);
    expect(text).toMatch(/^begun\n\[Timed out after 300 ms \(ran 0\.\d s\)/);
    for (const pid of await pidsIn(folder)) expect(await runs(pid)).toBe(false);
    expect(() => bashTool.input().parse({ command: 'x', timeoutMs: 600_001 })).toThrow();
  });

  it('[bash.abort] an abort ends the group at once; the last words still arrive; progress was shown while it ran', async () => {
    const folder = await tempFolder();
    const begun = deferred<string>();
    const stop = new AbortController();
    const running = bash(
      'echo $$ >>pids; trap "echo bye; exit 7" TERM; echo begun; sleep 300 & echo $! >>pids; echo ready; wait',
      {},
      { cwd: folder, signal: stop.signal, progress: progressUntil('ready', (text) => begun.resolve(text)) },
    );
    expect(await begun.promise).toContain('begun');
    stop.abort();
    const { text, isError } = await running;
    expect(isError).toBe(true);
    expect(text).toMatch(/^begun\nready\n(.*\n)*bye\n\[Cancelled after /);
    for (const pid of await pidsIn(folder)) expect(await runs(pid)).toBe(false);
    const before = await bash('touch made', {}, { cwd: folder, signal: stop.signal });
    expect(before.text).toContain('before the command began');
    expect(await readdir(folder)).toEqual(['pids']);
  });

  it('[bash.output-cap] of a long output both ends are shown and the whole is in a file named after the call', async () => {
    const folder = await tempFolder();
    const { text } = await bash('seq 1 20000', {}, { cwd: folder, call: '../toolu/1' });
    expect(text.length).toBeLessThan(outputLimits.answerCharsMax + 500);
    expect(text).toMatch(/^1\n2\n3\n/);
    expect(text).toMatch(/\n19999\n20000$/);
    const [, path] = /The whole output is in (\S+)\.\]/.exec(text) ?? [];
    expect(path).toBe(join(folder, '.outputs/___toolu_1.output.txt'));
    const whole = await readFile(path!, 'utf8');
    expect(whole.split('\n')).toHaveLength(20_001);
    const [, left] = /\[(\d+) characters left out/.exec(text) ?? [];
    expect(Number(left)).toBe(whole.length - outputLimits.answerCharsMax);
    expect((await stat(path!)).mode & 0o777).toBe(0o600);
    await bash('echo short', {}, { cwd: folder, call: 'short' });
    expect(await readdir(join(folder, '.outputs'))).toEqual(['___toolu_1.output.txt']);
  });

  it('[bash.output-file] the file stops at its cap, and a folder that cannot be made fails no command', async () => {
    const folder = await tempFolder();
    const cap = outputCap(join(folder, 'o'), 'c');
    const piece = Buffer.alloc(1024 * 1024, 'z');
    for (let mebibytes = 0; mebibytes < 65; mebibytes += 1) await cap.add(piece);
    expect(await cap.end()).toContain(`(its first ${outputLimits.fileBytesMax} bytes only)`);
    expect((await stat(join(folder, 'o/c.output.txt'))).size).toBe(outputLimits.fileBytesMax);
    await writeFile(join(folder, 'file'), '');
    const lost = await bash('seq 1 20000; exit 0', {}, { cwd: folder, outputDir: join(folder, 'file/x') });
    expect(lost.isError).toBeUndefined();
    expect(lost.text).toContain('could not be kept (what could be kept of it: ENOTDIR)');
  });

  it('[bash.not-started] a missing working directory and a command too long to start are said as that', async () => {
    const folder = await tempFolder();
    const gone = await bash('true', {}, { cwd: join(folder, 'gone') });
    expect(gone).toMatchObject({ isError: true, text: expect.stringContaining('working directory') });
    await mkdir(join(folder, 'here'));
    const long = bash(`: ${'x'.repeat(131_070)}`, {}, { cwd: join(folder, 'here') });
    await expect(long).rejects.toThrow('too long to start');
  });
});

function progressUntil(word: string, seen: (text: string) => void): (text: string) => void {
  let all = '';
  return (text) => {
    all += text;
    if (all.includes(word)) seen(all);
  };
}
