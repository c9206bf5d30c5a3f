/**
 * Shells of real pods, and of the tool alone, inside the sandbox: what they see of a pod, and that nothing
 * inside outlives what it should not.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSandbox } from '../../src/scope/sandbox/sandbox.ts';
import { defaultLimits } from '../../src/session/settings/settings.ts';
import { deferred } from '../../src/std/deferred.ts';
import { bashTool } from '../../src/tools/bash.ts';
import type { ToolContext } from '../../src/tools/tool.ts';
import { TestHome, eventually } from '../support/rig.ts';
import { call, contextIn, noHome, sandboxOptions, tempFolder } from '../unit/tools/bench-context.ts';

const packageRoot = join(import.meta.dirname, '../..');
const hasSandbox = existsSync('/usr/bin/bwrap');
if (!hasSandbox)
  console.warn('NOT TESTED: bubblewrap is not installed, so no shell of a pod ran inside a sandbox');

/** Processes whose command line says this, wherever they run. */
function running(words: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() === words;
      } catch {
        return false;
      }
    });
}

/** A sleep that no other test has. */
const ownSleep = () => `sleep ${3_000 + Math.floor(Math.random() * 1_000_000) / 1_000}`;

async function sandboxed(command: string, over: Partial<ToolContext> & { timeoutMs?: number } = {}) {
  const { timeoutMs, ...rest } = over;
  const folder = over.cwd ?? (await tempFolder());
  const state = over.home?.state ?? (await tempFolder());
  const sandbox = createSandbox({ ...sandboxOptions(null), state });
  const input = { command, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  const shell = { sandbox, limits: defaultLimits };
  const answer = await call(bashTool, input, contextIn(folder, { ...rest, shell }));
  expect((await sandbox.state()).kind).toBe('working');
  return answer;
}

describe.skipIf(!hasSandbox)('a sandboxed command', () => {
  it('[shell.signals] gives its output in order and its exit code', async () => {
    expect(await sandboxed('echo a; echo b >&2; echo c >/dev/stderr; exit 3')).toMatchObject({
      text: 'a\nb\nc\n[Exit code 3.]',
      isError: true,
    });
    expect(await sandboxed('kill -KILL $$')).toMatchObject({
      text: '(no output)\n[Exit code 137.]',
      isError: true,
    });
  });

  it('[shell.environment-inside] a coverage variable of whoever started the pod reaches neither the self-test nor a command', async () => {
    const folder = await tempFolder();
    const before = process.env['NODE_V8_COVERAGE'];
    process.env['NODE_V8_COVERAGE'] = folder;
    onTestFinished(() => {
      if (before === undefined) delete process.env['NODE_V8_COVERAGE'];
      else process.env['NODE_V8_COVERAGE'] = before;
    });
    expect(await sandboxed('env | grep -c NODE; [ -n "$PATH" ] && echo path')).toMatchObject({
      text: '0\npath',
    });
  });

  it('[shell.denied-unreadable] git says what it may not read, and commits nothing of it as deleted', async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'secrets'));
    for (const name of ['secrets/key', 'plain', 'top']) await writeFile(join(folder, name), name);
    const who = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
    const git = (...args: string[]) =>
      execFileSync('git', [...who, ...args], { cwd: folder, encoding: 'utf8' });
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'one');
    const commit = (deny: string) =>
      sandboxed(`echo more >> plain; git add -A && git ${who.join(' ')} commit -qam two; ls ${deny}`, {
        cwd: folder,
        scope: {
          read: [folder],
          write: [folder, join(folder, '.git')],
          deny: [{ path: join(folder, deny), right: 'read' }],
        },
      });
    expect((await commit('secrets')).text).toMatch(/secrets\/?'?: Permission denied/);
    expect(git('show', '--name-status', '--format=%s')).toBe('two\n\nM\tplain\n');
    // A denied file is a device there, which git does not take.
    expect((await commit('top')).text).toContain('top: can only add regular files');
    expect(git('ls-tree', '-r', '--name-only', 'HEAD')).toBe('plain\nsecrets/key\ntop\n');
  });

  it('[shell.crowded] in a folder of more repositories than can be protected nothing is written, and the answer says why', async () => {
    const folder = await tempFolder();
    for (let n = 0; n <= 500; n += 1) await mkdir(join(folder, `r${n}/.git`), { recursive: true });
    const answer = await sandboxed('echo x > r500/.git/config; echo x > new; echo end; exit 1', {
      cwd: folder,
    });
    expect(answer.text).toMatch(
      /Read-only file system[^]*end[^]*read-only for the shell, because more lies directly in it/,
    );
    expect(existsSync(join(folder, 'r500/.git/config'))).toBe(false);
  });

  it('[shell.self-test] leaves nothing behind, and removes what a test that was killed has left', async () => {
    const state = await tempFolder();
    await mkdir(join(state, 'probe-4194305-test'));
    await sandboxed('true', { home: { ...noHome, state } });
    expect(readdirSync(state)).toEqual(['commands']);
    expect(readdirSync(join(state, 'commands'))).toEqual([]);
  });

  it('[shell.self-test] a home whose state folder cannot be made or written says nothing of the sandbox: nothing runs, and it is tested again', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'file'), '');
    const sandbox = createSandbox({ ...sandboxOptions(null), state: join(folder, 'file', 'state') });
    expect(await sandbox.state()).toMatchObject({
      kind: 'unknown',
      text: expect.stringContaining('cannot be tested: ENOTDIR') as string,
      fix: expect.stringContaining('file/state') as string,
    });
    const context = contextIn(folder, { shell: { sandbox, limits: defaultLimits } });
    const refused = await call(bashTool, { command: 'touch ran' }, context);
    expect(refused).toMatchObject({ isError: true });
    expect(refused.text).toContain('Nothing was run: the sandbox cannot be tested: ENOTDIR');
    rmSync(join(folder, 'file'));
    expect(await call(bashTool, { command: 'touch ran; echo fine' }, context)).toMatchObject({
      text: 'fine',
    });
    expect(sandbox.known.kind).toBe('working');
  });

  it('[shell.not-tested] a pod whose sandbox cannot be tested for a while runs no command outside of it, whatever its mode', async () => {
    const home = new TestHome();
    onTestFinished(() => home.close());
    const bash = JSON.stringify({ command: 'touch ran; cat ../secret' });
    const program = join(home.path, 'short-of-descriptors');
    const again = join(home.path, 'again');
    writeFileSync(
      program,
      `#!/bin/sh\n[ "$1" = --help ] || [ -e ${again} ] || { echo 'bwrap: open: Too many open files' >&2; exit 1; }\nexec /usr/bin/bwrap "$@"\n`,
      { mode: 0o755 },
    );
    const pod = await home.startRoot({
      permissionMode: 'bypassPermissions',
      sandbox: { program },
      scenario: `rules:\n  - { last: user, call: [{ Bash: ${bash} }] }\n  - { say: done }\n`,
    });
    writeFileSync(join(home.path, 'secret'), 'SECRET');
    await pod.run('go');
    const first = await pod.untilEntry('toolResult');
    await pod.untilSettled();
    expect(first).toMatchObject({ isError: true });
    expect(first).not.toHaveProperty('denied');
    expect(first.text).toContain(
      'Nothing was run: the sandbox cannot be tested: bwrap: open: Too many open files',
    );
    expect(existsSync(join(home.work, 'ran'))).toBe(false);
    writeFileSync(again, '');
    await pod.run('again');
    const second = await pod.untilEntry('toolResult', ({ seq }) => seq > first.seq);
    await pod.untilSettled();
    expect(second.text).not.toContain('SECRET');
    expect(existsSync(join(home.work, 'ran'))).toBe(true);
  });

  it('[shell.self-test] a temporary folder that is missing changes nothing', async () => {
    const before = process.env['TMPDIR'];
    const folder = await tempFolder();
    process.env['TMPDIR'] = join(folder, 'gone');
    onTestFinished(() => {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    });
    expect(
      await sandboxed('echo fine', { cwd: folder, home: { ...noHome, state: join(folder, 'state') } }),
    ).toMatchObject({ text: 'fine' });
  });

  it('[shell.own-programs] cannot change what podkin itself runs, though its scope may', async () => {
    const scope = { read: [], write: [packageRoot] };
    for (const path of ['dist/pod-body.cjs', 'src/main.ts', 'new-file']) {
      const { text } = await sandboxed(`: >> '${join(packageRoot, path)}' && echo written`, { scope });
      expect(text, path).toContain('Read-only file system');
    }
    expect(existsSync(join(packageRoot, 'new-file'))).toBe(false);
  });

  it('[shell.signals] what it leaves in the background is named and ended', async () => {
    const sleep = ownSleep();
    const { text, isError } = await sandboxed(
      `${sleep} & setsid ${sleep}1 & (trap "" TERM; ${sleep}2) & echo done`,
    );
    expect(isError).toBeUndefined();
    expect(text).toMatch(/^done\n\[The shell left processes in the background, which were ended: /);
    for (const one of [sleep, `${sleep}1`, `${sleep}2`]) {
      expect(text).toContain(one);
      expect(running(one)).toEqual([]);
    }
  });

  it('[shell.signals] at the timeout it may say last words, and what ignores the request is ended', async () => {
    const sleep = ownSleep();
    const polite = await sandboxed(`trap "echo bye; exit 7" TERM; echo begun; ${sleep} & wait`, {
      timeoutMs: 500,
    });
    expect(polite.text).toMatch(/^begun\nbye\n\[Timed out after 500 ms/);
    const stubborn = await sandboxed(`trap "" TERM; setsid ${sleep} & ${sleep}`, { timeoutMs: 300 });
    expect(stubborn.text).toContain('Timed out after 300 ms');
    expect(running(sleep)).toEqual([]);
  });

  it('[shell.signals] a cancel ends it', async () => {
    const stop = new AbortController();
    const begun = deferred<void>();
    const sleep = ownSleep();
    const cancelled = sandboxed(`echo begun; ${sleep}`, {
      signal: stop.signal,
      progress: () => begun.resolve(),
    });
    await begun.promise;
    stop.abort();
    expect((await cancelled).text).toMatch(/^begun\n[^]*\[Cancelled after /);
    expect(running(sleep)).toEqual([]);
  });
});

describe.skipIf(!hasSandbox)('a pod and its shell', () => {
  it('[shell.pod] the sandbox is tested at the first command; neither keys nor sockets are in reach; the state is in `status`', async () => {
    const home = new TestHome();
    onTestFinished(() => home.close());
    const other = await home.startRoot({ name: 'other' });
    const connect = `${process.execPath} -e 'require("net").connect(${JSON.stringify(other.socket)}).on("connect", () => console.log("reached")).on("error", (e) => console.log(e.code))'`;
    const commands = [
      "cat /proc/[0-9]*/environ | tr '\\0' '\\n'; env",
      connect,
      `ls ${home.home.runtime} ${home.home.state}`,
      'echo mine > made',
    ];
    const calls = commands.map((command) => `      - Bash: ${JSON.stringify({ command })}`).join('\n');
    const pod = await home.startRoot({
      permissionMode: 'acceptEdits',
      sandbox: 'real',
      environment: { ANTHROPIC_API_KEY: 'sk-shell-test', GITHUB_TOKEN: 'ghp-shell-test' },
      scenario: `rules:\n  - last: user\n    call:\n${calls}\n  - say: done\n`,
    });
    expect(await pod.call('status', {})).toMatchObject({ sandbox: 'unknown' });
    await pod.run('go');
    await pod.untilSettled();
    const results = (await pod.entriesOf('toolResult')).map(({ text }) => text);
    expect(results).toHaveLength(commands.length);
    expect(results[0]).toContain('PATH=');
    expect(results[0]).not.toMatch(/sk-shell-test|ghp-shell-test/);
    // Refused by the filter on system calls; on a kernel without one the socket is not there.
    expect(results[1]).toMatch(/^(?:EACCES|ENOENT)/);
    expect(results[2]).not.toMatch(/\.sock|session\.jsonl/);
    await home.untilFile('made', 'mine\n');
    expect(readdirSync(home.work)).toEqual(['made']);
    expect(await pod.call('status', {})).toMatchObject({ sandbox: 'working' });
  });

  it("[shell.own-programs] the sandbox's program that the settings name is no tool's to change, though it lies in the scope", async () => {
    const home = new TestHome();
    onTestFinished(() => home.close());
    const program = join(home.work, 'bin', 'bwrap');
    await mkdir(join(home.work, 'bin'));
    await writeFile(program, '#!/bin/sh\nexec /usr/bin/bwrap "$@"\n', { mode: 0o755 });
    await mkdir(home.home.config, { recursive: true });
    await writeFile(join(home.home.config, 'config.toml'), `[sandbox]\nprogram = "${program}"\n`);
    const evil = 'echo evil > evil; exec /usr/bin/bwrap "$@"';
    const shells = [
      `echo '${evil}' >> bin/bwrap`,
      'rm -f bin/bwrap',
      'mv bin/bwrap bin/other',
      'mv bin other',
      `cp bin/bwrap b && mv -f b bin/bwrap`,
      'echo fine > made',
    ].map((command) => ({ Bash: { command } }));
    const calls = [...shells, { Write: { path: 'bin/bwrap', content: evil } }];
    const model = home.scenario(
      `rules:\n  - { last: user, call: ${JSON.stringify(calls)} }\n  - { say: done }\n`,
    );
    const ran = await home.run(['run', 'go', '-p', '--model', model, '--permission-mode', 'acceptEdits']);
    expect(ran.code, ran.stderr).toBe(4);
    const results = await home.pod('root').entriesOf('toolResult');
    const texts = results.filter(({ tool }) => tool === 'Bash').map(({ text }) => text);
    expect(texts).toHaveLength(shells.length);
    for (const text of texts.slice(0, -1)) expect(text).toMatch(/Read-only file system|busy/);
    expect(texts.at(-1)).toBe('(no output)');
    expect(results.find(({ tool }) => tool === 'Write')?.text).toContain(
      'belongs to the programs that podkin itself runs',
    );
    expect(readFileSync(program, 'utf8')).toBe('#!/bin/sh\nexec /usr/bin/bwrap "$@"\n');
  });

  it('[scope.other-home] the default home is not there for the shell of a pod of another home, existing or not', async () => {
    const home = new TestHome();
    onTestFinished(() => home.close());
    const state = join(home.path, '.local/state/podkin');
    const config = join(home.path, '.config/podkin');
    await mkdir(state, { recursive: true });
    await writeFile(join(state, 'log'), 'old\n');
    const command = `cat ${state}/log; echo new >> ${state}/log; mkdir -p ${config}; echo x > ${config}/config.toml; echo fine`;
    const pod = await home.startRoot({
      permissionMode: 'acceptEdits',
      sandbox: 'real',
      scope: { read: [home.path], write: [home.path] },
      scenario: `rules:\n  - { last: user, call: [{ Bash: ${JSON.stringify({ command })} }] }\n  - { say: done }\n`,
    });
    await pod.run('go');
    await pod.untilSettled();
    const [result] = await pod.entriesOf('toolResult');
    expect(result?.text).toContain('fine');
    expect(result?.text).not.toMatch(/^old$/m);
    expect(readFileSync(join(state, 'log'), 'utf8')).toBe('old\n');
    expect(existsSync(config)).toBe(false);
  });

  it('[shell.git-outside] [shell.failure-names] in a linked worktree git’s failure is explained, and the flags that the answer names help', async () => {
    const home = new TestHome();
    onTestFinished(() => home.close());
    const git = 'git -c user.name=a -c user.email=a@b -c init.defaultBranch=main';
    const made = `${git} init -q main && cd main && echo a > a && ${git} add a && ${git} commit -qm x && ${git} worktree add -q ../wt`;
    execFileSync('/bin/sh', ['-c', made], {
      cwd: home.work,
      env: { PATH: process.env['PATH'], HOME: home.path },
    });
    const model = home.scenario(
      'rules:\n  - { last: user, call: [{ Bash: { command: git status } }] }\n  - { say: done }\n',
    );
    const cwd = join(home.work, 'wt');
    const run = async (name: string, ...flags: string[]) => {
      const args = ['run', 'go', '-p', '--name', name, '--model', model, '--permission-mode', 'acceptEdits'];
      await home.run([...args, ...flags], { cwd });
      return (await home.pod(name).entriesOf('toolResult'))[0]?.text ?? '';
    };
    const told = await run('without');
    expect(told).toContain(`${cwd}/.git is a file that leads git to ${home.work}/main/.git/worktrees/wt`);
    const flags = /\(as (--write \S+ --read \S+)\)/.exec(told)?.[1]?.split(' ') ?? [];
    expect(flags).toHaveLength(4);
    expect(await run('with', ...flags)).toMatch(/^On branch wt/);
  });

  it("[shell.pod] what a child holds its parent's shell cannot write, and the child's shell writes nothing else", async () => {
    const home = new TestHome();
    onTestFinished(() => home.close());
    const root = await home.startRoot({
      permissionMode: 'acceptEdits',
      sandbox: 'real',
      scenario: `rules:
  - { pod: root, last: user, matches: spawn, call: [{ SpawnPod: { name: kid, task: go, write: [held] } }] }
  - { pod: root, last: user, matches: write, call: [{ Bash: { command: "echo root > held/root; echo root > root" } }] }
  - { pod: kid, last: user, call: [{ Bash: { command: "echo kid > held/kid; echo kid > kid" } }] }
  - { say: done }
`,
    });
    await root.run('spawn');
    await (await home.spawned('kid')).untilEntry('toolResult');
    await home.untilFile('held/kid', 'kid\n');
    await root.untilSettled();
    await root.run('write');
    await home.untilFile('root', 'root\n');
    await root.untilEntry('toolResult', ({ tool }) => tool === 'Bash');
    await root.untilSettled();
    expect(readdirSync(home.work).sort()).toEqual(['held', 'root']);
    expect(readdirSync(join(home.work, 'held'))).toEqual(['kid']);
  });

  it('[shell.pod-death] SIGKILL of the pod ends all that its shell runs, and leaves nothing in the folder', async () => {
    const home = new TestHome();
    onTestFinished(() => home.close());
    const sleep = ownSleep();
    const first = JSON.stringify({ command: `setsid ${sleep} & echo x > begun; ${sleep}` });
    const pod = await home.startRoot({
      permissionMode: 'acceptEdits',
      sandbox: 'real',
      scenario: `rules:\n  - matches: first\n    times: 1\n    call:\n      - Bash: ${first}\n  - matches: second\n    call:\n      - Bash: { command: "true" }\n    times: 1\n  - say: done\n`,
    });
    await pod.run('first');
    await home.untilFile('begun', 'x\n');
    await eventually(home.work, () => running(sleep).length === 2, 'both sleep');
    await pod.kill();
    await eventually(home.work, () => running(sleep).length === 0, 'the shell has ended');
    await pod.start();
    await pod.run('second');
    await pod.until('the second run', (entries) =>
      entries.some((entry) => entry.type === 'toolResult' && entry.text === '(no output)'),
    );
    expect(readdirSync(home.work)).toEqual(['begun']);
  });
});
