/**
 * Where a home is. Apart from what is in it: a command finds its own program by it, before anything else is
 * loaded.
 */
import { existsSync, lstatSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { fromTilde } from '../../std/tilde.ts';
import { PodkinError } from '../../std/podkin-error.ts';

export interface Home {
  readonly config: string;
  readonly state: string;
  readonly runtime: string;
  /**
   * Where a pod's socket goes when `runtime` cannot be had: the session that XDG_RUNTIME_DIR belongs to has
   * ended, or is another user's.
   */
  readonly spareRuntime?: string;
  /**
   * The shared name for sockets in the folder of temporary files, where another user has it: `runtime` or
   * `spareRuntime` is another one for that.
   */
  readonly othersRuntime?: string;
  /**
   * Where this user's other homes are, as far as that can be known: the usual ones beside the one that
   * `PODKIN_HOME` or the XDG variables name.
   */
  readonly others?: readonly OwnPlace[];
}

/** A folder of podkin's own, and what no pod may do there whatever its scope: `read` takes writing along. */
export interface OwnPlace {
  readonly path: string;
  readonly closed: 'read' | 'write';
  /** It holds sockets alone, and is made anew after every start of the machine. */
  readonly isRuntime?: true;
}

const nowhere =
  'there is no place for a home: HOME names no absolute path, and the system has no folder for this user; set PODKIN_HOME or HOME';

/** Nothing says where a home would be, or what says it means another place in each folder. */
export class NoHome extends PodkinError {
  constructor(message = nowhere) {
    super(message);
    this.name = 'NoHome';
  }
}

/** `PODKIN_HOME` overrides config, state and runtime folder together. Throws `NoHome`. */
export function homeOf(environment: NodeJS.ProcessEnv): Home {
  const own = environment['PODKIN_HOME'];
  if (own !== undefined && own !== '') {
    const root = rootOf(own, environment);
    const home = { config: join(root, 'config'), state: join(root, 'state'), runtime: join(root, 'run') };
    return { ...home, others: usualPlaces(environment) };
  }
  const runtime = absolute(environment['XDG_RUNTIME_DIR']);
  return {
    others: usualPlaces(environment),
    config: join(absolute(environment['XDG_CONFIG_HOME']) ?? inUserHome(environment, '.config'), 'podkin'),
    state: join(absolute(environment['XDG_STATE_HOME']) ?? inUserHome(environment, '.local/state'), 'podkin'),
    ...(runtime === null
      ? { runtime: temporaryRuntime() }
      : { runtime: join(runtime, 'podkin'), spareRuntime: temporaryRuntime() }),
  };
}

/** No shell may have read the variable: `~/` is worked out here. */
function rootOf(named: string, environment: NodeJS.ProcessEnv): string {
  const path = fromTilde(named, userHome(environment));
  if (isAbsolute(path)) return resolve(path);
  throw new NoHome(
    `PODKIN_HOME is "${named}", which is not an absolute path: it would be another home in each folder; write it in full, or with ~/ for your home`,
  );
}

/** What names the folder of the sockets in these surroundings. */
export function runtimeVariable(
  environment: NodeJS.ProcessEnv,
): 'PODKIN_HOME' | 'XDG_RUNTIME_DIR' | 'TMPDIR' {
  if ((environment['PODKIN_HOME'] ?? '') !== '') return 'PODKIN_HOME';
  return absolute(environment['XDG_RUNTIME_DIR']) === null ? 'TMPDIR' : 'XDG_RUNTIME_DIR';
}

/**
 * In the folder of the configuration: variables of the service that `podkin keep --install` makes, keys too.
 */
export const environmentFile = 'environment';

/** Podkin's own folders and files, each once. */
export function ownPlaces(home: Home): OwnPlace[] {
  const { config, state, runtime, spareRuntime } = home;
  const folders: OwnPlace[] = [
    { path: state, closed: 'read' },
    { path: runtime, closed: 'read' },
    ...(spareRuntime === undefined ? [] : [{ path: spareRuntime, closed: 'read', isRuntime: true } as const]),
    { path: config, closed: 'write' },
    ...(home.others ?? []),
  ];
  const files = folders.flatMap(({ path, closed }): OwnPlace[] =>
    closed === 'write' ? [{ path: join(path, environmentFile), closed: 'read' }] : [],
  );
  const all = [...folders, ...files];
  const alone = all.filter((one, at) => all.findIndex(({ path }) => path === one.path) === at);
  // Another user's folder holds no socket of ours, and where a link of theirs leads is theirs to say.
  return alone.filter(({ path, isRuntime }) => isRuntime !== true || !isOthers(path));
}

/**
 * Those that a sandbox hides. What is hidden and missing is set aside when it comes to be; a folder for
 * sockets alone is not: that would be a person's own first start, and a pod gains nothing by making it.
 */
export function closedPlaces(home: Home): string[] {
  return ownPlaces(home)
    .filter(({ path, isRuntime }) => isRuntime !== true || existsSync(path))
    .map(({ path }) => path);
}

/**
 * Where a home of this user is without `PODKIN_HOME`: by the variables and without them, by `HOME` and by the
 * system's word.
 */
function usualPlaces(environment: NodeJS.ProcessEnv): OwnPlace[] {
  const homes = [userHome(environment), userHome({})].filter((home) => home !== null);
  const below = (variable: string, usual: string) =>
    [absolute(environment[variable]), ...homes.map((home) => join(home, usual))]
      .filter((folder) => folder !== null)
      .map((folder) => join(folder, 'podkin'));
  const session = absolute(environment['XDG_RUNTIME_DIR']);
  const runtimes = [temporaryRuntime(), ...(session === null ? [] : [join(session, 'podkin')])];
  return [
    ...below('XDG_STATE_HOME', '.local/state').map((path) => ({ path, closed: 'read' }) as const),
    ...below('XDG_CONFIG_HOME', '.config').map((path) => ({ path, closed: 'write' }) as const),
    ...runtimes.map((path) => ({ path, closed: 'read', isRuntime: true }) as const),
  ];
}

export function temporaryRuntime(): string {
  return join(tmpdir(), `podkin-${process.getuid?.() ?? userInfo().uid}`);
}

/** Whether another user has the name: a folder, a file, or a link wherever it leads. */
export function isOthers(path: string): boolean {
  const uid = process.getuid?.();
  try {
    return uid !== undefined && lstatSync(path).uid !== uid;
  } catch {
    return false;
  }
}

/**
 * The person's own folder. Null where neither `HOME` names one nor the system knows the user (a container's
 * user id without a name).
 */
export function userHome(environment: NodeJS.ProcessEnv): string | null {
  const named = absolute(environment['HOME']);
  if (named !== null) return named;
  try {
    return absolute(userInfo().homedir);
  } catch {
    return null;
  }
}

function inUserHome(environment: NodeJS.ProcessEnv, path: string): string {
  const user = userHome(environment);
  if (user === null) throw new NoHome();
  return join(user, path);
}

/**
 * Where clones are that pods work in: beside the state, since what is in it no pod may touch.
 */
export function worktreesFolder({ state }: Home): string {
  const isShared = basename(state) === 'podkin';
  return join(dirname(state), isShared ? 'podkin-worktrees' : 'worktrees');
}

/**
 * In the state folder, which no shell and no file tool of a pod reaches: whoever could write there would have
 * their code run by the next program.
 */
export function codeFolder(state: string): string {
  return join(state, 'code');
}

/** XDG: a relative path in these variables is to be ignored. */
function absolute(path: string | undefined): string | null {
  return path !== undefined && isAbsolute(path) ? path : null;
}
