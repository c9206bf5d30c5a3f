/**
 * Deep equality of facts, quick where both sides share what they are made of; answers the paths that differ.
 */
export function differences(a: unknown, b: unknown): string[] {
  return below(a, b).map((path) => `facts${path}`);
}

/** Paths are put together on the way back: most of the time there are none. */
function below(a: unknown, b: unknown): readonly string[] {
  if (Object.is(a, b)) return same;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return [''];
  if (Array.isArray(a) || Array.isArray(b)) return ofArrays(a, b);
  if (a instanceof Map || b instanceof Map) return ofMaps(a, b);
  if (a instanceof Set || b instanceof Set) return ofSets(a, b);
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return [' (fields)'];
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  let found = same;
  for (const key of keys) {
    const here = Object.hasOwn(right, key) ? below(left[key], right[key]) : [''];
    if (here.length > 0) found = [...found, ...here.map((path) => `.${key}${path}`)];
  }
  return found;
}

const same: readonly string[] = [];

function ofArrays(a: unknown, b: unknown): readonly string[] {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return [' (length)'];
  for (let index = 0; index < a.length; index += 1) {
    const found = below(a[index], b[index]);
    if (found.length > 0) return found.map((path) => `[${index}]${path}`);
  }
  return same;
}

function ofSets(a: unknown, b: unknown): readonly string[] {
  if (!(a instanceof Set) || !(b instanceof Set) || a.size !== b.size) return [''];
  for (const one of a) if (!b.has(one)) return [''];
  return same;
}

function ofMaps(a: unknown, b: unknown): readonly string[] {
  if (!(a instanceof Map) || !(b instanceof Map) || a.size !== b.size) return [' (size)'];
  // The order counts: what waits is taken in it.
  const right = b.entries();
  let found = same;
  for (const [key, value] of a) {
    const other = right.next().value as [unknown, unknown];
    const here = other[0] === key ? below(value, other[1]) : [''];
    if (here.length > 0) found = [...found, ...here.map((path) => `(${String(key)})${path}`)];
  }
  return found;
}
