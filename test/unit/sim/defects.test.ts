/** Each deliberate defect of the product is caught: by the seed that is kept for it, or within a search. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plugin, build } from 'esbuild';
import { describe, expect, it, vi } from 'vitest';
import { type SimDefect, simDefects } from '../../sim/defects.ts';

// Each plays in a process of its own: two at a time use two processors.
vi.setConfig({ maxConcurrency: 2 });

const root = fileURLToPath(new URL('../../..', import.meta.url));
const searched = 3_000;

describe.concurrent('defects', () => {
  for (const defect of simDefects) {
    it(`[sim.defects] ${defect.id} is caught: ${defect.breaks}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'podkin-defect-'));
      try {
        const program = await bundled(defect, folder);
        if ((await played(program, defect.seed, 1)) !== null) return;
        const found = await played(program, 1, searched);
        expect(found, `no violation in ${searched} histories`).not.toBeNull();
        console.log(`${defect.id}: seed ${defect.seed} shows it no more, ${found?.seed} does`);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }, 300_000);
  }

  it('[sim.defects] without one, the same program finds nothing in those seeds', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'podkin-defect-'));
    try {
      const program = await bundled(null, folder);
      for (const seed of new Set(simDefects.map((defect) => defect.seed)))
        expect(await played(program, seed, 1)).toBeNull();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 300_000);
});

async function played(program: string, from: number, count: number): Promise<{ seed: number } | null> {
  const { stdout, stderr } = await ran(program, from, count);
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`the program said no verdict: ${stderr.slice(-500)}`);
  const { failure } = JSON.parse(line) as { failure: { seed: number } | null };
  return failure;
}

/** It ends itself by a signal. */
async function ran(
  program: string,
  from: number,
  count: number,
): Promise<{ stdout: string; stderr: string }> {
  return await new Promise((resolve) => {
    const args = [program, String(from), String(count)];
    execFile(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 }, (_, stdout, stderr) =>
      resolve({ stdout, stderr }),
    );
  });
}

async function bundled(defect: SimDefect | null, folder: string): Promise<string> {
  const outfile = join(folder, 'run.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/sim/run.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@ai-sdk/*', 'undici', '@vscode/ripgrep'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    outfile,
    logLevel: 'error',
    plugins: defect === null ? [] : [withDefect(defect)],
  });
  return outfile;
}

function withDefect({ id, file, changes }: SimDefect): Plugin {
  const path = join(root, file);
  return {
    name: 'defect',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, (args) => {
        if (args.path !== path) return undefined;
        let text = readFileSync(path, 'utf8');
        for (const [whole, broken] of changes) {
          if (text.split(whole).length !== 2) throw new Error(`${id}: its text is not once in ${file}`);
          text = text.replace(whole, () => broken);
        }
        return { contents: text, loader: 'ts' };
      });
    },
  };
}
