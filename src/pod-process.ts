/**
 * A pod's process as it is shipped (`dist/pod.cjs`): takes the pod itself (`dist/pod-body.cjs`) in with V8's
 * code cache and runs it; `main.ts` with
 * `__pod` is this file again. It ends the process, as `main.ts` does: what is left of a pod that has ended
 * must not keep it.
 */
import { dirname, join, resolve } from 'node:path';
import type { runPod } from './pod/boot/run-pod.ts';
import { codeFolder } from './session/home/places.ts';
import { loadProgram } from './std/program.ts';

/**
 * Functions that ran are in a cache, others are not: this long after the pod listens, most of what every
 * start runs has run. What its turns and its end run is in the cache that it leaves when it ends.
 */
const cacheDelayMs = 300;
/** A disk that hangs does not keep a pod that has ended. */
const lastCacheMsMax = 1_000;

async function main(folder: string): Promise<number> {
  const state = dirname(dirname(resolve(folder)));
  const file = join(__dirname, 'pod-body.cjs');
  // A relative specifier begins at this file, which lies beside the body.
  const importModule = (specifier: string): Promise<unknown> => import(specifier);
  const { exports, keep } = loadProgram<{ runPod: typeof runPod }>(file, codeFolder(state), {
    require,
    importModule,
  });
  if (exports.runPod === undefined) throw new Error(`${file} is not a pod's program: install podkin again`);
  let kept = null as Promise<void> | null;
  const status = await exports.runPod(folder, {
    onListening: () => {
      kept = Promise.resolve();
      setTimeout(() => void (kept = keep()), cacheDelayMs).unref();
    },
  });
  // One that has never listened has not run much of it.
  if (kept !== null) await Promise.race([kept.then(keep), late()]);
  return status;
}

function late(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, lastCacheMsMax).unref());
}

process.stderr.on('error', () => undefined);
main(process.argv.at(-1) ?? '').then(
  (status) => process.exit(status),
  (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`podkin: ${text}\nThis is a defect of podkin: please report it with these lines.\n`);
    process.exit(1);
  },
);
