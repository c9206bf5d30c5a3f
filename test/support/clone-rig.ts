/** Clones as podkin makes them, in a real sandbox, of a repository in a folder of the test's own. */
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readGitStore } from '../../src/project/git-store.ts';
import { createSandbox } from '../../src/scope/sandbox/sandbox.ts';
import { defaultLimits, defaultSandboxSettings } from '../../src/session/settings/settings.ts';
import { type Worktree, cloneOf } from '../../src/session/settings/worktree.ts';
import type { GitPlace } from '../../src/tools/worktree/git-run.ts';
import { handOver, makeClone, ownFolder, surveyRepository } from '../../src/tools/worktree/worktree.ts';
import { commitAll } from './repository.ts';

interface Given {
  name?: string;
  from?: string;
  store?: string;
  head?: string;
}

export class CloneRig {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'pk-')));
  readonly source = join(this.folder, 'the source’s "own" $(touch x)');

  constructor() {
    for (const name of ['state', 'marks', 'h']) mkdirSync(join(this.folder, name));
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  place(over: { shellTimeoutMs?: number; shellFileBytes?: number; signal?: AbortSignal } = {}): GitPlace {
    const { folder } = this;
    const { signal = new AbortController().signal, ...limits } = over;
    return {
      sandbox: createSandbox({
        settings: defaultSandboxSettings,
        hidden: [join(folder, 'state')],
        state: join(folder, 'state'),
        tmpBytes: 256 * 1024 * 1024,
      }),
      limits: { ...defaultLimits, ...limits },
      pod: { name: 'kid', instance: 'i' },
      outputs: join(folder, 'out'),
      signal,
      noteGroup: () => () => undefined,
    };
  }

  /** What podkin asks of a repository before it clones it. */
  async plan({ name = 'root-kid-abc123', from = this.source, ...over }: Given = {}): Promise<Worktree> {
    const { folder } = this;
    const { store = join(from, '.git'), head = 'ref: refs/heads/main' } = over;
    const home = { config: join(folder, 'c'), state: join(folder, 'state'), runtime: join(folder, 'r') };
    const found = await readGitStore({ home, deny: [] }, store);
    if (typeof found === 'string') throw new Error(found);
    const survey = await surveyRepository({ store, head, ...found }, this.place());
    if (survey.kind !== 'found') throw new Error(JSON.stringify(survey));
    const above = (await ownFolder(join(folder, 'h', 'worktrees'))) ?? '';
    const branch = `podkin/${name}`;
    return {
      holder: join(above, name),
      source: from,
      store,
      ...found,
      branch,
      base: survey.base,
      returns: true,
    };
  }

  async cloned(given: Given = {}): Promise<Worktree> {
    const worktree = await this.plan(given);
    const cwd = join(cloneOf(worktree), 'sub');
    const failed = await makeClone(worktree, { author: 'kid', cwd }, this.place());
    if (failed !== null) throw new Error(JSON.stringify(failed));
    return worktree;
  }

  async returned(worktree: Worktree, mayReturn = true) {
    return await handOver(worktree, { mayReturn }, this.place());
  }
}

/** A commit in the clone, as its pod makes one. */
export function work(worktree: Worktree, text = 'two\n'): string {
  appendFileSync(join(cloneOf(worktree), 'a.txt'), text);
  return commitAll(cloneOf(worktree), 'work');
}
