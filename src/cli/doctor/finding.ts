/** One thing that `podkin doctor` has looked at. */
export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'failure';
  readonly text: string;
  /** What to do; null where nothing is to be done. */
  readonly mend: string | null;
}
