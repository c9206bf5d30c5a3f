/** What the end of a turn is called that an error has ended. */
import { thrownText } from '../std/thrown-text.ts';
import { ModelConfigError, ModelFailure } from '../model/port.ts';
import { StorageFailed } from '../session/log/storage-failed.ts';
import type { TurnPorts, TurnResult } from './turn-ports.ts';

export function failureOf(ports: TurnPorts, error: unknown): TurnResult {
  const message = thrownText(error);
  if (error instanceof StorageFailed) return { kind: 'abandoned', message };
  if (ports.signal.aborted) return { kind: 'cancelled' };
  if (error instanceof ModelFailure) return { kind: 'errored', category: error.category, message };
  return {
    kind: 'errored',
    category: error instanceof ModelConfigError ? 'configuration' : 'internal',
    message,
  };
}
