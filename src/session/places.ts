/** Where a home is. Apart from what is in it: a command finds its own program by it, before anything else is loaded. */
import { homedir, tmpdir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

export interface Home {
  readonly config: string;
  readonly state: string;
  readonly runtime: string;
}

/** `PODKIN_HOME` overrides config, state and runtime folder together. */
export function homeOf(environment: NodeJS.ProcessEnv): Home {
  const own = environment['PODKIN_HOME'];
  if (own !== undefined && own !== '') {
    const root = resolve(own);
    return { config: join(root, 'config'), state: join(root, 'state'), runtime: join(root, 'run') };
  }
  const user = environment['HOME'] ?? homedir();
  const runtime = absolute(environment['XDG_RUNTIME_DIR']);
  return {
    config: join(absolute(environment['XDG_CONFIG_HOME']) ?? join(user, '.config'), 'podkin'),
    state: join(absolute(environment['XDG_STATE_HOME']) ?? join(user, '.local', 'state'), 'podkin'),
    runtime:
      runtime === null
        ? join(tmpdir(), `podkin-${process.getuid?.() ?? userInfo().uid}`)
        : join(runtime, 'podkin'),
  };
}

/** In the state folder, which no shell and no file tool of a pod reaches: whoever could write there would have their code run by the next program. */
export function codeFolder(state: string): string {
  return join(state, 'code');
}

/** XDG: a relative path in these variables is to be ignored. */
function absolute(path: string | undefined): string | null {
  return path !== undefined && isAbsolute(path) ? path : null;
}
