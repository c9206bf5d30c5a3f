/** Many trees at once from one program; with `CAMPAIGN` a hundred. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openHome, type PodkinHome } from '../../src/index.ts';
import { TestHome } from '../support/rig.ts';
import { sizeOf } from '../support/size.ts';

let test: TestHome;
let home: PodkinHome;
beforeEach(() => {
  test = new TestHome();
  home = openHome({ environment: test.environment });
});
afterEach(() => test.close());

const trees = sizeOf('LIBRARY_TREES', { short: 12, full: 100 });
const scenario = 'rules:\n  - say: "{{pod}} did {{lastText}}"\n';

it(
  '[library.many] trees that one program starts at once each have their own name, events and result, and none is left',
  { timeout: 600_000 },
  async () => {
    const model = test.scenario(scenario);
    const options = { model, cwd: test.work, read: ['.'] };
    const started = await Promise.all(
      Array.from({ length: trees }, (_, at) => home.start({ ...options, task: `work ${at}` })),
    );
    const seen = await Promise.all(
      started.map(async (tree) => {
        const texts: string[] = [];
        for await (const event of tree) if (event.type === 'text') texts.push(event.text);
        return texts;
      }),
    );
    const results = await Promise.all(started.map((tree) => tree.settled));
    const wanted = started.map(({ name }, at) => `${name} did work ${at}`);
    expect(new Set(started.map(({ name }) => name)).size).toBe(trees);
    expect(results.map(({ status, text }) => `${status} ${text}`)).toEqual(
      wanted.map((one) => `done ${one}`),
    );
    expect(seen).toEqual(wanted.map((one) => [one]));
    await Promise.all(started.map((tree) => tree.close()));
    expect((await home.list()).map(({ status }) => status)).toEqual(started.map(() => 'stopped'));
    expect((await home.verify()).violations).toEqual([]);
  },
);
