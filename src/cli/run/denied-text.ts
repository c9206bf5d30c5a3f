/**
 * What a person reads of calls that were denied, with what would help: nothing that the reason for the denial
 * leaves without effect. Pure.
 */
import type { Denial } from '../../client/pod-tally.ts';
import { counted, oneLine, printable } from '../format/printable.ts';
import type { RunResult } from '../../client/run-result.ts';

/** Who was asked and said no wants no wider rights. */
export function deniedText({ name, permissionDenials }: RunResult): string {
  const unasked = permissionDenials.find(({ byPerson }) => byPerson !== true);
  const first = unasked ?? permissionDenials[0];
  const what =
    first === undefined
      ? ''
      : ` (${printable(first.tool)} in ${first.pod}: ${oneLine(unasked === undefined ? first.input : first.text, 200)})`;
  return unasked === undefined
    ? `${name} has answered; a person said no to ${counted(permissionDenials.length, 'tool call', 'tool calls')}${what}.`
    : `${name} has answered, but a tool was denied${what}; ${whatHelps(unasked, name)}.`;
}

const files = "your config.toml or a project's .podkin/config.toml";
const hookFiles = "your config.toml, of the file given with --config or of a project's .podkin/config.toml";

/** By the sentences that the model was given, the first that fits; of another build's, none may. */
const remedies: readonly (readonly [RegExp, (part: string, name: string) => string])[] = [
  [
    /^Denied: a hook of the person's blocks this call\./,
    () =>
      `a preToolUse hook of yours blocks it, which no flag lifts: change it where it is, under [[hooks]] of ${hookFiles}`,
  ],
  [
    /^Denied: a hook of the person's that judges such calls failed \((.*?)\), and without/s,
    (how) =>
      `a preToolUse hook of yours failed (${how}), and no call passes without its word: correct it, or its onFailure, under [[hooks]] of ${hookFiles}`,
  ],
  [
    /^Denied: the rule (.*?) forbids this call\./s,
    (rule) =>
      `the rule ${rule} denies it, and a deny wins over every flag that allows: change it where it is, in --deny-tool or under [permissions] deny of ${files}`,
  ],
  [
    /The pod "([^"]*)" holds .* for writing until it is stopped\./s,
    (pod) => `"${pod}" has that path for itself until it ends: wait for it, or podkin stop ${pod}`,
  ],
  [
    /\. (?:It leads to .*\. )?(\S.*) is denied to this pod for (?:reading and )?writing\./s,
    (path) =>
      `${path} is denied, and a deny wins over every --write and --read beside it: change it where it is, in --deny, --deny-write or under [scope] of ${files}; of a place of keys, which podkin itself denies, --read with its own path opens it`,
  ],
  [
    /is always read-only for pods: /,
    () => 'do that change yourself, or name this very path with --write where a pod is to do it',
  ],
  [/^Denied: in permission mode plan /, () => 'start it with another --permission-mode for that'],
  [
    /^Denied: in permission mode dontAsk .*, and this call needs one \(/s,
    (_, name) =>
      `go on in another mode (podkin run -c ${name} --permission-mode MODE "…"), or run it anew with --allow-tool`,
  ],
  [
    /, and this call needs one \(/,
    (_, name) =>
      `go on without -p and answer what it asks (podkin run -c ${name} "…"), or in another mode (--permission-mode, there too); a new run takes --allow-tool as well`,
  ],
  [/^Denied: no right to read /, () => 'widen what it may read with --read'],
  [/^Denied: no right to write /, () => 'widen what it may write with --write'],
  [
    /^Denied: the profile (\S+) gives less than that\./,
    (profile) =>
      `the profile ${profile} gives no more: widen it where it is defined, or have another one used`,
  ],
  [
    /^Denied: no sandbox holds it now/,
    () => 'it may run inside a sandbox only: "podkin doctor" says why none works here',
  ],
  [
    /, so a write would reach another path too\. /,
    () => 'no flag lifts that: have it written to a copy, or remove the other name of the file',
  ],
  [
    /^Denied: .* (?:is in podkin's own state|is in one of podkin's own folders|belongs to the programs that podkin itself runs|shows devices, processes or the kernel)/s,
    () => 'nothing opens that to a pod',
  ],
];

function whatHelps({ text }: Denial, name: string): string {
  for (const [reason, remedy] of remedies) {
    const found = reason.exec(text);
    if (found !== null) return remedy(oneLine(found[1] ?? '', 200), name);
  }
  return 'widen its rights with --write, --read, --allow-tool or --permission-mode';
}
