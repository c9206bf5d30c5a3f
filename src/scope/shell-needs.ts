/** When a shell command may run without a person, with one, or not at all. Pure, and the one place that decides it. */
import type { SandboxState } from './sandbox-state.ts';

export type ShellNeed =
  | { readonly kind: 'run' }
  /** A person has to say yes; `question` is what is put before them, `sandboxed` whether the command would be confined. */
  | { readonly kind: 'ask'; readonly question: string; readonly sandboxed: boolean }
  | { readonly kind: 'deny'; readonly text: string };

/**
 * S1 Nothing runs outside a working sandbox without a person's yes: given at the start of the pod (`bypassPermissions`), or to this question.
 * S2 A sandbox that is not `working` is none. S3 A mode that is not known is `default`.
 */
export function shellNeeds(mode: string, sandbox: SandboxState): ShellNeed {
  const sandboxed = sandbox.kind === 'working';
  switch (mode) {
    case 'bypassPermissions':
      return { kind: 'run' };
    case 'plan':
      return {
        kind: 'deny',
        text: 'Denied: in the permission mode `plan` no command is run. Read, and say what you would do.',
      };
    case 'dontAsk':
      if (sandboxed) return { kind: 'run' };
      return {
        kind: 'deny',
        text: `Denied: no sandbox would hold this command (${sandbox.text}), and in the permission mode \`dontAsk\` nobody is asked. Use the other tools.`,
      };
    case 'acceptEdits':
      return sandboxed ? { kind: 'run' } : ask(sandbox);
    default:
      return ask(sandbox);
  }
}

function ask(sandbox: SandboxState): ShellNeed {
  const sandboxed = sandbox.kind === 'working';
  const question = sandboxed
    ? 'Run this command, inside the sandbox?'
    : `Run this command outside any sandbox, with all the rights of your user? (${sandbox.text})`;
  return { kind: 'ask', question, sandboxed };
}

/** What the model reads where nobody can be asked. */
export function unaskedText(need: Extract<ShellNeed, { kind: 'ask' }>): string {
  const allow = need.sandboxed
    ? 'A person can allow it at the start of the pod: `--permission-mode acceptEdits` runs commands inside the sandbox, `--permission-mode bypassPermissions` without any question.'
    : 'No sandbox works here, so only `--permission-mode bypassPermissions`, which a person chooses at the start of the pod, lets it run; `podkin doctor` says how to get a sandbox.';
  return `Denied: this command needs a person's yes, and nobody can be asked. ${allow} Use the other tools.`;
}
