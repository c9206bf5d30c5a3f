import { isBelow } from '../paths/path-scope.ts';

/** Those below a folder, by the name in it that each has or lies below. */
export function pathsByName(
  folder: string,
  paths: readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>();
  for (const path of paths.filter((one) => isBelow(folder, one))) {
    const name = path.slice(folder === '/' ? 1 : folder.length + 1).split('/')[0] ?? '';
    names.set(name, (names.get(name) ?? new Set()).add(path));
  }
  return names;
}
