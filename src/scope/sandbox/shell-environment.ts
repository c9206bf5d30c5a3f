/**
 * What a shell sees of the environment. Pure. An allow-list: the pod's own environment holds the keys of
 * providers.
 */
import { nothingAdded } from '../../std/nothing-added.ts';

const names = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'TERM', 'TZ', 'TMPDIR', 'SHELL']);
/** Set by shells themselves, or by us. */
const ownNames = new Set(['PWD', 'OLDPWD', 'SHLVL', '_', 'XDG_CACHE_HOME']);

export function shellEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = Object.entries(environment).filter(([name]) => names.has(name) || name.startsWith('LC_'));
  return { ...nothingAdded, ...Object.fromEntries(passed) };
}

/**
 * Inside a sandbox the temporary folder is its own, and caches go there too, since the home is not to be
 * written.
 */
export function sandboxEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...shellEnvironment(environment), TMPDIR: '/tmp', XDG_CACHE_HOME: '/tmp/.cache' };
}

/** Whether a shell may see a variable of that name. */
export function allowsVariable(name: string): boolean {
  return names.has(name) || ownNames.has(name) || name.startsWith('LC_');
}
