/** Functions of `node:fs` that do something else until the test's end, also for who imported them by name. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished } from 'vitest';

/** Answers what puts the real ones back; the test's end does so as well. */
export function replaceFs(others: Partial<typeof fs>): () => void {
  const real = Object.fromEntries(Object.keys(others).map((name) => [name, Reflect.get(fs, name)]));
  const put = (functions: object): void => {
    Object.assign(fs, functions);
    syncBuiltinESMExports();
  };
  put(others);
  const restore = () => put(real);
  onTestFinished(restore);
  return restore;
}
