/**
 * A tool's surroundings for a test: a folder of its own with real paths, gone at the end, and a context over
 * it.
 */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Access } from '../../../src/scope/paths/access.ts';
import type { PathScope } from '../../../src/session/facts/entries.ts';
import type { Home } from '../../../src/session/home/home.ts';
import { type SandboxOptions, createSandbox } from '../../../src/scope/sandbox/sandbox.ts';
import { ownPrograms } from '../../../src/scope/sandbox/own-programs.ts';
import { defaultLimits } from '../../../src/session/settings/settings.ts';
import type { JsonValue } from '../../../src/std/json.ts';
import type { FileView } from '../../../src/tools/file-view.ts';
import type { Tool, ToolAnswer, ToolContext } from '../../../src/tools/tool.ts';

export async function tempFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'podkin-tools-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Places that exist nowhere: no test of a single tool has a home. */
export const noHome: Home = { config: '/no-home/config', state: '/no-home/state', runtime: '/no-home/run' };

/** Access to a scope and nothing beside it. */
export function accessTo(scope: PathScope): Access {
  return { scope, home: noHome, outputs: '/no-home/state/pods/x/outputs', programs: [] };
}

/** As on a machine without one. */
export const noSandbox = createSandbox(sandboxOptions('/nowhere/bwrap'), 'linux');

export function sandboxOptions(program: string | null): SandboxOptions {
  const settings = { network: false, unixSockets: false, read: [], program };
  return { settings, hidden: [], state: join(tmpdir(), 'podkin-no-state'), tmpBytes: 1024 * 1024 };
}

/** All of `folder` may be read and written, unless `over` says otherwise. */
export function contextIn(folder: string, over: Partial<ToolContext> = {}): ToolContext {
  const views = new Map<string, FileView>();
  return {
    call: 'call_1',
    hops: 0,
    cwd: folder,
    scope: { read: [folder], write: [folder] },
    scopeNow: () => over.scope ?? { read: [folder], write: [folder] },
    pod: { name: 'bench', instance: `bench-${process.pid}` },
    home: noHome,
    programs: ownPrograms(),
    permissionMode: 'bypassPermissions',
    shell: { sandbox: over.shell?.sandbox ?? noSandbox, limits: defaultLimits },
    signal: new AbortController().signal,
    outputDir: join(folder, '.outputs'),
    alert: () => undefined,
    markCommand: () => `bench-${process.pid}/call`,
    noteGroup: () => () => undefined,
    fileViews: { remember: (path, view) => void views.set(path, view), seen: (path) => views.get(path) },
    progress: () => {},
    ...over,
  };
}

/** A call as the worker makes it: validated, asked for its right, run. */
export async function call(tool: Tool, input: JsonValue, context: ToolContext): Promise<ToolAnswer> {
  const parsed = tool.parse(input);
  if (!parsed.ok) throw new Error(parsed.problem);
  const denied = tool.denied?.(parsed.input, context) ?? null;
  return denied === null
    ? await tool.run(parsed.input, context)
    : { text: denied, isError: true, denied: true };
}
