/** An environment with the keys that a person keeps with podkin, where it sets none. */
import { ownHome } from '../session/home/own-home.ts';
import { storedKeys } from '../session/home/stored-keys.ts';

/** A home that cannot be used is told by what needs it. */
export function withStoredKeys(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const set = Object.entries(environment).filter(([, value]) => (value ?? '').trim() !== '');
  try {
    return { ...environment, ...storedKeys(ownHome(environment)), ...Object.fromEntries(set) };
  } catch {
    return environment;
  }
}
