/**
 * Several pods' shells in one folder at once, each in a process of its own, while somebody looks at the
 * folder all the while.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { RunnerAnswer, RunnerTask } from './shell-runner.ts';

export interface Runner {
  /** `become`: a command line that runs the rest as another user. */
  run(task: RunnerTask, become?: readonly string[]): Promise<RunnerAnswer[]>;
  close(): void;
}

/** The Bash tool as a program. */
export async function makeRunner(): Promise<Runner> {
  const folder = mkdtempSync(join(tmpdir(), 'pk-runner-'));
  const bundle = join(folder, 'runner.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('shell-runner.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: bundle,
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  chmodSync(folder, 0o755);
  return {
    run: (task, become = []) =>
      new Promise((resolve, reject) => {
        const line: string[] = [...become, process.execPath, bundle];
        const child = spawn(line[0] ?? '', line.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
        let text = '';
        child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        child.once('error', reject);
        child.once('close', (code) => {
          if (code !== 0) reject(new Error(`the runner ended with ${code}`));
          else
            resolve(
              text
                .trim()
                .split('\n')
                .map((line) => JSON.parse(line) as RunnerAnswer),
            );
        });
        // One that ends before it has read all of it is judged by its exit.
        child.stdin.on('error', () => undefined);
        child.stdin.end(JSON.stringify(task));
      }),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Names that were ever seen in a folder, and what `git status` ever said about it. */
export interface Sampled {
  readonly names: ReadonlySet<string>;
  readonly statuses: ReadonlySet<string>;
  readonly looks: number;
}

/** Looks until `until` has settled. */
export async function sample(folder: string, until: Promise<unknown>): Promise<Sampled> {
  const names = new Set<string>();
  const statuses = new Set<string>();
  let looks = 0;
  const over = new AbortController();
  until.finally(() => over.abort()).catch(() => undefined);
  while (!over.signal.aborted) {
    for (const name of readdirSync(folder)) names.add(name);
    if (looks % 50 === 0) {
      statuses.add(
        execFileSync('git', ['status', '--porcelain', '--ignored'], { cwd: folder, encoding: 'utf8' }),
      );
    }
    looks += 1;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return { names, statuses, looks };
}
