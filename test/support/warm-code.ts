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

/** For the processes that are started from now on; what it answers removes it. */
export function warmCode(commandFile: string): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'podkin-code-'));
  const work = join(folder, 'work');
  mkdirSync(work);
  const model = join(folder, 'model.yaml');
  writeFileSync(model, 'rules:\n  - say: done\n');
  const env = { PATH: process.env['PATH'], HOME: folder, PODKIN_HOME: join(folder, 'h') };
  execFileSync(process.execPath, [commandFile, 'run', '-p', 'warm', '--model', `script/${model}`], {
    cwd: work,
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
