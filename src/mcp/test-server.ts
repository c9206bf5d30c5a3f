/**
 * One server tried by itself, as a pod with such rights would start it: what it has, how long that took, and
 * what of it is refused. Nothing of it is kept, and nothing is left running.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { thrownText } from '../std/thrown-text.ts';
import { ownPrograms } from '../scope/sandbox/own-programs.ts';
import { createSandbox, type Sandbox, type SandboxSettings } from '../scope/sandbox/sandbox.ts';
import type { PathScope } from '../session/facts/entries.ts';
import { closedPlaces, type Home } from '../session/home/places.ts';
import type { McpServerSettings } from '../session/settings/mcp-settings.ts';
import type { Limits } from '../session/settings/settings.ts';
import { monotonicMs } from '../std/clock.ts';
import { within } from '../std/within.ts';
import type { ToolContext } from '../tools/tool.ts';
import { newFileViews } from '../tools/file-views.ts';
import type { Link } from './server.ts';
import { McpServer } from './server.ts';
import { linkTo } from './server-link.ts';
import type { ServerTools } from './tool-list.ts';

export interface TestPlace {
  readonly home: Home;
  readonly environment: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** What the pod would touch. */
  readonly scope: PathScope;
  readonly permissionMode: string;
  /** Of the pod's shells. */
  readonly shell: SandboxSettings;
  readonly limits: Limits;
  /** Ends it. */
  readonly signal: AbortSignal;
}

export interface TestedServer {
  /** Null where it could not be asked. */
  readonly tools: ServerTools | null;
  /** Why it could not: what follows its name. */
  readonly problem: string | null;
  /** Until it had said what it has, or failed. */
  readonly ms: number;
  /** The last of what it wrote to its error output. */
  readonly errors: string;
  /** Null where a sandbox holds it, and of one over HTTP. */
  readonly notHeld: string | null;
}

/** Of a start, a list and an end; each has bounds of its own. */
const allMs = 90_000;
const endMs = 5_000;

/** Rejects with the file system's error. */
export async function testServer(
  place: TestPlace,
  name: string,
  settings: McpServerSettings,
): Promise<TestedServer> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'podkin-mcp-')));
  const sandbox = (over: Partial<SandboxSettings>) => sandboxFor(place, over);
  const { environment, shell, home } = place;
  const links: Link[] = [];
  const server = new McpServer({
    name,
    settings,
    list: { read: () => null, write: () => undefined },
    async link(onTooLong) {
      const context = () => contextFor(place, folder, sandbox({}));
      const at = { state: home.state, root: randomUUID(), environment, shell, sandbox, context };
      const link = await linkTo(at, name, { settings, onTooLong });
      links.push(link);
      return link;
    },
  });
  const beganMs = monotonicMs();
  try {
    const signal = AbortSignal.any([place.signal, AbortSignal.timeout(allMs)]);
    const found = await server.tools(signal).then(
      (tools) => ({ tools, problem: null }),
      (error: unknown) => ({ tools: null, problem: thrownText(error) }),
    );
    const ms = monotonicMs() - beganMs;
    const notHeld = settings.command === undefined ? null : await whyNotHeld(sandbox({}));
    return { ...found, ms, notHeld, errors: links[0]?.errors() ?? '' };
  } finally {
    await within(server.end(), endMs);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function whyNotHeld(sandbox: Sandbox): Promise<string | null> {
  const state = await sandbox.state();
  return state.kind === 'working' ? null : state.text;
}

function sandboxFor({ home, shell, limits }: TestPlace, over: Partial<SandboxSettings>): Sandbox {
  return createSandbox({
    settings: { ...shell, ...over },
    hidden: closedPlaces(home),
    state: home.state,
    tmpBytes: limits.shellTmpBytes,
  });
}

function contextFor(place: TestPlace, folder: string, sandbox: Sandbox): ToolContext {
  const { scope, cwd, home, permissionMode, signal, limits } = place;
  return {
    call: 'mcp-test',
    hops: 0,
    cwd,
    scope,
    scopeNow: () => scope,
    pod: { name: 'mcp-test', instance: `mcp-test-${process.pid}` },
    home,
    programs: ownPrograms(),
    permissionMode,
    shell: { sandbox, limits },
    signal,
    outputDir: folder,
    alert: () => undefined,
    markCommand: () => `mcp-test-${process.pid}/server`,
    noteGroup: () => () => undefined,
    fileViews: newFileViews(),
    progress: () => undefined,
  };
}
