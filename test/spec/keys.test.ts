/**
 * Keys in a home whose pods' scope holds all of it: denied to file tools, shells and children, unless a
 * person has named them.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { capable } from '../support/capable.ts';
import { TestHome } from '../support/rig.ts';

const hasSandbox = capable('bubblewrap', () => existsSync('/usr/bin/bwrap'));
const keys = ['.ssh/id', '.aws/credentials', '.config/gh/hosts.yml', '.netrc', '.docker/config.json'];

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
  for (const name of keys) {
    mkdirSync(dirname(join(home.path, name)), { recursive: true });
    writeFileSync(join(home.path, name), `SECRET of ${name}\n`);
  }
  writeFileSync(join(home.path, 'plain'), 'plain text\n');
});
afterEach(() => home.close());

interface Seen {
  readonly reads: readonly string[];
  readonly searches: readonly string[];
  readonly shells: readonly string[];
}

/** What the calls answered, of root and of a child that was given all that root has. */
async function looked(options: string[]): Promise<Seen[]> {
  const files = ['plain', ...keys].map((name) => join(home.path, name));
  const reads = files.map((path) => ({ Read: { path } }));
  const searches = [
    { Grep: { pattern: 'SECRET', path: home.path } },
    { Glob: { pattern: '**/id', path: home.path } },
  ];
  const shells = hasSandbox ? [{ Bash: { command: `cat ${files.join(' ')} 2>&1; true` } }] : [];
  const calls = JSON.stringify([...reads, ...searches, ...shells]);
  const spawn = JSON.stringify([{ SpawnPod: { name: 'kid', task: 'look', read: [home.path], write: [] } }]);
  const model = home.scenario(
    `rules:\n  - { pod: root, last: user, call: ${spawn} }\n  - { pod: root, last: notification, times: 1, call: ${calls} }\n  - { pod: kid, last: user, call: ${calls} }\n  - { last: tool, say: looked }\n  - { say: done }\n`,
  );
  const ran = await home.run(
    [
      'run',
      'go',
      '-p',
      '--model',
      model,
      '--permission-mode',
      'acceptEdits',
      '--cwd',
      home.work,
      '--write',
      home.work,
      '--read',
      home.path,
      ...options,
    ],
    { environment: { PODKIN_LIMITS_COALESCE_MS: '20' } },
  );
  // Something was denied, and the person is told so.
  expect(ran.code, ran.stderr).toBe(4);
  const seenBy = async (name: string): Promise<Seen> => {
    const results = await home.pod(name).entriesOf('toolResult');
    const textsOf = (wanted: string) => results.filter(({ tool }) => tool === wanted).map(({ text }) => text);
    return {
      reads: textsOf('Read'),
      searches: [...textsOf('Grep'), ...textsOf('Glob')],
      shells: textsOf('Bash'),
    };
  };
  return [await seenBy('root'), await seenBy('kid')];
}

function expectHeld({ reads, searches, shells }: Seen, open: readonly string[]): void {
  expect(reads).toHaveLength(keys.length + 1);
  expect(reads.filter((text) => text.includes('plain text'))).toHaveLength(1);
  for (const name of keys) {
    const denial = `Denied: no right to read ${join(home.path, name)}.`;
    const isOpen = open.includes(name);
    expect(reads.filter((text) => text.includes(`SECRET of ${name}`))).toHaveLength(isOpen ? 1 : 0);
    expect(reads.filter((text) => text.startsWith(denial))).toHaveLength(isOpen ? 0 : 1);
    for (const text of [...searches, ...shells].filter(() => !isOpen))
      expect(text).not.toContain(`SECRET of ${name}`);
  }
  expect(searches).toHaveLength(2);
  if (!hasSandbox) return;
  const lines = shells[0]?.split('\n').filter((line) => !line.startsWith('cat: '));
  expect(lines).toEqual(['plain text', ...open.map((name) => `SECRET of ${name}`)]);
}

describe('the keys of a home', () => {
  it('[scope.keys-held] are read by no file tool, no shell and no child', async () => {
    for (const seen of await looked([])) expectHeld(seen, []);
  });

  it('[scope.keys-held] --read opens the one it names, for children too', async () => {
    for (const seen of await looked(['--read', join(home.path, '.ssh')])) expectHeld(seen, ['.ssh/id']);
  });

  it('[scope.keys-held] a deny of a person wins over what they name', async () => {
    const ssh = join(home.path, '.ssh');
    for (const seen of await looked(['--read', ssh, '--deny', ssh])) expectHeld(seen, []);
  });
});
