/**
 * A person's program that makes and saves protected names all the while commands of four pods run in the
 * folder: no byte of it is lost.
 */
import { spawn } from 'node:child_process';
import { once as event } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { capable } from '../support/capable.ts';
import { type Runner, makeRunner } from '../support/crowd-shells.ts';
import type { RunnerTask } from '../support/shell-runner.ts';
import { sizeOf } from '../support/size.ts';
import { tempFolder } from '../unit/tools/bench-context.ts';

const can =
  capable('bubblewrap', () => existsSync('/usr/bin/bwrap')) &&
  capable('python3', () => existsSync('/usr/bin/python3'));
const pods = 4;
/** Of each pod. */
const commands = sizeOf('SHELL_SAVES', { short: 5, full: 500 });

/**
 * Each piece has an id of its own, which is written on stdout once it is saved: by a rename over what is
 * there (read, one more line, saved anew), by a new file that takes no other's place, at the end of a file in
 * place, and as a file in a folder. Now and then all of it is put by, so that the names are missing when some
 * command begins.
 */
const person = `import os, sys, time
os.chdir(sys.argv[1])
n = 0
def saved(): print(f"id-{n};", flush=True)
while True:
    n += 1
    what = n % 4
    try:
        if n % 40 == 0:
            for name in (".envrc", ".zshenv", ".npmrc", ".vscode"):
                if os.path.lexists(name): os.rename(name, f"kept/{n}{name}")
            time.sleep(0.1)
            continue
        if what == 0:
            old = open(".envrc").read() if os.path.exists(".envrc") else ""
            with open("draft", "w") as f: f.write(old + f"id-{n};\\n")
            os.rename("draft", ".envrc")
        elif what == 1:
            with open("draft", "w") as f: f.write(f"id-{n};\\n")
            try: os.link("draft", ".zshenv")
            finally: os.unlink("draft")
        elif what == 2:
            with open(".npmrc", "a") as f: f.write(f"id-{n};\\n")
        else:
            os.makedirs(".vscode", exist_ok=True)
            with open(f".vscode/{n}.json", "x") as f: f.write(f"id-{n};\\n")
        saved()
    except (FileExistsError, FileNotFoundError): pass
    time.sleep(0.003)
`;

/** The text of everything below a folder. */
function textBelow(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return textBelow(path);
      return entry.isFile() ? readFileSync(path, 'utf8') : '';
    })
    .join('');
}

describe.skipIf(!can)("a person's program that saves protected names all the while", () => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await makeRunner();
  });
  afterAll(() => runner.close());

  it.each([
    ['on the same disk', false],
    ['on another disk', true],
  ])(
    '[shell.set-aside-whole] each piece is in place or in the outputs, %s, and each that was moved is told',
    { timeout: 300_000 + commands * 20_000 },
    async (_, isElsewhere) => {
      if (isElsewhere && !capable('/dev/shm', () => existsSync('/dev/shm'))) return;
      const folder = await tempFolder();
      const work = join(folder, 'work');
      mkdirSync(join(work, 'kept'), { recursive: true });
      const base = isElsewhere ? realpathSync(mkdtempSync('/dev/shm/pk-saves-')) : join(folder, 'state/pods');
      onTestFinished(() => rmSync(base, { recursive: true, force: true }));
      const outputs = Array.from({ length: pods }, (__, pod) => join(base, `p${pod}/outputs`));
      const task = (pod: number): RunnerTask => ({
        program: null,
        network: false,
        permissionMode: 'acceptEdits',
        hidden: [join(folder, 'state')],
        state: join(folder, 'state'),
        outputDir: outputs[pod] ?? '',
        limits: {},
        calls: Array.from({ length: commands }, (__, index) => ({
          id: `${pod}-${index}`,
          command: 'sleep 0.1',
          cwd: work,
          scope: { read: [], write: [work] },
          timeoutMs: 60_000,
        })),
      });
      const program = spawn('/usr/bin/python3', ['-c', person, work], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      program.stdout.setEncoding('utf8').on('data', (piece: string) => (said += piece));
      const closed = event(program, 'close');
      const answers = await Promise.all(outputs.map((__, pod) => runner.run(task(pod))));
      program.kill('SIGKILL');
      await closed;
      const ids = said.split('\n').filter((line) => line !== '');
      const asideFolders = outputs.map((path) => join(path, 'set-aside')).filter((path) => existsSync(path));
      const moved = asideFolders.flatMap((path) =>
        readdirSync(path).flatMap((id) => readdirSync(join(path, id)).map((name) => join(path, id, name))),
      );
      const all = [work, ...asideFolders].map(textBelow).join('');
      expect(ids.length).toBeGreaterThan(commands);
      expect(moved.length).toBeGreaterThan(0);
      expect(ids.filter((id) => !all.includes(id))).toEqual([]);
      const told = answers.flat().filter(({ id }) => id === 'alert setAside');
      const untold = moved.filter(
        (path) =>
          !told.some(
            ({ text }) =>
              text.includes(path.replace(/\.before-\d+$/, '')) ||
              // Of very many the folder alone.
              text.endsWith(`${dirname(path)}. Whichever is yours, put it back from there.`),
          ),
      );
      expect(untold).toEqual([]);
      // Nothing of ours stays in the folder.
      const names = new Set(['.envrc', '.zshenv', '.npmrc', '.vscode', 'draft', 'kept']);
      expect(readdirSync(work).filter((name) => !names.has(name))).toEqual([]);
    },
  );
});
