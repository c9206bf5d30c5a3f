/** A rule as the answer to an approval, in the words of a person. */
import { basename } from 'node:path';
import { parseRule, ruleFor } from '../../scope/permissions/permission-rules.ts';
import { ruleMeaning, suggestedRule } from '../../scope/permissions/suggested-rule.ts';
import { oneLine, visible } from '../format/printable.ts';

const ruleCharsMax = 400;

/** What the pod has made of the rule; an older one passes over it. */
export function ruledText(rule: string, answer: { readonly rule?: string | undefined }): string {
  const text = oneLine(visible(rule), ruleCharsMax);
  return answer.rule === undefined
    ? `The call alone is allowed: the pod was started by an older podkin, which takes no rule (${text}).`
    : `Allowed from now on, of it and of the pods that it starts: ${text}`;
}

/** What a person may type beside it to answer by a rule; nothing where none is suggested. */
export function ruleHint({ tool, summary }: { readonly tool: string; readonly summary: string }): string {
  const rule = tool === 'Bash' ? suggestedRule(summary) : null;
  return rule === null ? '' : ` or --rule "${rule}"`;
}

/** The same for a path that may be opened with the yes. */
export function writeHint({ offers }: { readonly offers?: { readonly write: string } | undefined }): string {
  return offers === undefined ? '' : ` or --write ${visible(basename(offers.write))}`;
}

/** What a rule would let run, and until when; or what is wrong with it. */
export function offeredText(
  text: string,
  command: string,
): { readonly problem: string } | { readonly meaning: string } {
  const rule = parseRule(text);
  if ('problem' in rule) return { problem: oneLine(visible(rule.problem), ruleCharsMax) };
  if (rule.tool !== 'Bash') return { problem: 'a shell command is answered by a rule for Bash' };
  if (ruleFor([rule], 'allow', { tool: 'Bash', subject: { kind: 'command', command } }) === undefined) {
    return { problem: `${oneLine(visible(rule.text), 200)} does not allow this very command.` };
  }
  const meaning = oneLine(visible(ruleMeaning(rule)), ruleCharsMax);
  return { meaning: `It allows ${meaning}; in a sandbox and without one.` };
}

export function savedText(rule: string, project: string): string {
  return `Saved for ${visible(project)}, from the next run there on: ${visible(rule)}${meaningOf(rule)}`;
}

function meaningOf(text: string): string {
  const rule = parseRule(text);
  return 'problem' in rule || rule.tool !== 'Bash' ? '' : `: ${visible(ruleMeaning(rule))}`;
}
