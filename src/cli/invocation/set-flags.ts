/** The flags of what can be set of a pod that is there. */
import type { SetOptions } from '../../library/roots/set-options.ts';
import type { CommandInput } from './command-input.ts';

export const setOptionsHelp: readonly (readonly [string, string])[] = [
  ['--model <model>', 'another model, from its next request on'],
  ['--permission-mode <mode>', 'another permission mode, from its next call on'],
  ['--effort <level>', 'how much the model is to think: low, medium or high'],
];

export function setOptionsOf(input: CommandInput): SetOptions {
  return {
    model: input.text('model'),
    permissionMode: input.text('permissionMode'),
    effort: input.text('effort'),
  };
}
