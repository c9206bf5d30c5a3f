/**
 * A named defect: one change of the source that a person could make by mistake, and the guarantee that has to
 * fail then. `npm run defects` puts each into a copy of the tree and runs that guarantee's tests;
 * `test/unit/defects.test.ts` holds that none of them has gone stale.
 */
export interface Defect {
  /** Unique. */
  id: string;
  /** What would break, in one sentence. */
  breaks: string;
  /** The file of the source; `find` occurs in it exactly once. */
  file: string;
  find: string;
  replace: string;
  /** The test file that must fail, in it the tests that cite this guarantee. */
  test: string;
  guarantee: string;
}
