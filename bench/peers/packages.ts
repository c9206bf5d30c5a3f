/**
 * Loads what the peers need from `bench/node_modules`, which is there only where somebody has installed it:
 * podkin itself depends on none of it.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The folder of the bench's own package.json; `main.mjs` says where it is. */
export const packagesFolder = process.env['PODKIN_BENCH_PACKAGES'] ?? process.cwd();
const require = createRequire(join(packagesFolder, 'package.json'));

/** Where an import of the package would end, as the path of a file; null where it is not installed. */
function resolved(name: string): string | null {
  try {
    return require.resolve(name);
  } catch {
    return null;
  }
}

export function missingPackages(names: readonly string[]): string[] {
  return names.filter((name) => resolved(name) === null);
}

/**
 * `T` is the part of the package that is used here. Throws where it is not installed: `missingPackages` says
 * so before.
 */
export async function packageOf<T>(name: string): Promise<T> {
  const path = resolved(name);
  if (path === null) throw new Error(`${name} is not installed: npm install --prefix bench`);
  const loaded = (await import(pathToFileURL(path).href)) as { default?: unknown };
  // Of a CommonJS package only `default` is sure to hold everything.
  return { ...(loaded.default as object | undefined), ...loaded } as T;
}
