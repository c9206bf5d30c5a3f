/**
 * What was thrown, in words. Anything can be thrown, and whatever is thrown may throw when it is read: a
 * Proxy, a getter, an object without a prototype. This never throws.
 */
const noWords = 'something was thrown that cannot be put into words';

export function thrownText(thrown: unknown): string {
  try {
    const text = wordsOf(thrown);
    return typeof text === 'string' && text !== '' ? text : noWords;
  } catch {
    return noWords;
  }
}

/** No more than JSON says of what is no `Error`: its own `toString` mostly says `[object Object]`. */
function wordsOf(thrown: unknown): unknown {
  if (thrown instanceof Error) return plainText(thrown.message) ?? thrown.name;
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  const message: unknown = Reflect.get(thrown, 'message');
  return plainText(message) ?? JSON.stringify(thrown);
}

function plainText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
