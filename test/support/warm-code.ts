/**
 * The code cache that both programs keep in a home, made once a run and copied into the home of each test: a
 * person's second command has it too, and a test's home is always a new one.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeFolder, homeOf } from '../../src/session/home/places.ts';

const variable = 'PODKIN_TEST_CODE';

/** What most tests have a pod do: its functions are in the cache that the root leaves at its end. */
const work = `
rules:
  - pod: root
    last: user
    call:
      - { Bash: { command: "echo a > a" } }
      - { Write: { path: "b", content: "one" } }
      - { Read: { path: "b" } }
      - { Edit: { path: "b", old: "one", new: "two" } }
      - { SpawnPod: { name: a, task: "go", read: ["."] } }
  - { say: done }
`;

/** For the processes that are started from now on; what it answers removes it. */
export function warmCode(commandFile: string): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'podkin-code-'));
  const cwd = join(folder, 'work');
  mkdirSync(cwd);
  const model = join(folder, 'model.yaml');
  writeFileSync(model, work);
  const env = { PATH: process.env['PATH'], HOME: folder, PODKIN_HOME: join(folder, 'h') };
  const words = ['run', '-p', 'warm', '--permission-mode', 'bypassPermissions', '--model', `script/${model}`];
  execFileSync(process.execPath, [commandFile, ...words], {
    cwd,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.env[variable] = codeFolder(homeOf(env).state);
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Where a run has none, the home begins cold. */
export function putWarmCode(state: string): void {
  const from = process.env[variable];
  if (from === undefined || !existsSync(from)) return;
  const to = codeFolder(state);
  mkdirSync(to, { recursive: true, mode: 0o700 });
  // Copies, not links: some tests damage them or give them to another user.
  for (const name of readdirSync(from)) copyFileSync(join(from, name), join(to, name));
}
