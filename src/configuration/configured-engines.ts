/** What the person's own file says of engines. */
import { join } from 'node:path';
import { readUserFile } from './configuration-files.ts';
import type { EngineSettings } from '../session/settings/engine-settings.ts';
import type { Home } from '../session/home/places.ts';

/** Throws `BadSetting`. */
export function configuredEngines({ config }: Home): ReadonlyMap<string, EngineSettings> {
  const user = readUserFile(join(config, 'config.toml'), { mustExist: false });
  return new Map(Object.entries(user.engines ?? {}));
}
