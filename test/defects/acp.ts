/** podkin as an agent of an editor. */
import type { Defect } from './defect.ts';

export const ofAcp: readonly Defect[] = [
  {
    id: 'acp-yes-to-less',
    breaks: 'An editor can allow a call of which it shows only a part.',
    file: 'src/cli/acp-agent/permissions.ts',
    find: 'options: [...(isWhole ? yeses(always) : []),',
    replace: 'options: [...yeses(always),',
    test: 'test/unit/cli/acp-agent/mapping.test.ts',
    guarantee: 'acp.question-open',
  },
  {
    id: 'acp-any-option',
    breaks: 'An answer that was never offered counts.',
    file: 'src/cli/acp-agent/permissions.ts',
    find: "if (typeof optionId !== 'string' || !asked.options.some((option) => option.optionId === optionId))",
    replace: "if (typeof optionId !== 'string')",
    test: 'test/unit/cli/acp-agent/mapping.test.ts',
    guarantee: 'acp.question-open',
  },
  {
    id: 'acp-freer-mode',
    breaks: 'An editor sets a mode that is freer than its agent was started with.',
    file: 'src/cli/acp-agent/modes.ts',
    find: 'if (mode !== undefined && !isFreer(mode, most)) return mode;',
    replace: 'if (mode !== undefined) return mode;',
    test: 'test/unit/cli/acp-agent/mapping.test.ts',
    guarantee: 'acp.modes',
  },
  {
    id: 'acp-said-twice',
    breaks: 'What was streamed is said once more by its entry.',
    file: 'src/cli/acp-agent/updates.ts',
    find: "...chunks('agent_message_chunk', text.slice(step.text)),",
    replace: "...chunks('agent_message_chunk', text),",
    test: 'test/unit/cli/acp-agent/updates.test.ts',
    guarantee: 'acp.updates',
  },
  {
    id: 'acp-secret-kept',
    breaks: "The values of an editor's MCP servers stand in the log of the root.",
    file: 'src/cli/acp-agent/client-servers.ts',
    find: 'return [checked(key, one.name), `\\${${variable}}`];',
    replace: 'return [checked(key, one.name), value];',
    test: 'test/unit/cli/acp-agent/mapping.test.ts',
    guarantee: 'acp.servers',
  },
  {
    id: 'acp-endless-outbox',
    breaks: 'Updates for a client that does not read are held without a bound.',
    file: 'src/cli/acp-agent/outbox.ts',
    find: 'if (this.#waiting.length >= outboxBounds.updates || this.#chars + chars > outboxBounds.chars)',
    replace: 'if (chars > outboxBounds.chars)',
    test: 'test/unit/cli/acp-agent/outbox.test.ts',
    guarantee: 'acp.slow-reader',
  },
];
