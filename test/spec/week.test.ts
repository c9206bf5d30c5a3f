/**
 * A person's week with podkin, typed into one shell of a real terminal: work that is cut, gone on with, lost
 * with the machine, in two projects, from pipes and by requests, and cleared away in the end.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { podPlaces } from '../../src/session/home/home.ts';
import { livingPods } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, commandFile, gone } from '../support/rig.ts';
import { Terminal, hasTerminal } from '../support/terminal.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

/** "build" hands its work to a child, whose command waits for a file. */
const scenario = `
rules:
  - { pod: worker, last: user, call: [{ Bash: { command: "until [ -e go ]; do sleep 0.02; done; echo went" } }] }
  - { pod: worker, say: "The worker is done." }
  - { last: user, matches: "^build", say: "I hand it down.", call: [{ SpawnPod: { name: worker, task: "work", write: ["part"] } }] }
  - { last: user, matches: "<stdin>", say: "I have read the change." }
  - { last: user, matches: "^then", say: "That is done too." }
  - { last: user, say: "Something else is done." }
  - { say: "All of it is built." }
`;

/** A shell in which what was typed has ended when its mark is on the screen. */
class Shell {
  readonly terminal: Terminal;
  #typed = 0;

  constructor() {
    this.terminal = Terminal.shell(home);
    this.type(
      `podkin() { "${process.execPath}" "${commandFile}" "$@"; }; export PODKIN_MODEL=${home.scenario(scenario)} PODKIN_PERMISSION_MODE=bypassPermissions; PS1='$ '`,
    );
  }

  type(line: string): void {
    this.terminal.type(line);
    this.terminal.press('Enter');
  }

  /** Answers what it has printed. */
  async run(line: string, status = 0): Promise<string> {
    this.#typed += 1;
    const [from, to] = [`from-${this.#typed}`, `to-${this.#typed}`];
    this.type(`clear; echo ${from}; ${line}; echo ${to} $?`);
    return await this.printed(from, to, status);
  }

  async printed(from: string, to: string, status: number): Promise<string> {
    const end = new RegExp(`^${to} \\d+$`, 'm');
    const screen = await this.terminal.until(`the end of ${to}`, (text) => end.test(text));
    expect(screen).toContain(`${to} ${status}`);
    return screen.slice(screen.lastIndexOf(`${from}\n`), screen.search(end));
  }
}

/** Every process of a pod is gone at once. */
async function reboot(): Promise<void> {
  home.expectsNoSockets = false;
  const pods = podPlaces(home.home).map((place) => home.pod(place));
  const processes = await Promise.all(pods.map((pod) => pod.process()));
  await Promise.all(pods.map((pod) => pod.signal('SIGKILL')));
  await Promise.all(processes.map((one) => gone(one)));
}

it.runIf(hasTerminal)(
  "[week.terminal] a person's week in one shell: cut, gone on with, lost with the machine, two projects, pipes, requests, cleared away",
  async () => {
    const shell = new Shell();
    mkdirSync(join(home.work, 'part'));
    // Monday: the work is cut by Ctrl-C, and gone on with.
    shell.type('clear; podkin run "build the parser"');
    await (await home.spawned('worker')).untilEntry('toolCall');
    shell.terminal.press('C-c');
    await shell.terminal.until('what a second one does', (screen) =>
      screen.includes('Ctrl+C again stops the tree'),
    );
    shell.terminal.press('C-c');
    await shell.terminal.until('how to go on', (screen) =>
      screen.includes('To go on where it was: podkin run -c root'),
    );
    home.file('go');
    expect(await shell.run('podkin run -c')).toContain('root is done');
    expect(await shell.run('podkin run -c "then the tests"')).toContain('That is done too.');

    // Tuesday: the machine goes down in the middle of the work.
    await shell.run('podkin run -d --name tuesday "build the printer"');
    await shell.run('podkin wait tuesday');
    await reboot();
    expect(await shell.run('podkin ps -a')).toContain('dead');
    expect(await shell.run('podkin run -c tuesday "then the docs"')).toContain('That is done too.');

    // Wednesday: a second project, whose tree has a child of the same name.
    const second = join(home.path, 'second');
    mkdirSync(join(second, 'part'), { recursive: true });
    writeFileSync(join(second, 'go'), '');
    await shell.run(`cd ${second}`);
    expect(await shell.run('podkin run -p --name other "build the site"')).toContain('All of it is built.');
    expect(await shell.run('podkin logs worker', 2)).toMatch(
      /other\/worker[^]*root\/worker[^]*tuesday\/worker/,
    );
    expect(await shell.run('podkin logs other/worker')).toContain('The worker is done.');
    expect(await shell.run('podkin run -p -c "then more"')).toContain('That is done too.');

    // Thursday: from a pipe, without a command, and again after a lost answer.
    expect(await shell.run('echo "+ a line" | podkin run -p "review this"')).toContain(
      'I have read the change.',
    );
    expect(await shell.run('podkin "say something else"')).toContain('Something else is done.');
    const twice = 'podkin run -p --request job-1 "do it once"';
    expect(await shell.run(twice)).toContain('Something else is done.');
    expect(await shell.run(twice)).toContain('Something else is done.');
    await shell.run('podkin run -p --request job-1 "do another"', 6);

    // Friday: what has ended is cleared away.
    expect(await livingPods(home)).toEqual([]);
    await promiseKept(home);
    await shell.run('podkin prune');
    expect(await shell.run('podkin ps -a -q | wc -l')).toMatch(/^0$/m);
  },
  300_000,
);
