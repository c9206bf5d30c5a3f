/**
 * The way to a server of a pod: started in the sandbox of the pod's shells, with what its own entry adds, or
 * reached over HTTP. What a person has trusted of a project is looked at again at each start.
 */
import { isAbsolute, resolve } from 'node:path';
import type { Sandbox, SandboxSettings } from '../scope/sandbox/sandbox.ts';
import type { McpServerSettings, TrustedFile } from '../session/settings/mcp-settings.ts';
import { hashOf } from '../std/file-hash.ts';
import { programFolders } from '../tools/program-folders.ts';
import type { ToolContext } from '../tools/tool.ts';
import type { Link } from './server.ts';
import { startServer } from './server-process.ts';
import { takeServerPlace } from './tree-servers.ts';

export interface LinkPlace {
  /** Podkin's own folder for lists. */
  readonly state: string;
  /** The root's instance: what is counted is counted for its tree. */
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  /** As a call of the pod's Bash would have it now, for a process that outlasts it. */
  context(server: string): ToolContext;
  /** That of the pod's shells, but for what is given. */
  sandbox(over: Partial<SandboxSettings>): Sandbox;
  /** What shells of the pod may do. */
  readonly shell: SandboxSettings;
}

export interface LinkRequest {
  readonly settings: McpServerSettings;
  readonly onTooLong: () => void;
}

/** Rejects with an `Error` that says why there is none: what follows its name. */
export async function linkTo(place: LinkPlace, name: string, request: LinkRequest): Promise<Link> {
  const { settings, onTooLong } = request;
  const changed = changedFile(settings.files ?? []);
  if (changed !== null) {
    throw new Error(
      `is not started: ${changed} is not what was trusted any more. A person has to look at it: "podkin run" on a terminal asks`,
    );
  }
  const { environment } = place;
  const { command, url } = settings;
  if (command === undefined) {
    const { httpLink } = await import('./http-link.ts');
    return await httpLink({ ...settings, url: url ?? '' }, environment);
  }
  const context = contextOf(place, name, { ...settings, command });
  const leave = await takeServerPlace(place);
  const server = startServer({ ...settings, command }, { context, environment, onTooLong });
  const started = await server.catch((error: unknown) => {
    leave();
    throw error;
  });
  void started.ended.then(leave);
  return {
    ...started,
    async end(why) {
      started.end(why);
      await started.ended;
    },
  };
}

function contextOf(
  place: LinkPlace,
  name: string,
  settings: McpServerSettings & { readonly command: string },
): ToolContext {
  const { shell, environment } = place;
  const context = place.context(name);
  const isOwn = settings.project === null;
  const paths = (given: readonly string[] = []) => given.filter((path) => isAbsolute(path));
  const own = isOwn ? programFolders(settings, environment['PATH'] ?? '', context.cwd) : [];
  const sandbox = place.sandbox({
    // A project's has no more than the person's answer named.
    network: isOwn ? (settings.network ?? shell.network) : settings.network === true,
    read: [...shell.read, ...own, ...paths(settings.read)],
    ...(isOwn ? {} : { unixSockets: false }),
  });
  const write = isOwn ? paths(settings.write).map((path) => resolve(path)) : [];
  const widened = () => {
    const scope = context.scopeNow();
    return write.length === 0 ? scope : { ...scope, write: [...scope.write, ...write] };
  };
  return { ...context, scopeNow: widened, shell: { ...context.shell, sandbox } };
}

/** The first that is another one now; null where all are what was trusted. */
function changedFile(files: readonly TrustedFile[]): string | null {
  return files.find(({ path, sha256 }) => hashOf(path) !== sha256)?.path ?? null;
}
