/**
 * How a pod's process and a command are started: their programs, V8's code cache in the state folder, and
 * what happens where either is missing or wrong.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeFlags } from '../../src/pod/process/start-process.ts';
import { writeCodeCache } from '../../src/std/code-cache.ts';
import { processesOf } from '../support/audit.ts';
import { TestHome, type TestPod, commandFile, eventually } from '../support/rig.ts';

const packageFolder = fileURLToPath(new URL('../..', import.meta.url));
const spy = join(packageFolder, 'test', 'support', 'modules-at-ready.cjs');
const bodyFile = (program: Program): string => join(dirname(commandFile), `${program}-body.cjs`);
const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
  version: string;
};
type Program = 'pod' | 'command';
/** Of the same length. */
const planted = version.replaceAll(/\d/g, '9');

let home: TestHome;
beforeEach(() => {
  home = new TestHome({ isNew: true });
});
afterEach(() => home.close());

describe("V8's code cache", () => {
  it('[start.code-cache] the first pod leaves one for this user alone, and the next one runs what it holds', async () => {
    const first = await home.startRoot({ name: 'first' });
    const path = await untilCached();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path))).toEqual([basename(path)]);
    expect(await startedBy(first)).toBe(version);
    // Told by a cache that holds another version than the file does: V8 compares no more than their lengths.
    await plant(path);
    expect(await startedBy(await home.startRoot({ name: 'second' }))).toBe(planted);
  });

  it('[start.cache-at-end] what its turns have run is in the one that it leaves at its end; where its own is gone, it leaves none', async () => {
    const first = await home.startRoot({ name: 'first' });
    const path = await untilCached();
    const early = statSync(path);
    await first.run('go');
    await first.untilSettled();
    await first.stop();
    const late = statSync(path);
    expect(late.size).toBeGreaterThan(early.size);
    expect(late.mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path))).toEqual([basename(path)]);
    // Who has run from it has nothing to add.
    const second = await home.startRoot({ name: 'second' });
    await second.stop();
    expect(statSync(path).ino).toBe(late.ino);
    rmSync(path);
    const third = await home.startRoot({ name: 'third' });
    await untilCached();
    rmSync(dirname(path), { recursive: true });
    await third.stop();
    expect(existsSync(dirname(path))).toBe(false);
  });

  it('[start.cache-refused] one that is damaged, or that others may write, is not run and replaced', async () => {
    await home.startRoot({ name: 'first' });
    const path = await untilCached();
    const spoil: Record<string, () => void> = {
      flipped: () => {
        const bytes = readFileSync(path);
        bytes[bytes.length >> 1]! ^= 1;
        writeFileSync(path, bytes);
      },
      cut: () => writeFileSync(path, readFileSync(path).subarray(0, 5_000)),
      empty: () => writeFileSync(path, ''),
      open: () => chmodSync(path, 0o620),
    };
    for (const [name, change] of Object.entries(spoil)) {
      await plant(path);
      change();
      const { ino } = statSync(path);
      const pod = await home.startRoot({ name });
      expect([name, await startedBy(pod)]).toEqual([name, version]);
      await eventually(
        dirname(path),
        () => statSync(path).ino !== ino,
        `another cache in the place of ${name}`,
      );
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
  });

  it('[start.cache-refused] bytes that V8 refuses are replaced too', async () => {
    await home.startRoot({ name: 'first' });
    const path = await untilCached();
    await writeCodeCache(dirname(path), basename(path), Buffer.alloc(10_000, 'x'));
    const { ino } = statSync(path);
    expect(await startedBy(await home.startRoot({ name: 'second' }))).toBe(version);
    await eventually(dirname(path), () => statSync(path).ino !== ino, 'another cache');
  });

  it('[start.no-cache-folder] a pod starts and works where none can be kept', async () => {
    mkdirSync(home.home.state, { recursive: true, mode: 0o700 });
    writeFileSync(join(home.home.state, 'code'), 'no folder');
    const pod = await home.startRoot();
    await pod.run('go');
    await pod.untilSettled();
    expect(await startedBy(pod)).toBe(version);
    await pod.stop();
    expect(readFileSync(pod.folder.stderr, 'utf8')).toBe('');
    expect(readFileSync(join(home.home.state, 'code'), 'utf8')).toBe('no folder');
  });
});

describe("a command's code cache", () => {
  it('[start.command-cache] the first command in a home leaves one for this user alone, and the next one runs what it holds', async () => {
    home.makeRoot();
    expect(await versionInHelp()).toBe(version);
    const path = await untilCached('command');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await plant(path, 'command');
    expect(await versionInHelp()).toBe(planted);
    // Damaged, it is not run, and replaced by the end of the command.
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    expect(await versionInHelp()).toBe(version);
    expect(await versionInHelp()).toBe(version);
    expect(readFileSync(path)).not.toEqual(bytes);
  });

  it('[start.command-cache] none is left where there is no home, and where none can be kept the command works', async () => {
    expect(existsSync(home.home.state)).toBe(false);
    expect((await home.run(['ps'])).code).toBe(0);
    expect(existsSync(home.home.state)).toBe(false);
    home.makeRoot();
    writeFileSync(join(home.home.state, 'code'), 'no folder');
    expect(await home.run(['ps', '--all', '--quiet'])).toMatchObject({
      code: 0,
      stdout: 'root\n',
      stderr: '',
    });
    expect(readFileSync(join(home.home.state, 'code'), 'utf8')).toBe('no folder');
  });
});

describe('the program of a pod', () => {
  it('[start.program] is found beside what a link to the command leads to', async () => {
    const link = join(home.path, 'podkin');
    symlinkSync(commandFile, link);
    expect(await programOf(link)).toContain(`${join(dirname(commandFile), 'pod.cjs')} __pod`);
  });

  it('[start.program] where none lies beside the command, the command is the pod', async () => {
    const other = join(home.path, 'other.mjs');
    writeFileSync(other, `await import(${JSON.stringify(commandFile)});\n`);
    expect(await programOf(other)).toContain(`${other} __pod`);
  });

  it('[start.modules] has loaded none of the modules that only work needs when it says that it listens', async () => {
    const loaded = await loadedAtReady(home.makeRoot());
    expect(loaded).toContain('net');
    const onlyForWork = ['crypto', 'fs/promises', 'perf_hooks', 'module', 'stream/web'];
    expect(onlyForWork.filter((name) => loaded.includes(name))).toEqual([]);
  });

  it('[start.packed] the package holds both programs, their bodies and every module that these import', () => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const packed = JSON.parse(execFileSync('npm', args, { cwd: packageFolder, encoding: 'utf8' })) as [
      { files: { path: string }[] },
    ];
    const paths = packed[0].files.map(({ path }) => path);
    const importedBy = (program: Program) =>
      // A string may go on in the next line.
      [
        ...readFileSync(bodyFile(program), 'utf8')
          .replaceAll('\\\n', '')
          .matchAll(/__import\(\s*"\.\/(.+?)"\)/g),
      ].map((match) => match[1]);
    expect(new Set(importedBy('pod')).size).toBe(7);
    const programs = ['main.js', 'main-body.js', 'command-body.cjs', 'pod.cjs', 'pod-body.cjs'];
    for (const file of [...programs, ...importedBy('pod'), ...importedBy('command')]) {
      expect(paths).toContain(`dist/${file}`);
      expect(existsSync(join(packageFolder, 'dist', file!))).toBe(true);
    }
  });
});

/** The podkin version that a pod says it is. */
async function startedBy(pod: TestPod): Promise<string | undefined> {
  return (await pod.entriesOf('started')).at(-1)?.podkin;
}

/** What the command line says it is, in a way that takes all of it in. */
async function versionInHelp(): Promise<string> {
  const { stdout } = await home.run(['ps', '--version']);
  return stdout.trim();
}

async function untilCached(program: Program = 'pod'): Promise<string> {
  const folder = join(home.home.state, 'code');
  const cached = () =>
    existsSync(folder)
      ? readdirSync(folder).filter((name) => name.startsWith(program) && name.endsWith('.cache'))
      : [];
  await eventually(folder, () => cached().length > 0, 'a cache');
  return join(folder, cached()[0]!);
}

/** In the place of the cache, one of the same program with another version in it. */
async function plant(path: string, program: Program = 'pod'): Promise<void> {
  const text = readFileSync(bodyFile(program), 'utf8').replaceAll(`"${version}"`, `"${planted}"`);
  // By a process with the program's flags: V8 refuses a cache that was made under others.
  // Its modules begin there, so that what they hold is in the cache.
  const make = `const script = new (require('node:vm').Script)(require('node:fs').readFileSync(0, 'utf8'));
script.runInThisContext()({}, require, { exports: {} }, ${JSON.stringify(commandFile)}, '/', () => undefined);
process.stdout.write(script.createCachedData());`;
  const cache = execFileSync(process.execPath, [...(program === 'pod' ? nodeFlags() : []), '-e', make], {
    input: text,
    maxBuffer: 64 * 1024 * 1024,
  });
  await writeCodeCache(dirname(path), basename(path), cache);
}

/**
 * The modules of Node that a pod's process has loaded with its first word. Its program is started as a
 * command starts it, with a spy before it.
 */
async function loadedAtReady(pod: TestPod): Promise<string[]> {
  const file = join(home.path, 'modules.json');
  const args = ['--require', spy, join(dirname(commandFile), 'pod.cjs'), '__pod', pod.folder.path];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    env: { ...home.environment, PODKIN_READY_FD: '3', PODKIN_MODULES: file },
  });
  await once(child.stdio[3]!, 'data');
  const list = JSON.parse(readFileSync(file, 'utf8')) as string[];
  return list.map((entry) => entry.replace(/^NativeModule /, ''));
}

/** The command line of the pod that a command starts. */
async function programOf(command: string): Promise<string> {
  const model = home.scenario('rules:\n  - say: "Done."\n');
  const ran = await home.run(['run', '-d', '--model', model, 'go'], {
    environment: { PODKIN_COMMAND: command },
  });
  expect(ran, ran.stderr).toMatchObject({ code: 0 });
  return processesOf(home)
    .map(({ command: line }) => line)
    .join('\n');
}
