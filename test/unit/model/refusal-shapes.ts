/** A row of the table of refusals, and the shapes in which providers say theirs. */
import type { ModelFailureCategory } from '../../../src/model/port.ts';

export interface RefusalRow {
  readonly id: string;
  readonly dialect: 'anthropic' | 'openai' | 'google' | 'compatible';
  readonly status: number;
  readonly body: object | string;
  readonly headers?: Record<string, string>;
  readonly category: ModelFailureCategory;
  /** Tokens of a request, where the words name them. */
  readonly window?: number;
  /** Another model of a list is asked in its place. */
  readonly next?: true;
  /** The same request is sent once more, later. */
  readonly again?: true;
  /** What a person is told to do. */
  readonly advice?: RegExp;
}

export const anthropic = (type: string, message: string) => ({ type: 'error', error: { type, message } });
export const openai = (message: string, more: object = {}) => ({ error: { message, ...more } });
export const google = (code: number, message: string, more: object = {}) => ({
  error: { code, message, ...more },
});
export const compatible = { dialect: 'compatible' } as const;
