/**
 * Whether a person's answer may be a rule: what it would have to let run, and what keeps it from that. Pure.
 */
import {
  parseRule,
  type PermissionRule,
  type PermissionRules,
  ruleFor,
} from '../../scope/permissions/permission-rules.ts';
import type { Approval } from '../../session/facts/facts.ts';

/**
 * Null where the rule lets the call of this approval run; else one sentence for the person. It must be about
 * this call: one that is not was written wrongly, and nobody would notice before the next call is asked
 * about.
 */
export function answerRuleProblem(
  text: string,
  { tool, always }: Pick<Approval, 'tool' | 'always'>,
  rules: PermissionRules,
): string | null {
  const rule = parseRule(text);
  if ('problem' in rule) return `${rule.problem}.`;
  if (tool !== 'Bash' || always.exact === null) {
    return `Only a shell command is answered by a rule, and this is a call of ${tool}: leave the rule out.`;
  }
  const call = { tool, subject: { kind: 'command', command: always.exact } } as const;
  if (ruleFor([rule], 'allow', call) === undefined) {
    return `The rule ${rule.text} does not let this very command run: a pattern lets none through with ; & | < > \` $ ( ) { } or a second line, and stands for the whole command.`;
  }
  const asked = ruleFor(rules.ask, 'ask', call);
  return asked === undefined
    ? null
    : `The rule ${asked.text} asks for this call, and outweighs every rule that allows: answer without a rule, or take that one away.`;
}

/** Of an older log or another build: what means nothing here allows nothing. */
export function rulesIn(texts: readonly string[]): PermissionRule[] {
  return texts.flatMap((text) => {
    const rule = parseRule(text);
    return 'problem' in rule ? [] : [rule];
  });
}
