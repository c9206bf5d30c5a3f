/** How a run of the bench was asked for; the same for every measure. */
export interface BenchOptions {
  /** Tiny sizes: says that the measures run, not how fast anything is. */
  smoke: boolean;
  /** Also 256 MB of history, 1 GB of age, trees of 300 pods, and 500 children that come and go. */
  big: boolean;
  /** How often each measure and its comparators are repeated, interleaved. */
  rounds: number;
}
