/**
 * Deep equality of facts, quick where both sides share what they are made of; answers the paths that differ.
 */
export function differences(a: unknown, b: unknown, path = 'facts'): string[] {
  if (Object.is(a, b)) return [];
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return [path];
  if (Array.isArray(a) || Array.isArray(b)) return ofArrays(a, b, path);
  if (a instanceof Map || b instanceof Map) return ofMaps(a, b, path);
  if (a instanceof Set || b instanceof Set) {
    const same =
      a instanceof Set && b instanceof Set && a.size === b.size && [...a].every((one) => b.has(one));
    return same ? [] : [path];
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return [`${path} (fields)`];
  const right = b as Record<string, unknown>;
  return keys.flatMap((key) =>
    Object.hasOwn(right, key)
      ? differences((a as Record<string, unknown>)[key], right[key], `${path}.${key}`)
      : [`${path}.${key}`],
  );
}

function ofArrays(a: unknown, b: unknown, path: string): string[] {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return [`${path} (length)`];
  for (let index = 0; index < a.length; index += 1) {
    if (Object.is(a[index], b[index])) continue;
    const found = differences(a[index], b[index], `${path}[${index}]`);
    if (found.length > 0) return found;
  }
  return [];
}

function ofMaps(a: unknown, b: unknown, path: string): string[] {
  if (!(a instanceof Map) || !(b instanceof Map) || a.size !== b.size) return [`${path} (size)`];
  // The order counts: what waits is taken in it.
  const left = [...a];
  const right = [...b];
  return left.flatMap(([key, value], index) =>
    right[index]?.[0] === key
      ? differences(value, right[index]?.[1], `${path}(${String(key)})`)
      : [`${path}(${String(key)})`],
  );
}
