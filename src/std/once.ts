/**
 * Made at the first call, then kept. Schemas are written so: making one takes zod some tens of microseconds,
 * a pod's start needs hardly any, and what is made at the top of a module is made by every start. `make` must
 * not throw: it would be asked again.
 */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
