/** A pod that is to commit, with real pods, git and a sandbox: what is offered, and what an answer opens. */
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { promiseKept } from '../support/promise-kept.ts';
import { commandFile, TestHome, type TestPod } from '../support/rig.ts';
import { Terminal } from '../support/terminal.ts';

const hasSandbox = existsSync('/usr/bin/bwrap') && existsSync('/usr/bin/git');
if (!hasSandbox) console.warn('NOT TESTED: without bubblewrap and git no pod has committed');

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const scenario = `
rules:
  - { last: user, matches: "run: (.*)", call: [{ Bash: { command: "{{match.1}}" } }] }
  - { say: "{{lastText}}" }
`;
const commit = (text: string) => `git add . && git -c user.name=a -c user.email=a@b commit -qm ${text}`;
const git = (...args: string[]) =>
  execFileSync('git', ['-C', home.work, ...args], { encoding: 'utf8' }).trim();
const log = () => {
  try {
    return git('log', '--format=%s').split('\n');
  } catch {
    return [];
  }
};
const repository = () => {
  git('init', '-q');
  writeFileSync(join(home.work, 'file'), 'one\n');
};
const store = () => join(realpathSync(home.work), '.git');
const result = async (root: TestPod) => (await root.entriesOf('toolResult')).at(-1)?.text ?? '';
const start = (permissionMode: string, more: Parameters<TestHome['startRoot']>[0] = {}) =>
  home.startRoot({ scenario, permissionMode, sandbox: 'real', ...more });

describe.skipIf(!hasSandbox)('a pod that is to commit', () => {
  it('[approval.git-offer] [approval.git-write] is let by one answer, from that call on and after a restore', async () => {
    repository();
    const root = await start('default');
    await root.run(`run: ${commit('one')}`);
    const asked = await root.untilEntry('approval');
    expect(asked).toMatchObject({ offers: { write: store() } });
    expect((await home.run(['approvals'])).stdout).toContain('or --write .git');
    const answered = await home.run(['approve', 'root', '--write', '.git']);
    expect(answered.code, answered.stderr).toBe(0);
    await root.untilSettled();
    expect(log(), await result(root)).toEqual(['one']);
    expect(readFileSync(join(home.home.state, 'scope.json'), 'utf8')).toContain(JSON.stringify(store()));
    await root.kill();
    await home.run(['restore', 'root']);
    writeFileSync(join(home.work, 'file'), 'two\n');
    await root.run(`run: ${commit('two')}`);
    const again = await root.untilEntry(
      'approval',
      (one) => one.state === 'asked' && one.request !== asked.request,
    );
    expect(again).not.toHaveProperty('offers');
    await home.run(['approve', 'root']);
    await root.untilSettled();
    expect(log(), await result(root)).toEqual(['two', 'one']);
    expect((await home.run(['verify'])).code).toBe(0);
  });

  it('[approval.git-once] in acceptEdits is asked about instead of failing, once', async () => {
    repository();
    const root = await start('acceptEdits');
    await root.run(`run: ${commit('one')}`);
    await root.untilEntry('approval');
    await home.run(['approve', 'root']);
    await root.untilSettled();
    expect(await result(root)).toContain('--write .git');
    await root.run(`run: ${commit('two')}`);
    await root.untilSettled();
    expect((await root.entriesOf('approval')).filter(({ state }) => state === 'asked')).toHaveLength(1);
    expect(log()).toEqual([]);
  });

  it('[approval.git-named] where nobody can be asked reads what to start it with', async () => {
    repository();
    const root = await start('acceptEdits', { permissions: { headless: true } });
    await root.run(`run: ${commit('one')}`);
    await root.untilSettled();
    expect(await root.entriesOf('approval')).toEqual([]);
    expect(await result(root)).toContain('--write .git beside its other paths');
    expect(log()).toEqual([]);
  });

  it('[approval.git-held] a .git that another pod holds is refused with its name, and the approval waits on', async () => {
    repository();
    const root = await start('default');
    await root.run(`run: ${commit('one')}`);
    await root.untilEntry('approval');
    const other = await home.run([
      'run',
      '-d',
      '--name',
      'other',
      '--model',
      home.scenario('rules:\n  - say: "hi"\n'),
      '--write',
      store(),
      '--',
      'x',
    ]);
    expect(other.code, other.stderr).toBe(0);
    const refused = await home.run(['approve', 'root', '--write', '.git']);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('held for writing by the pod "other"'),
    ]);
    const odd = await home.run(['approve', 'root', '--write', 'src']);
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining('--write .git')]);
    await home.run(['stop', 'other']);
    const answered = await home.run(['approve', 'root', '--write', '.git']);
    expect(answered.code, answered.stderr).toBe(0);
    await root.untilSettled();
    expect(log(), await result(root)).toEqual(['one']);
  });

  it('[approval.git-write] opens nothing that is denied, and for a repository in a folder its own .git alone', async () => {
    repository();
    mkdirSync(join(home.work, 'sub'));
    execFileSync('git', ['-C', join(home.work, 'sub'), 'init', '-q']);
    const work = realpathSync(home.work);
    const root = await start('default', {
      scope: {
        read: [work],
        write: [work],
        deny: [{ path: join(work, 'sub', '.git', 'config'), right: 'write' }],
      },
    });
    await root.run('run: cd sub && echo x > f && git add f && echo evil >> .git/config; git -C .. add file');
    await root.untilEntry('approval');
    await home.run(['approve', 'root', '--write', join(work, 'sub', '.git')]);
    await root.untilSettled();
    expect(
      execFileSync('git', ['-C', join(work, 'sub'), 'diff', '--cached', '--name-only'], { encoding: 'utf8' }),
    ).toBe('f\n');
    expect(readFileSync(join(work, 'sub', '.git', 'config'), 'utf8')).not.toContain('evil');
    expect(git('diff', '--cached', '--name-only')).toBe('');
  });

  it('[approval.git-write] at a terminal one key lets it', async () => {
    repository();
    const root = await start('acceptEdits');
    await root.run(`run: ${commit('one')}`);
    const terminal = new Terminal(home, ['attach', 'root']);
    await terminal.until('the offer', (screen) => screen.includes('w lets it write'));
    await terminal.answer('w', 'from now on.');
    await root.untilSettled();
    expect(log(), await result(root)).toEqual(['one']);
  });
});

describe.skipIf(!hasSandbox)('a repository that a pod has made itself', () => {
  const asked = async (root: TestPod) =>
    (await root.entriesOf('approval')).filter(({ state }) => state === 'asked').length;

  it('[shell.own-repository] is its own to commit to, over a restore and in a folder too, without a question', async () => {
    const root = await start('acceptEdits');
    await root.run('run: git init -q && echo sub > .gitignore && mkdir sub && git init -q sub');
    await root.untilSettled();
    await root.run(`run: ${commit('one')}`);
    await root.untilSettled();
    expect(log(), await result(root)).toEqual(['one']);
    await root.kill();
    await home.run(['restore', 'root']);
    await root.run(`run: echo two > file && ${commit('two')} && git gc -q`);
    await root.untilSettled();
    await root.run(`run: cd sub && echo x > f && ${commit('sub')}`);
    await root.untilSettled();
    expect(log(), await result(root)).toEqual(['two', 'one']);
    expect(
      execFileSync('git', ['-C', join(home.work, 'sub'), 'log', '--format=%s'], { encoding: 'utf8' }),
    ).toBe('sub\n');
    expect(await asked(root)).toBe(0);
    expect((await root.entriesOf('repositoryMade')).map(({ path }) => path).toSorted()).toEqual(
      [store(), join(realpathSync(home.work), 'sub', '.git')].toSorted(),
    );
    expect(await root.entriesOf('alert')).toEqual([]);
  });

  it('[shell.own-repository-judged] is set aside whole where a command makes it lead git elsewhere', async () => {
    const root = await start('acceptEdits');
    await root.run(`run: git init -q && ${commit('one')} --allow-empty`);
    await root.untilSettled();
    await root.run('run: printf "#!/bin/sh\\n" > .git/hooks/pre-commit');
    await root.untilSettled();
    expect(existsSync(store()), await result(root)).toBe(false);
    expect(await root.untilEntry('alert')).toMatchObject({
      code: 'setAside',
      text: expect.stringContaining('a repository that the pod has made'),
    });
    const { text } = await root.untilEntry('alert');
    const kept = /mv -n (\S+) /.exec(text)?.[1] ?? '';
    expect(execFileSync('git', ['--git-dir', kept, 'log', '--format=%s'], { encoding: 'utf8' })).toBe(
      'one\n',
    );
  });

  it('[shell.own-repository-judged] that a person has given a hook stays, read-only, and is asked about', async () => {
    const root = await start('acceptEdits');
    await root.run('run: git init -q && echo one > file');
    await root.untilSettled();
    writeFileSync(join(store(), 'hooks', 'post-commit'), '#!/bin/sh\n');
    await root.run(`run: ${commit('one')}`);
    await root.untilEntry('approval');
    await home.run(['approve', 'root']);
    await root.untilSettled();
    expect([log(), existsSync(join(store(), 'hooks', 'post-commit'))]).toEqual([[], true]);
    expect(await root.entriesOf('alert')).toEqual([]);
  });

  it('[shell.own-repository] is not one that a person has put in its place, nor one that no git command made', async () => {
    const root = await start('acceptEdits');
    await root.run('run: git init -q && echo one > file');
    await root.untilSettled();
    await root.run('run: mkdir -p hand/.git/objects && echo x > hand/.git/HEAD');
    await root.untilSettled();
    expect((await root.entriesOf('repositoryMade')).map(({ path }) => path)).toEqual([store()]);
    rmSync(store(), { recursive: true });
    git('init', '-q');
    await root.run(`run: ${commit('one')}`);
    await root.untilEntry('approval');
    await home.run(['approve', 'root', '--deny']);
    await root.untilSettled();
    expect(log()).toEqual([]);
  });
});

const isRoot = process.getuid?.() === 0;
const ordinary = 65_534;

describe.skipIf(!hasSandbox || !isRoot)('as an ordinary user', () => {
  it('[shell.own-repository] [approval.git-write] a pod commits to its own repository, and to a person’s by their answer', () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pk-user-')));
    try {
      const work = join(folder, 'work');
      mkdirSync(work);
      writeFileSync(join(folder, 's.yaml'), scenario);
      for (const path of [folder, work]) chownSync(path, ordinary, ordinary);
      const environment = { PATH: process.env['PATH'], HOME: folder, PODKIN_HOME: join(folder, 'home') };
      const user = ['setpriv', `--reuid=${ordinary}`, `--regid=${ordinary}`, '--clear-groups'];
      const as = (...command: string[]) => {
        const [program = '', ...args] = [...user, ...command];
        return execFileSync(program, args, { cwd: work, env: environment, encoding: 'utf8' });
      };
      const podkin = (...args: string[]) => as(process.execPath, commandFile, ...args);
      const model = `script/${join(folder, 's.yaml')}`;
      podkin(
        'run',
        '-d',
        '--name',
        'own',
        '--permission-mode',
        'acceptEdits',
        '--model',
        model,
        'run: git init -q own',
      );
      podkin('wait', 'own');
      podkin('send', 'own', '--wait', `run: cd own && echo 1 > file && ${commit('one')}`);
      expect(as('git', '-C', join(work, 'own'), 'log', '--format=%s')).toBe('one\n');
      podkin('stop', 'own');
      as('git', 'init', '-q');
      podkin(
        'run',
        '-d',
        '--name',
        'other',
        '--permission-mode',
        'acceptEdits',
        '--model',
        model,
        `run: echo own > .gitignore && ${commit('two')}`,
      );
      for (let asked = '[]'; asked.trim() === '[]';) asked = podkin('approvals', '--json');
      podkin('approve', 'other', '--write', '.git');
      podkin('wait', 'other');
      expect(as('git', 'log', '--format=%s')).toBe('two\n');
      podkin('stop', 'other');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
