/**
 * What the word means with which a provider says why its answer has ended. Only the words that are known for
 * a good end are one: each other says that the answer was broken off, whatever of it has come. Pure.
 */
export type Finish =
  | 'stop'
  | 'toolCalls'
  /** The longest answer that was asked for. */
  | 'length'
  /** Request and answer together fill what the model can hold. */
  | 'window'
  | 'contentFilter'
  | 'brokenOff'
  /** The package has seen an error. */
  | 'error'
  /** Nobody gave a reason. */
  | 'none';

/** As the packages tell it. */
export interface GivenFinish {
  readonly unified: 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other';
  /** The provider's own word. */
  readonly raw: string | undefined;
}

/**
 * Of all dialects together, in small letters: gateways hand on the words of whoever is behind them. What a
 * package makes of a word is believed only for errors and for what was withheld.
 */
const meanings: Readonly<Record<string, Finish>> = {
  ...all('stop', ['stop', 'stop_sequence', 'end_turn', 'eos', 'eos_token', 'complete', 'completed']),
  ...all('toolCalls', ['tool_calls', 'tool_call', 'tool_use', 'function_call', 'function_calls']),
  ...all('length', ['length', 'max_tokens', 'max_output_tokens', 'continuation']),
  ...all('window', [
    'model_context_window_exceeded',
    'context_window_exceeded',
    'context_length_exceeded',
    'model_length',
  ]),
  ...all('contentFilter', [
    'content_filter',
    'content_filtered',
    'content_policy_violation',
    'guardrail_intervened',
    'refusal',
    'sensitive',
    'safety',
    'recitation',
    'language',
    'blocklist',
    'prohibited_content',
    'spii',
    'model_armor',
    'image_safety',
    'image_recitation',
    'image_prohibited_content',
  ]),
};

function all(meaning: Finish, words: readonly string[]): Record<string, Finish> {
  return Object.fromEntries(words.map((word) => [word, meaning]));
}

export function finishOf({ unified, raw }: GivenFinish): Finish {
  if (unified === 'content-filter') return 'contentFilter';
  if (unified === 'error') return 'error';
  const word = raw?.trim().toLowerCase().replaceAll('-', '_') ?? '';
  if (word !== '') return Object.hasOwn(meanings, word) ? (meanings[word] ?? 'brokenOff') : 'brokenOff';
  // OpenAI's Responses say nothing of an answer that is whole.
  if (unified === 'stop' || unified === 'length') return unified;
  return unified === 'tool-calls' ? 'toolCalls' : 'none';
}

const wordCharsMax = 80;

/** For a sentence: one line, and short; empty where there is none. */
export function wordOf({ raw = '' }: GivenFinish): string {
  return raw
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, wordCharsMax)
    .toWellFormed();
}
