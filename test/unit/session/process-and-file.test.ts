import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { writeFileAtomic } from '../../../src/std/atomic-write.ts';
import {
  bootId,
  isRunning,
  readFromPs,
  ownIdentity,
  parseProcStat,
  processIdentity,
} from '../../../src/std/process-identity.ts';
import { script, start, tempFolder } from './log-rig.ts';

const linux = process.platform === 'linux';

describe('who a process is', () => {
  it('[process.identity] the same process is the same at every look, another one is another', async () => {
    const child = spawn('sleep', ['60']);
    try {
      await once(child, 'spawn');
      const identity = processIdentity(child.pid!)!;
      expect(identity).toEqual({ pid: child.pid, startTime: expect.stringMatching(/./), bootId: bootId() });
      expect(processIdentity(child.pid!)).toEqual(identity);
      expect(ownIdentity()).toEqual(processIdentity(process.pid));
      expect(isRunning(identity)).toBe(true);
      expect(isRunning({ ...identity, startTime: ownIdentity().startTime })).toBe(false);
      expect(isRunning({ ...identity, bootId: 'another' })).toBe(false);
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(isRunning(identity)).toBe(false);
      expect(processIdentity(identity.pid)).toBeNull();
    } finally {
      child.kill('SIGKILL');
    }
  });

  it("[process.identity] somebody else's process is alive, what is no pid is gone", () => {
    // Process 1 takes no signal from an ordinary user.
    expect(isRunning(processIdentity(1)!)).toBe(true);
    for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
      expect([processIdentity(pid), isRunning({ ...ownIdentity(), pid })]).toEqual([null, false]);
    }
  });

  it('[process.zombie] a process that has ended and was not collected is gone', async () => {
    // A shell might collect what it has started; `cat` knows nothing of it, and its echo says that the shell
    // is gone.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec cat']);
    try {
      const [line] = await once(parent.stdout, 'data');
      const pid = Number(String(line));
      parent.stdin.write('here');
      await once(parent.stdout, 'data');
      const identity = processIdentity(pid)!;
      expect(isRunning(identity)).toBe(true);
      process.kill(pid, 'SIGKILL');
      await vi.waitFor(() => expect(processIdentity(pid)).toBeNull(), { interval: 5 });
      // It is still in the table: a signal finds it.
      expect(process.kill(pid, 0)).toBe(true);
      expect(isRunning(identity)).toBe(false);
    } finally {
      parent.kill('SIGKILL');
      await once(parent, 'exit');
    }
  });

  it('[process.odd-name] a name with parentheses and spaces is not read as fields', () => {
    const fields = Array.from({ length: 49 }, (_, i) => (i + 4 === 20 ? '1' : String(i + 4)));
    expect(parseProcStat(`12 (a) S 1 (b) Z ${fields.join(' ')}\n`)).toEqual({
      startTime: '22',
      zombie: true,
    });
    expect(parseProcStat(`12 (x) S ${fields.join(' ')}\n`)).toEqual({ startTime: '22', zombie: false });
    expect(parseProcStat('12 (x) S')).toBeNull();
  });

  it('[process.threads] a process whose first thread has ended runs until the last one has', () => {
    const stat = (state: string, threads: number): string =>
      `12 (x) ${state} ${Array.from({ length: 49 }, (_, i) => (i + 4 === 20 ? threads : i + 4)).join(' ')}`;
    expect(parseProcStat(stat('Z', 2))?.zombie).toBe(false);
    expect(parseProcStat(stat('Z', 1))?.zombie).toBe(true);
    expect(parseProcStat(stat('X', 0))?.zombie).toBe(true);
    expect(parseProcStat(stat('S', 1))?.zombie).toBe(false);
  });

  it.skipIf(!linux)('[process.odd-name] the same for a real one', async () => {
    const path = join(tempFolder(), 'a) Z 1 (b');
    copyFileSync(process.execPath, path);
    const child = spawn(path, ['-e', 'setInterval(() => {}, 60_000)']);
    try {
      await once(child, 'spawn');
      expect(readFileSync(`/proc/${child.pid}/stat`, 'utf8')).toContain('(a) Z 1 (b)');
      expect(Number(processIdentity(child.pid!)!.startTime)).toBeGreaterThanOrEqual(
        Number(ownIdentity().startTime),
      );
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  it('[process.ps] where there is no /proc, ps tells the same at every look', () => {
    const sight = readFromPs(process.pid);
    expect(sight).toEqual({ startTime: expect.stringMatching(/\d\d:\d\d:\d\d \d{4}$/), zombie: false });
    expect(readFromPs(process.pid)).toEqual(sight);
    expect(readFromPs(2 ** 22 + 1)).toBeNull();
  });
});

describe('replacing a file', () => {
  it('[file.atomic] a writer killed at any moment leaves the old text or the new one', async () => {
    const folder = tempFolder();
    const path = join(folder, 'file');
    const texts = ['a', 'b'].map((letter) => letter.repeat(1_000_000));
    writeFileSync(path, texts[0]!);
    const run = script(
      folder,
      'std/atomic-write.ts',
      `const texts = ['a', 'b'].map((letter) => letter.repeat(1_000_000));
       console.log('ready');
       for (let i = 1; ; i++) { ours.writeFileAtomic(process.argv[2], texts[i % 2], 0o600); if (i % 7 === 0) console.log(i); }`,
    );
    for (let round = 0; round < 8; round += 1) {
      const writer = start(run, [path]);
      for (let lines = 0; lines <= round % 3; lines += 1) await writer.line();
      await writer.kill();
      expect(texts.includes(readFileSync(path, 'utf8'))).toBe(true);
    }
  }, 30_000);

  it('[file.atomic] exact rights, no rest, and a failure leaves everything as it was', () => {
    const folder = tempFolder();
    const path = join(folder, 'file');
    writeFileAtomic(path, 'one', 0o666);
    writeFileAtomic(path, 'two', 0o600);
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['two', 0o600]);
    writeFileAtomic(path, 'three', 0o666);
    expect(statSync(path).mode & 0o777).toBe(0o666);
    mkdirSync(join(folder, 'taken'));
    expect(() => writeFileAtomic(join(folder, 'taken'), 'x', 0o600)).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(readdirSync(folder).sort()).toEqual(['file', 'taken']);
  });
});
