/** What commander read from the command line, asked for by name and with a definite type. */
export interface CommandInput {
  /** The arguments that are no options, as written; an optional one that is missing is left out. */
  readonly args: readonly string[];
  /** False where it was not given. `--no-x` is `flag('x')` false, else true. */
  flag(name: string): boolean;
  text(name: string): string | undefined;
  /** Of an option that may be given several times or take several values. */
  list(name: string): readonly string[];
}

/** `options` by their camelCase names. */
export function commandInput(
  args: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
): CommandInput {
  const words = args
    .flatMap((arg) => (Array.isArray(arg) ? arg : [arg]))
    .filter((arg) => typeof arg === 'string');
  return {
    args: words,
    flag: (name) => options[name] === true,
    text: (name) => {
      const value = options[name];
      return typeof value === 'string' ? value : undefined;
    },
    list: (name) => {
      const value = options[name];
      return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
    },
  };
}
