/**
 * A provider's request body as one list of what the model is shown, whichever provider's form it has; refuses
 * what a provider would refuse.
 */
export type Dialect = 'anthropic' | 'openai';

export interface PromptItem {
  readonly role: 'system' | 'user' | 'assistant' | 'call' | 'result';
  /** Of a call its tool. */
  readonly text: string;
  /** Of a call and of its result. */
  readonly call?: string;
}

interface Block {
  type: string;
  text?: string;
  id?: string;
  name?: string;
  tool_use_id?: string;
  call_id?: string;
  output?: string;
  role?: string;
  content?: string | Block[];
}

/**
 * Throws where a call has not got its one result right behind it, where something of role user stands
 * between, or where an answer stands last.
 */
export function promptOf(dialect: Dialect, body: string): PromptItem[] {
  const parsed = JSON.parse(body) as { system?: string | Block[]; messages?: Block[]; input?: Block[] };
  const items =
    dialect === 'anthropic'
      ? [
          { role: 'system' as const, text: textOf(parsed.system) },
          ...(parsed.messages ?? []).flatMap(claudeItems),
        ]
      : (parsed.input ?? []).map(openaiItem);
  check(items);
  return items;
}

function claudeItems({ role, content }: Block): PromptItem[] {
  const speaker = role === 'assistant' ? 'assistant' : 'user';
  if (typeof content === 'string') return [{ role: speaker, text: content }];
  return (content ?? []).map((block): PromptItem => {
    if (block.type === 'tool_use') return { role: 'call', text: block.name ?? '', call: block.id ?? '' };
    if (block.type === 'tool_result')
      return { role: 'result', text: textOf(block.content), call: block.tool_use_id ?? '' };
    return { role: speaker, text: block.text ?? '' };
  });
}

function openaiItem(item: Block): PromptItem {
  if (item.type === 'function_call') return { role: 'call', text: item.name ?? '', call: item.call_id ?? '' };
  if (item.type === 'function_call_output')
    return { role: 'result', text: item.output ?? '', call: item.call_id ?? '' };
  const role = item.role === 'user' || item.role === 'assistant' ? item.role : 'system';
  return { role, text: textOf(item.content) };
}

function textOf(content: string | Block[] | undefined): string {
  if (content === undefined || typeof content === 'string') return content ?? '';
  return content.map((block) => block.text ?? '').join('');
}

function check(items: readonly PromptItem[]): void {
  const open = new Set<string>();
  for (const { role, text, call = '' } of items) {
    if (role === 'call') open.add(call);
    else if (role === 'result') {
      if (!open.delete(call)) throw new Error(`a result without its call: ${text}`);
    } else if (open.size > 0)
      throw new Error(`a message of role ${role} between a call and its result: ${text}`);
  }
  if (open.size > 0) throw new Error('a call has no result');
  const last = items.at(-1)?.role;
  if (last !== 'user' && last !== 'result') throw new Error(`the last message is of role ${last}`);
}
