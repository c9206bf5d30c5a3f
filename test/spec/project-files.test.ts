/**
 * What podkin itself reads from a project, by real processes: instructions of pods and their children, the
 * project's settings, and where a run may begin.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProviderServer } from '../support/provider-server.ts';
import { TestHome } from '../support/rig.ts';
import { Terminal, hasTerminal } from '../support/terminal.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

describe('instructions', () => {
  let provider: ProviderServer;
  afterEach(() => provider.stop());

  it('[project.instructions] [project.child-instructions] [skills.places] a pod in a repository and its child are told what stands above them; a child that may read less is not', async () => {
    const systems = new Map<string, string>();
    provider = await ProviderServer.start('anthropic', ({ pod, nth, prompt }) => {
      systems.set(pod, prompt[0]?.text ?? '');
      if (pod !== 'root' || nth > 1) return { say: 'done' };
      return {
        call: [
          ['SpawnPod', { name: 'like', task: 'go' }],
          ['SpawnPod', { name: 'less', task: 'go', read: ['sub'] }],
        ],
      };
    });
    mkdirSync(join(home.work, '.git'));
    mkdirSync(join(home.work, 'packages/a/sub'), { recursive: true });
    mkdirSync(home.home.config, { recursive: true });
    writeFileSync(join(home.home.config, 'AGENTS.md'), 'OF-THE-PERSON');
    for (const [folder, name] of [
      [join(home.home.config, 'skills'), 'mine'],
      [join(home.work, '.agents/skills'), 'ours'],
    ] as const) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, 'SKILL.md'), `---\nname: ${name}\ndescription: SKILL-${name}\n---\n`);
    }
    home.file('AGENTS.md', 'RULES-OF-THE-ROOT');
    home.file('packages/a/AGENTS.md', 'RULES-OF-THE-PACKAGE');
    home.file('packages/a/sub/AGENTS.md', 'RULES-BELOW');
    const { code } = await home.run(['run', '-p', '--cwd', 'packages/a', 'go'], {
      environment: provider.environment,
    });
    expect(code).toBe(0);
    for (const name of ['root', 'like']) {
      const system = systems.get(name) ?? '';
      expect(system.indexOf('RULES-OF-THE-ROOT')).toBeGreaterThan(0);
      expect(system.indexOf('RULES-OF-THE-PACKAGE')).toBeGreaterThan(system.indexOf('RULES-OF-THE-ROOT'));
      expect(system).not.toContain('RULES-BELOW');
      expect(system).toContain('SKILL-ours\n- mine: SKILL-mine');
    }
    expect(systems.get('less')).toContain('less');
    expect(systems.get('less')).toContain('OF-THE-PERSON');
    expect(systems.get('less')).toContain('SKILL-mine');
    expect(systems.get('less')).not.toContain('SKILL-ours');
    expect(systems.get('less')).not.toContain('RULES');
  });

  it('[project.instructions-below] [project.user-instructions] [project.claude-file] files deeper down come with the result that touches them first, once, also of two calls at a time', async () => {
    const prompts: string[] = [];
    const calls: [string, object][][] = [
      [
        ['Read', { path: 'sub/deep/a.txt' }],
        ['Grep', { pattern: 'x', path: 'sub/deep' }],
      ],
      [['Write', { path: 'sub/new/b.txt', content: 'b' }]],
      [['Read', { path: 'sub/deep/a.txt' }]],
      [['Read', { path: 'own/AGENTS.md' }]],
      [['Read', { path: 'own/a.txt' }]],
    ];
    provider = await ProviderServer.start('anthropic', ({ nth, prompt }) => {
      prompts.push(JSON.stringify(prompt));
      const call = calls[nth - 1];
      return call === undefined ? { say: 'done' } : { call };
    });
    mkdirSync(join(home.work, '.git'));
    for (const folder of ['sub/deep', 'sub/new', 'own'])
      mkdirSync(join(home.work, folder), { recursive: true });
    mkdirSync(home.home.config, { recursive: true });
    writeFileSync(join(home.home.config, 'AGENTS.md'), 'RULES-OF-THE-PERSON');
    home.file('CLAUDE.md', 'RULES-OF-THE-ROOT');
    home.file('sub/CLAUDE.md', 'RULES-OF-SUB');
    home.file('sub/deep/AGENTS.md', 'RULES-OF-DEEP');
    home.file('sub/deep/a.txt', 'x');
    home.file('sub/new/AGENTS.md', 'RULES-OF-NEW');
    home.file('own/AGENTS.md', 'RULES-OF-OWN');
    home.file('own/a.txt', 'x');
    const { code } = await home.run(['run', '-p', 'go'], { environment: provider.environment });
    expect(code).toBe(0);
    const times = (text: string) => prompts.map((prompt) => prompt.split(text).length - 1);
    expect(times('RULES-OF-THE-PERSON')).toEqual([1, 1, 1, 1, 1, 1]);
    expect(times('RULES-OF-THE-ROOT')).toEqual([1, 1, 1, 1, 1, 1]);
    expect(times('RULES-OF-SUB')).toEqual([0, 1, 1, 1, 1, 1]);
    expect(times('RULES-OF-DEEP')).toEqual([0, 1, 1, 1, 1, 1]);
    expect(times('RULES-OF-NEW')).toEqual([0, 0, 1, 1, 1, 1]);
    expect(times('RULES-OF-OWN')).toEqual([0, 0, 0, 0, 1, 1]);
    const log = readFileSync(join(home.home.state, 'pods/root/session.jsonl'), 'utf8');
    expect(log.split('"instructed"').length - 1).toBe(3);
  });

  it('[project.instructions-said] a pipe and a link to the keys hang nothing, reach no prompt, and are said in the log and on stderr', async () => {
    let system = '';
    provider = await ProviderServer.start('anthropic', ({ prompt }) => {
      system = prompt[0]?.text ?? '';
      return { say: 'done' };
    });
    mkdirSync(join(home.work, '.git'));
    mkdirSync(join(home.work, 'a'));
    execFileSync('mkfifo', [join(home.work, 'AGENTS.md')]);
    symlinkSync('/proc/self/environ', join(home.work, 'a/AGENTS.md'));
    const ran = await home.run(['run', '-p', '--cwd', 'a', 'go'], { environment: provider.environment });
    expect(ran.code).toBe(0);
    expect(system).not.toContain('ANTHROPIC_API_KEY');
    const log = readFileSync(join(home.home.state, 'pods/root/session.jsonl'), 'utf8');
    for (const why of ['is no regular file', 'is or goes through a link that leads out of its folder']) {
      const said = `Left out, as it ${why}: ${home.path}`;
      expect(ran.stderr).toContain(`root: ! ${said}`);
      expect(log).toContain(`"code":"instructionsLeftOut","text":"${said}`);
    }
  });
});

const scenario = 'rules: [{ say: "done" }]';

describe('settings and places', () => {
  const wanting = 'instructions = "Theirs."\n[sandbox]\nnetwork = true\n';
  const pods = (name: string) => readFileSync(join(home.home.state, 'pods', name, 'pod.json'), 'utf8');

  function project(text: string): void {
    mkdirSync(join(home.work, '.podkin'), { recursive: true });
    home.file('.podkin/config.toml', text);
  }

  it('[config.project-trust] under -p and without a terminal what a project wants is ignored and said', async () => {
    project(wanting);
    const args = ['--model', home.scenario(scenario), 'go'];
    for (const more of [['-p'], ['-d', '--name', 'second'], ['--name', 'third']]) {
      const { code, stderr } = await home.run(['run', ...more, ...args]);
      expect(code).toBe(0);
      expect(stderr).toContain('.podkin/config.toml: instructions, sandbox ignored; a person has to trust');
    }
    expect(pods('root')).toContain('"instructions":null');
    expect(pods('root')).toContain('"network":false');
    expect((await home.run(['stop', 'second'])).code).toBe(0);
  });

  it.skipIf(!hasTerminal)(
    '[config.project-trust] on a terminal it is asked once, with control characters visible, and a yes is remembered',
    async () => {
      project('instructions = "Theirs.\\u001b[2J hidden"\n');
      const model = home.scenario(scenario);
      const first = new Terminal(home, ['run', '--model', model, 'go']);
      const screen = await first.until('the question', (text) => text.includes('y: yes'));
      expect(screen).toContain('  │   Theirs.<U+001B>[2J hidden');
      first.type('y');
      first.press('Enter');
      await first.until('the end', (text) => text.includes('status 0'));
      expect(pods('root')).toContain('Theirs.');
      const { code, stderr } = await home.run(['run', '-p', '--model', model, '--name', 'again', 'go']);
      expect([code, stderr]).toEqual([0, '']);
      expect(pods('again')).toContain('Theirs.');
    },
  );

  it.skipIf(!hasTerminal)(
    '[config.trust-pages] a text longer than the screen is read to its end before a yes counts, and shown again after Ctrl-Z',
    async () => {
      const lines = Array.from({ length: 70 }, (_, at) => `line ${at + 1}.`);
      project(`instructions = """\n${lines.join('\n')}\n"""\n`);
      const model = home.scenario(scenario);
      const terminal = Terminal.shell(home);
      terminal.command(['run', '--model', model, 'go']);
      const line = (text: string) => {
        terminal.type(text);
        terminal.press('Enter');
      };
      const times = (text: string, part: string | RegExp) => text.split(part).length - 1;
      const first = await terminal.until('the first page', (text) => text.includes('Enter: read on'));
      expect(first).toMatch(/│ +line 32\.\n +rows 1 to 33 of 72\n/);
      expect(first).not.toContain('line 33.');
      expect(first).not.toContain('y: yes');
      line('y');
      await terminal.until('no yes yet', (text) => text.includes('no yes before all of it was shown'));
      terminal.press('C-z');
      await terminal.until('it is stopped', (text) => text.includes('Stopped'));
      line('fg');
      await terminal.until('the page again', (text) => times(text, 'rows 1 to 33 of 72') === 2);
      await terminal.until('the second page', (text) => {
        if (!text.includes('rows 34')) terminal.press('Enter');
        return /rows 34 to 66 of 72\n +Enter: read on/.test(text);
      });
      line('');
      await terminal.until('the last page', (text) => /rows 67 to 72 of 72\n.*\n +y: yes/.test(text));
      line('y');
      await terminal.until('the end', (text) => text.includes('root is done'));
      expect(pods('root')).toContain('line 70.');
    },
  );

  it('[config.project-odd] [cli.no-steering] a pipe is refused at once, and a key with control characters reaches no terminal as such', async () => {
    project('"\\u001b[2J\\u001b]0;title\\u0007" = 1\n');
    const model = home.scenario(scenario);
    const odd = await home.run(['run', '-p', '--model', model, 'go']);
    expect(odd.code).toBe(2);
    expect(odd.stderr).toContain('[2J');
    expect(odd.stderr).not.toMatch(/(?!\n)\p{Cc}/u);
    const named = await home.run(['run', '-p', '--cwd', 'no\u001b[2Jwhere', 'go']);
    expect(named.code).toBe(2);
    expect(named.stderr).not.toMatch(/(?!\n)\p{Cc}/u);

    execFileSync('rm', [join(home.work, '.podkin/config.toml')]);
    execFileSync('mkfifo', [join(home.work, '.podkin/config.toml')]);
    const pipe = await home.run(['run', '-p', '--model', model, 'go']);
    expect([pipe.code, pipe.stderr.includes('is no regular file')]).toEqual([2, true]);
    const doctor = await home.run(['doctor', '--json']);
    expect(doctor.stdout).toContain('is no regular file');
  });

  it('[run.starting-place] in a home, in / and in a folder of temporary files a run has to be told what it may touch', async () => {
    const model = home.scenario(scenario);
    for (const place of [home.path, '/', '/tmp', tmpdir()]) {
      const { code, stderr } = await home.run(['run', '-p', '--model', model, 'go'], { cwd: place });
      expect([place, code]).toEqual([place, 2]);
      expect(stderr).toContain(`podkin: ${place} is a`.replace('/ is a', '/ is '));
      expect(stderr).toContain('--read, --write or --cwd');
    }
    for (const more of [
      ['--read', 'work'],
      ['--write', 'work'],
      ['--cwd', '.'],
    ]) {
      const { code, stderr } = await home.run(
        ['run', '-p', '--model', model, ...more, '--name', more[0]!.slice(2), 'go'],
        { cwd: home.path },
      );
      expect([more, code, stderr]).toEqual([more, 0, '']);
    }
  });

  it.skipIf(!hasTerminal)(
    '[run.typed-before] what was typed before its question was shown answers nothing, whole line or begun',
    async () => {
      const model = home.scenario(scenario);
      const own = { HOME: home.work };
      const terminal = new Terminal(home, ['run', '--model', model, 'go'], own);
      // As fast as it can be: the command has not even begun to look where it is.
      terminal.type('y');
      terminal.press('Enter');
      terminal.type('y');
      const asked = await terminal.until('the answers', (text) => text.includes('y: yes'));
      expect(asked).toMatch(
        /Start here all the same\?\nWhat was typed before this could be read does not count\.\n/,
      );
      terminal.type('n');
      terminal.press('Enter');
      await terminal.until('the end', (text) => text.includes('status 2'));
    },
  );

  it.skipIf(!hasTerminal)(
    '[run.asked-first] keys are read after a question at the start: an answer, and Ctrl-C',
    async () => {
      const shell = 'rules: [{ last: user, call: [{ Bash: { command: "echo hi" } }] }, { say: "done" }]';
      const args = ['run', '--model', home.scenario(shell), 'go'];
      const begun = async () => {
        const terminal = new Terminal(home, args, { HOME: home.work });
        await terminal.until('the first question', (text) => text.includes('y: yes'));
        terminal.type('y');
        terminal.press('Enter');
        await terminal.until('the second question', (text) => text.includes('asks for Bash'));
        return terminal;
      };
      const answered = await begun();
      await answered.answer('y', 'root is answered: allow');
      await answered.until('the end', (text) => text.includes('status 0'));
      const left = await begun();
      left.press('C-c');
      await left.until('what a second one does', (text) => text.includes('Ctrl+C again stops the tree'));
      left.press('C-c');
      await left.until('the end', (text) => text.includes('status 130'));
    },
  );

  it.skipIf(!hasTerminal)('[run.starting-place] on a terminal it is asked', async () => {
    const model = home.scenario(scenario);
    const own = { HOME: home.work };
    const no = new Terminal(home, ['run', '--model', model, 'go'], own);
    await no.until('the question', (text) => text.includes('y: yes'));
    no.type('n');
    no.press('Enter');
    await no.until('the end', (text) => text.includes('status 2'));
    const yes = new Terminal(home, ['run', '--model', model, 'go'], own);
    await yes.until('the question', (text) => text.includes('y: yes'));
    yes.type('y');
    yes.press('Enter');
    await yes.until('the end', (text) => text.includes('status 0'));
  });
});
