/**
 * A pod's process as it is shipped (`dist/pod.cjs`): takes the pod itself (`dist/pod-body.cjs`) in with V8's code cache and runs it. What it does is
 * `main.ts` with `__pod`, in about half of the time. It ends the process, as `main.ts` does: what is left of a pod that has ended must not keep it.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';
import type { runPod } from './pod/boot.ts';
import { cacheFileName, readCodeCache, writeCodeCache } from './std/code-cache.ts';

type RunPod = typeof runPod;

/** Functions that ran are in a cache, others are not: this long after the pod listens, most of what every start runs has run. */
const cacheDelayMs = 300;

/** Takes the body in; `keep` writes its cache where there was none to use. Throws what is wrong with the file or in its top level. */
function load(file: string, cacheFolder: string): { runPod: RunPod; keep: () => void } {
  const bytes = readFileSync(file);
  const name = cacheFileName(bytes);
  const cachedData = readCodeCache(join(cacheFolder, name));
  // One function, and all of it ASCII: the build sees to that.
  const script = new Script(bytes.toString('latin1'), { filename: file, cachedData });
  const module: { exports: { runPod?: RunPod } } = { exports: {} };
  script.runInThisContext()(module.exports, require, module, file, dirname(file), importModule);
  const { runPod } = module.exports;
  if (runPod === undefined) throw new Error(`${file} is not a pod's program: install podkin again`);
  const wanted = cachedData === undefined || script.cachedDataRejected === true;
  const keep = () => void keepCache(script, cacheFolder, name);
  return { runPod, keep: wanted ? keep : () => undefined };
}

/** In nobody's way: a folder that can not be written only means that the next start takes longer. */
async function keepCache(script: Script, folder: string, name: string): Promise<void> {
  try {
    // Another pod that started at the same time may have been quicker.
    if (readCodeCache(join(folder, name)) !== undefined && script.cachedDataRejected !== true) return;
    await writeCodeCache(folder, name, script.createCachedData());
  } catch {
    // Said nowhere: nothing is lost by it.
  }
}

/** For the body: what V8 takes from a cache has lost the way to Node's loader. A relative specifier begins at this file, which is the body's folder. */
function importModule(specifier: string): Promise<unknown> {
  return import(specifier);
}

async function main(folder: string): Promise<number> {
  // The state folder, which no shell and no file tool of a pod reaches: whoever could write there would have their code run by the next pod.
  const state = dirname(dirname(resolve(folder)));
  const { runPod, keep } = load(join(__dirname, 'pod-body.cjs'), join(state, 'code'));
  return await runPod(folder, { onListening: () => setTimeout(keep, cacheDelayMs).unref() });
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
