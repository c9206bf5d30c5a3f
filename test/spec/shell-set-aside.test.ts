/**
 * Protected names that come to be while a command runs: set aside whole and told, and never anything that was
 * there before.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { once as event } from 'node:events';
import { deferred } from '../../src/std/deferred.ts';
import { badRepositories } from '../support/bad-repositories.ts';
import { place } from '../support/set-aside-place.ts';
import { TestHome, eventually } from '../support/rig.ts';

const done = { exitCode: 0, isTimedOut: false };

const hasSandbox = existsSync('/usr/bin/bwrap');
if (!hasSandbox) console.warn('NOT TESTED: bubblewrap is not installed, so nothing was set aside');

const sameDisk = process.platform === 'linux' && existsSync('/dev/shm');

describe.skipIf(!hasSandbox)('protected names that come to be while a command runs', () => {
  it('[shell.set-aside] go into the outputs whole, by the name they had; the model and the person are told, and the line given puts them back', async () => {
    const at = await place();
    const answer = await at.bash(
      'echo own > text; echo run > .envrc; mkdir -p t/deep; echo task > t/deep/tasks.json; mv t .vscode; ln -s /etc/hostname .npmrc; exit 0',
    );
    expect(answer.isError).toBeUndefined();
    expect(readdirSync(at.work)).toEqual(['text']);
    const aside = at.aside();
    expect([...aside.keys()].sort()).toEqual(['.envrc', '.npmrc', '.vscode']);
    expect(readFileSync(aside.get('.envrc') ?? '', 'utf8')).toBe('run\n');
    expect(readlinkSync(aside.get('.npmrc') ?? '')).toBe('/etc/hostname');
    expect(readFileSync(join(aside.get('.vscode') ?? '', 'deep/tasks.json'), 'utf8')).toBe('task\n');
    expect(at.alerts.map(({ code }) => code)).toEqual(['setAside', 'setAside', 'setAside']);
    for (const [name, path] of aside) {
      expect(answer.text).toContain(
        `${join(at.work, name)} came to be while the command ran and was set aside to ${path}`,
      );
      const alert = at.alerts.find(({ text }) => text.startsWith(`${join(at.work, name)} was set aside.`));
      const line = /put it back: (.*)/.exec(alert?.text ?? '')?.[1] ?? 'false';
      execFileSync('/bin/sh', ['-c', line]);
    }
    expect(readdirSync(at.work).sort()).toEqual(['.envrc', '.npmrc', '.vscode', 'text']);
    expect([...at.aside().keys()]).toEqual([]);
    // They were there before the next command, so that one cannot change them, and nothing moves them.
    const next = await at.bash('echo more >> .envrc; rm -rf .vscode; ls -A');
    expect(next.text).toContain('Read-only file system');
    expect(readdirSync(at.work).sort()).toEqual(['.envrc', '.npmrc', '.vscode', 'text']);
    expect(readFileSync(join(at.work, '.envrc'), 'utf8')).toBe('run\n');
  });

  it('[shell.protected-links] a protected link leaves what is beside it writable, and nothing takes its place', async () => {
    const at = await place();
    mkdirSync(join(at.work, '../shared'));
    symlinkSync('../shared', join(at.work, '.git'));
    mkdirSync(join(at.work, 'sub'));
    writeFileSync(join(at.work, 'sub/real'), 'of a person');
    symlinkSync('real', join(at.work, 'sub/hop'));
    symlinkSync('sub/hop', join(at.work, '.envrc'));
    const built = await at.bash('mkdir build && echo x > build/out && echo y > out && ls -A');
    expect(built).toEqual({ text: '.envrc\n.git\nbuild\nout\nsub', ended: done });
    expect(at.alerts).toEqual([]);
    const held = await at.bash('echo evil >> .envrc; echo end');
    expect(held.text).toMatch(/Read-only file system[^]*end/);
    expect(readFileSync(join(at.work, 'sub/real'), 'utf8')).toBe('of a person');
    for (const [command, name] of [
      ['echo evil > new; mv new .envrc', '.envrc'],
      ['ln -sfn evil .git', '.git'],
      ['rm sub/hop; echo evil > sub/hop', 'sub/hop'],
    ] as const) {
      const path = join(at.work, name);
      const led = readlinkSync(path);
      const answer = await at.bash(`${command}; sleep 300`);
      expect(answer, command).toMatchObject({ isError: true });
      expect(answer.text).toContain(`${path} was no longer protected: the link there, to ${led}, was moved`);
      expect(answer.text).toContain(`${path} came to be while the command ran and was set aside`);
      expect(existsSync(path)).toBe(false);
      expect([...at.aside().keys()]).toContain(name.split('/').at(-1));
      symlinkSync(led, path);
    }
    expect((await at.bash('ln -s ../shared same && mv -fT same .git && echo fine')).text).toContain('fine');
    expect(readlinkSync(join(at.work, '.git'))).toBe('../shared');
  });

  it('[shell.set-aside] it is done while the command still runs, for what others make there too', async () => {
    const at = await place();
    const begun = deferred<void>();
    const running = at.bash('echo begun; while [ ! -e stop ]; do sleep 0.02; done', {
      progress: () => begun.resolve(),
    });
    await begun.promise;
    writeFileSync(join(at.work, '.envrc'), 'a person wrote this');
    await eventually(at.work, () => at.aside().has('.envrc'), 'it is set aside');
    expect(at.alerts).toHaveLength(1);
    writeFileSync(join(at.work, 'stop'), '');
    expect((await running).text).toContain('was set aside');
    expect(readFileSync(at.aside().get('.envrc') ?? '', 'utf8')).toBe('a person wrote this');
  });

  it.skipIf(!sameDisk)(
    '[shell.set-aside] across file systems it is copied whole before it is removed',
    async () => {
      const at = await place('/dev/shm');
      await at.bash(
        'mkdir -p t/a; head -c 3000000 /dev/zero > t/a/big; ln -s nowhere t/link; mv t .vscode; echo x > .envrc',
      );
      expect(readdirSync(at.work)).toEqual([]);
      const vscode = at.aside().get('.vscode') ?? '';
      expect(readFileSync(join(vscode, 'a/big')).equals(Buffer.alloc(3_000_000))).toBe(true);
      expect(readlinkSync(join(vscode, 'link'))).toBe('nowhere');
      expect(readFileSync(at.aside().get('.envrc') ?? '', 'utf8')).toBe('x\n');
    },
  );

  for (const base of sameDisk ? [undefined, '/dev/shm'] : [undefined]) {
    it(`[shell.set-aside] a program that makes and saves protected names all the while loses no byte (${base ?? 'one file system'})`, async () => {
      const at = await place(base);
      // Each round makes one name anew and appends to it through the same descriptor; every content is said
      // on stdout when it is complete.
      const program = `const fs = require('fs'); const names = ['.envrc', '.npmrc', '.mcp.json'];
        for (let n = 0; n < 60; n += 1) {
          const name = names[n % 3];
          const fd = fs.openSync(name, 'a');
          fs.writeSync(fd, 'a' + n + ';');
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, n % 7);
          fs.writeSync(fd, 'b' + n + ';');
          fs.closeSync(fd);
        }`;
      const begun = deferred<void>();
      const running = at.bash('echo begun; while [ ! -e stop ]; do sleep 0.02; done', {
        progress: () => begun.resolve(),
      });
      await begun.promise;
      const person = spawn(process.execPath, ['-e', program], { cwd: at.work, stdio: 'ignore' });
      expect(await event(person, 'exit')).toEqual([0, null]);
      writeFileSync(join(at.work, 'stop'), '');
      await running;
      const root = join(at.outputs, 'set-aside');
      const folders = [at.work, ...readdirSync(root).map((id) => join(root, id))];
      const all = folders
        .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
        .map((path) => readFileSync(path, 'utf8'))
        .join('');
      const found = all
        .split(';')
        .filter((one) => one !== '')
        .sort();
      const expected = Array.from({ length: 60 }, (_, n) => [`a${n}`, `b${n}`])
        .flat()
        .sort();
      expect(found).toEqual(expected);
      expect(at.alerts.length).toBe(readdirSync(root).length);
    });
  }

  it('[scope.protected-variants] [scope.hooks-path] new ones of every variant are set aside, those that are there are read-only', async () => {
    const at = await place();
    mkdirSync(join(at.work, '.git'));
    writeFileSync(join(at.work, '.git/config'), '[core]\n\thooksPath = tools/hooks\n');
    writeFileSync(join(at.work, 'Old.Code-Workspace'), 'old');
    writeFileSync(join(at.work, '.VIMRC'), 'old');
    const made = [
      'lefthook-local.yml',
      '.pnpmfile.mjs',
      'opencode.jsonc',
      '.gdbinit',
      'new.code-workspace',
      '.KIRO',
    ];
    const { text } = await at.bash(
      `mkdir -p tools/hooks .github/hooks .cargo; touch tools/hooks/pre-commit .github/hooks/x .cargo/config.toml .cargo/kept
      for n in ${made.join(' ')}; do echo new > $n; done; for n in Old.Code-Workspace .VIMRC; do echo new > $n; done`,
    );
    expect(text).toContain('Read-only file system');
    expect([...at.aside().keys()].sort()).toEqual([...made, 'config.toml', 'hooks'].sort());
    expect(at.alerts).toHaveLength(made.length + 3);
    expect(readdirSync(at.work).sort()).toEqual([
      '.VIMRC',
      '.cargo',
      '.git',
      '.github',
      'Old.Code-Workspace',
      'tools',
    ]);
    expect(readdirSync(join(at.work, '.cargo'))).toEqual(['kept']);
    for (const name of ['Old.Code-Workspace', '.VIMRC'])
      expect(readFileSync(join(at.work, name), 'utf8')).toBe('old');
    mkdirSync(join(at.work, 'tools/hooks'));
    writeFileSync(join(at.work, 'tools/hooks/pre-commit'), 'mine');
    expect((await at.bash('echo x > tools/hooks/pre-commit')).text).toContain('Read-only file system');
    expect(readFileSync(join(at.work, 'tools/hooks/pre-commit'), 'utf8')).toBe('mine');
  });

  it('[shell.set-aside] nothing beyond the folder is touched, whatever links the command makes', async () => {
    const at = await place();
    const home = join(at.work, '..', 'home');
    mkdirSync(join(home, 'fish'), { recursive: true });
    writeFileSync(join(home, 'fish/config.fish'), 'mine');
    const scope = {
      read: [],
      write: [at.work],
      deny: [{ path: join(at.work, 'a/fish'), right: 'write' as const }],
    };
    await at.bash(`ln -s ${home} a`, { scope });
    expect(readFileSync(join(home, 'fish/config.fish'), 'utf8')).toBe('mine');
    expect(readlinkSync(at.aside().get('a') ?? '')).toBe(home);
  });

  it('[shell.set-aside] attention says so until nothing lies there any more, in status and in ps', async () => {
    const home = new TestHome();
    onTestFinished(() => home.close());
    const bash = JSON.stringify({ command: 'echo run > .envrc' });
    const pod = await home.startRoot({
      permissionMode: 'acceptEdits',
      sandbox: 'real',
      scenario: `rules:\n  - last: user\n    call:\n      - Bash: ${bash}\n  - say: done\n`,
    });
    await pod.run('go');
    const alert = await pod.untilEntry('alert', ({ code }) => code === 'setAside');
    expect(alert.text).toContain(`${home.work}/.envrc was set aside. If it is yours, put it back: mv -n `);
    await pod.untilSettled();
    expect(await pod.call('status', {})).toMatchObject({ attention: 'setAside' });
    execFileSync('/bin/sh', ['-c', /put it back: (.*)/.exec(alert.text)?.[1] ?? 'false']);
    expect(await pod.call('status', {})).toMatchObject({ attention: null });
    expect(readdirSync(home.work)).toEqual(['.envrc']);
  });
});

describe.skipIf(!hasSandbox)('a repository made while a command runs', () => {
  const git = 'git -c user.name=a -c user.email=a@b -c init.defaultBranch=main';

  it('[shell.git-judged] stays with ordinary settings, remotes and branches', async () => {
    const at = await place();
    const { text } = await at.bash(
      `${git} init -q && git remote add origin https://example.org/a.git && git config branch.main.remote origin && git config user.name me && echo x > a && git add a && ${git} commit -qm x && git branch objects/info/alternates && git commit-graph write --reachable --split && git log --oneline | wc -l`,
    );
    expect(text).toBe('1');
    expect(at.alerts).toEqual([]);
    expect((await at.bash('git config core.pager evil || git log --oneline | wc -l')).text).toContain('\n1');
    expect(existsSync(join(at.work, '.git/HEAD'))).toBe(true);
  });

  it('[shell.git-judged] stays as a clone of a local repository, whose objects are hard links', async () => {
    const at = await place();
    await at.bash(
      `${git} init -q one && cd one && echo x > a && ${git} add a && ${git} commit -qm x && ${git} clone -q . ../two`,
    );
    const folder = readdirSync(join(at.work, 'two/.git/objects')).find((name) => name.length === 2) ?? '';
    const [object = ''] = readdirSync(join(at.work, 'two/.git/objects', folder));
    expect(lstatSync(join(at.work, 'two/.git/objects', folder, object)).nlink).toBe(2);
    expect(at.alerts).toEqual([]);
  });

  for (const [what, command] of Object.entries(badRepositories)) {
    it(`[shell.git-judged] with ${what} is set aside whole`, async () => {
      const at = await place();
      await at.bash(command);
      expect(existsSync(join(at.work, '.git'))).toBe(false);
      expect([...at.aside().keys()]).toContain('.git');
      expect(at.alerts).toHaveLength(at.aside().size);
    });
  }

  it('[shell.git-judged] directly in a folder is judged too; what was there is not', async () => {
    const at = await place();
    mkdirSync(join(at.work, 'old'));
    execFileSync('git', ['init', '-q'], { cwd: join(at.work, 'old') });
    execFileSync('git', ['config', 'core.fsmonitor', './evil'], { cwd: join(at.work, 'old') });
    await at.bash(
      'git init -q good; git init -q evil; git -C evil config core.fsmonitor x; git -C old config core.pager x',
    );
    expect(readdirSync(join(at.work, 'evil'))).toEqual([]);
    expect(existsSync(join(at.work, 'good/.git/HEAD'))).toBe(true);
    const config = readFileSync(join(at.work, 'old/.git/config'), 'utf8');
    expect(config).toContain('evil');
    expect(config).not.toContain('pager');
  });

  it('[shell.git-judged] a granted .git is a repository of the pod’s own', async () => {
    const at = await place();
    mkdirSync(join(at.work, '.git'));
    const scope = { read: [], write: [at.work, join(at.work, '.git')] };
    const { text } = await at.bash('git init -q; git config core.fsmonitor x', { scope });
    expect(text).toBe('(no output)');
    expect(at.alerts).toEqual([]);
    expect(readFileSync(join(at.work, '.git/config'), 'utf8')).toContain('fsmonitor');
  });
});

describe.skipIf(!hasSandbox)('several commands in one folder', () => {
  it('[shell.set-aside-together] the earliest that runs decides: what it found there is not moved by a later one', async () => {
    const at = await place();
    writeFileSync(join(at.work, '.npmrc'), 'before');
    const wait = (name: string) => `echo begun; while [ ! -e ${name} ]; do sleep 0.02; done`;
    const first = deferred<void>();
    const early = at.bash(wait('stop1'), { call: 'one', progress: () => first.resolve() });
    await first.promise;
    // A person takes it away and puts it back: to the later command it is new.
    renameSync(join(at.work, '.npmrc'), join(at.work, 'kept'));
    const second = deferred<void>();
    const late = at.bash(wait('stop2'), { call: 'two', progress: () => second.resolve() });
    await second.promise;
    renameSync(join(at.work, 'kept'), join(at.work, '.npmrc'));
    writeFileSync(join(at.work, 'stop2'), '');
    await late;
    writeFileSync(join(at.work, 'stop1'), '');
    await early;
    expect(existsSync(join(at.work, '.npmrc')) || at.aside().has('.npmrc')).toBe(true);
  });

  it('[shell.set-aside-together] nothing is moved when no command runs, whatever a dead pod’s command has noted', async () => {
    const at = await place();
    await at.bash('true');
    writeFileSync(join(at.work, '.envrc'), 'mine');
    const state = join(at.outputs, '../../..');
    const note = { pid: 4_000_000, startTime: '1', bootId: 'gone', begun: '1' };
    writeFileSync(
      join(state, 'commands/dead.json'),
      JSON.stringify({ ...note, roots: [at.work], existing: [], missing: [join(at.work, '.envrc')] }),
    );
    await at.bash('true');
    expect(readFileSync(join(at.work, '.envrc'), 'utf8')).toBe('mine');
    expect(readdirSync(join(state, 'commands'))).toEqual([]);
  });
});

describe.skipIf(!hasSandbox)('what a protection is mounted on', () => {
  it('[shell.lost-mount] is saved anew by somebody: the command ends and its answer says why', async () => {
    const at = await place();
    writeFileSync(join(at.work, '.npmrc'), 'before');
    const begun = deferred<void>();
    const running = at.bash('echo begun; while :; do echo evil >> .npmrc; sleep 0.01; done 2>/dev/null', {
      progress: () => begun.resolve(),
    });
    await begun.promise;
    writeFileSync(join(at.work, 'new'), 'after');
    renameSync(join(at.work, 'new'), join(at.work, '.npmrc'));
    const { text, isError } = await running;
    expect(isError).toBe(true);
    expect(text).toMatch(
      /Ended after .* s, because .*\.npmrc was no longer protected: it was moved, removed or saved anew by somebody else/,
    );
    expect(at.aside().size).toBe(0);
  });

  it('[shell.lost-mount] is written in place: nothing ends', async () => {
    const at = await place();
    writeFileSync(join(at.work, '.npmrc'), 'before');
    const begun = deferred<void>();
    const running = at.bash('echo begun; while [ ! -e stop ]; do sleep 0.02; done; cat .npmrc', {
      progress: () => begun.resolve(),
    });
    await begun.promise;
    writeFileSync(join(at.work, '.npmrc'), 'after');
    writeFileSync(join(at.work, 'stop'), '');
    expect(await running).toEqual({ text: 'begun\nafter', ended: done });
  });
});
