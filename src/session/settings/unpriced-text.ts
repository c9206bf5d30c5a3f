/** Why a limit of the cost cannot hold for a model, and where its price is said. Pure. */

/** `limit` and `file` as the reader names them. Without an end, so that a sentence can go on. */
export function unpricedText(name: string, { limit, file }: { limit: string; file: string }): string {
  return (
    `${limit} cannot hold for ${name}: its price is not known. Say it in ${file}, ` +
    `as [models."${name}"] with inputPrice and outputPrice in USD per million tokens (0 where it costs nothing)`
  );
}
