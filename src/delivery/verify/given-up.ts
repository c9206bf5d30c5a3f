/**
 * A death by a person's word: they gave up the host that the pod was on. What it goes on to say when that
 * host is back breaks no promise.
 */
export function isGivenUp({ kind, reason }: { readonly kind: string; readonly reason?: unknown }): boolean {
  return kind === 'died' && typeof reason === 'string' && reason.endsWith('was given up by a person');
}
