/** A family in which the child works in a clone of its own. */
import { existsSync, readdirSync } from 'node:fs';
import { worktreesFolder } from '../../src/session/home/places.ts';
import { cloneOf } from '../../src/session/settings/worktree.ts';
import { demandsOf } from '../../src/session/settings/demands.ts';
import type { TestHome, TestPod } from './rig.ts';

export const shell = (command: string) => `{ Bash: { command: ${JSON.stringify(command)} } }`;
export const commit = 'echo two >> a.txt && git commit -qam second';

/** The child runs a command in its clone, and again when it is sent something. */
export const family = (command: string, asked = 'worktree: true', name = 'kid') => `
rules:
  - { pod: root, last: user, matches: "go", call: [{ SpawnPod: { name: ${name}, task: "work", ${asked} } }] }
  - { pod: root, last: user, matches: "again", call: [{ SendToPod: { name: ${name}, message: "more" } }] }
  - { pod: root, last: notification, say: "heard" }
  - { pod: root, say: "waiting" }
  - { pod: ${name}, last: user, call: [${shell(command)}] }
  - { pod: ${name}, say: "I am done" }
`;

export async function spawnedIn(home: TestHome, scenario: string, given: object = {}): Promise<TestPod> {
  const root = await home.startRoot({
    scenario,
    permissionMode: 'bypassPermissions',
    sandbox: 'real',
    ...given,
  });
  await root.run('go');
  return root;
}

/** As the parent's model reads it. */
export async function heard(root: TestPod, count = 1): Promise<string> {
  await root.until(
    `${count} notices`,
    (all) => all.filter(({ type }) => type === 'systemItem').length >= count,
  );
  await root.untilSettled();
  return (await root.entriesOf('systemItem')).at(-1)?.item.body ?? '';
}

export async function reportsOf(root: TestPod) {
  const reports = await root.entriesOf('podEventReceived');
  return reports.flatMap(({ event }) => ('worktree' in event && event.worktree ? [event.worktree] : []));
}

export async function cloneIn(home: TestHome, name = 'kid'): Promise<string> {
  const [session] = await home.pod(name).entriesOf('session');
  const { worktree } = demandsOf(session?.settings ?? {});
  return worktree === null ? '' : cloneOf(worktree);
}

export function clonesIn({ home }: TestHome): string[] {
  const folder = worktreesFolder(home);
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
