/**
 * Homes as builds of this project's past have left them, one for each form that logs and small files have had
 * since the first command that ran a pod (`test/support/old-homes`, by commit): a root and its kid that were
 * killed once the kid had reported, and a pod that ended in order. Each opens, complete, and nothing in it is
 * moved or rewritten.
 */
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Delivery } from '../../src/protocol/methods.ts';
import { receiptsOf } from '../support/audit.ts';
import { TestHome } from '../support/rig.ts';

const recorded = fileURLToPath(new URL('../support/old-homes', import.meta.url));
const builds = readdirSync(recorded).map((name) => name.replace('.jsonl', ''));

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const often = { PODKIN_CHECKPOINT_BYTES: '2000' };

function putHome(build: string): void {
  for (const line of readFileSync(join(recorded, `${build}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')) {
    const { path, text } = JSON.parse(line) as { path: string; text: string };
    const file = join(home.home.state, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode: 0o600 });
  }
}

/** Path below the state's folder → bytes. */
function filesNow(): Map<string, string> {
  const { state } = home.home;
  const paths = readdirSync(state, { recursive: true, encoding: 'utf8' }).map((path) => join(state, path));
  const kept = paths.filter((path) => !path.includes('/code/'));
  const files = kept.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
  return new Map(files.map((path) => [relative(state, path), readFileSync(path, 'latin1')]));
}

/** What a pod that runs writes anew says where it runs and what it has used. */
const own = /\/(address\.json|script-uses\.json)$|^scope\.json$/;

function changed(before: ReadonlyMap<string, string>): string[] {
  const now = filesNow();
  return [...before]
    .filter(([path, bytes]) => now.get(path)?.startsWith(bytes) !== true && !own.test(path))
    .map(([path]) => path);
}

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await home.run(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

it.each(builds)('[upgrade.homes] a home of build %s is read whole, and left as it was', async (build) => {
  putHome(build);
  const before = filesNow();
  const views = await json<{ name: string; status: string; turns: number }[]>('ps', '--all', '--json');
  expect(views.map(({ name, status, turns }) => [name, status, turns])).toEqual(
    expect.arrayContaining([
      ['done', 'stopped', 1],
      ['kid', 'dead', 1],
      ['root', 'dead', 2],
    ]),
  );
  const deliveries = await json<Delivery[]>('deliveries', '--json');
  expect(deliveries.map(({ from, to, seq, kind, state }) => [from, to, seq, kind, state])).toEqual([
    ['kid', 'root', 1, 'turnEnded', 'seen'],
  ]);
  for (const name of ['root', 'kid', 'done']) {
    const lines = before.get(`pods/${name}/session.jsonl`)!.split('\n').length - 1;
    expect((await home.run(['logs', name, '--json'])).stdout.trimEnd().split('\n')).toHaveLength(lines);
  }
  expect(await home.run(['verify'])).toMatchObject({ code: 0 });
  expect(filesNow()).toEqual(before);
});

it.each(builds)('[upgrade.homes] the pods of build %s go on with all that they had', async (build) => {
  putHome(build);
  home.expectsNoSockets = false;
  const before = filesNow();
  const [root, kid, done] = ['root', 'kid', 'done'].map((name) => home.pod(name));
  // Not by the command: it refuses, because the scenario that is their model is not there any more.
  for (const pod of [root!, done!]) await pod.start(often);
  expect((await done!.call('readOutput', {})).text).toBe('I have done it.');
  expect((await done!.call('status', {})).turns).toBe(1);
  const { text } = await root!.call('readOutput', {});
  expect(text.split('\n\n').slice(0, 2)).toEqual(['Well.', 'Well.']);
  const receipts = receiptsOf(await root!.entries(), kid!.instance).map(({ event }) => event.kind);
  expect(receipts.filter((kind) => kind === 'turnEnded')).toEqual(['turnEnded']);
  expect(changed(before)).toEqual([]);
  for (const pod of [done!, root!]) await pod.stop();
  expect(await home.run(['verify'])).toMatchObject({ code: 0 });
  expect(changed(before)).toEqual([]);
});
