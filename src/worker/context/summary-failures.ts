/** Why a request for a summary has given none. */
import type { ModelFailure } from '../../model/port.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import { PodkinError } from '../../std/podkin-error.ts';

/** What came is no summary, or one that is of no use. */
export class NoSummary extends PodkinError {}

/** The provider does not take this request, or its answer does not fit behind it. */
export class TooLong extends PodkinError {
  readonly failure: ModelFailure;
  readonly tokens: number;

  constructor(failure: ModelFailure, tokens: number) {
    super(failure.message);
    this.failure = failure;
    this.tokens = tokens;
  }
}

/** It is asked for anew without these: each time with fewer. */
export class PartsRefused extends PodkinError {
  readonly failure: ModelFailure;
  readonly entries: EntryBody[];

  constructor(failure: ModelFailure, entries: EntryBody[]) {
    super(failure.message);
    this.failure = failure;
    this.entries = entries;
  }
}
