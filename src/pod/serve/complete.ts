/** The method `complete`: what the word at the caret may go on with. */
import { candidatesMax } from '../../protocol/complete.ts';
import type { Params, Result } from '../../protocol/methods.ts';
import { asTyped, typedPath } from '../../protocol/typed-path.ts';
import type { Facts } from '../../session/facts/facts.ts';
import type { ToolContext } from '../../tools/tool.ts';
import type { ApprovalGate } from '../approvals/gate.ts';
import type { Pod } from '../pod.ts';

export interface CompleteParts {
  readonly pod: Pod;
  readonly gate: Pick<ApprovalGate, 'readDenial'>;
  /** Of other pods that are known by now. */
  readonly names: Iterable<string>;
  readonly context: () => ToolContext;
}

export async function complete(
  { pod, gate, names, context }: CompleteParts,
  { text, caret }: Params<'complete'>,
): Promise<Result<'complete'>> {
  const to = Math.min(caret ?? text.length, text.length);
  const typed = typedPath(text.slice(0, to));
  if (typed === null) return { from: to, to, candidates: [] };
  const { from, path } = typed;
  const found = await pod.host.work.completions(path, context(), {
    countMax: candidatesMax,
    isRefused: (absolute) => gate.readDenial(absolute),
  });
  const files = found.flatMap((one) => {
    const word = asTyped(one.text);
    return word === null ? [] : [{ ...one, text: word }];
  });
  const pods = podNames(pod.facts, names)
    .filter((name) => name.startsWith(path))
    .map((name) => ({ text: name, kind: 'pod' as const }));
  return { from, to, candidates: [...pods, ...files].slice(0, candidatesMax) };
}

function podNames({ session, children, descendants }: Facts, others: Iterable<string>): string[] {
  const own = session === null ? [] : [session.name, session.root.name, session.parent?.name ?? session.name];
  const below = [...children.values(), ...descendants.values()].map(({ name }) => name);
  return [...new Set([...own, ...below, ...others])].sort();
}
