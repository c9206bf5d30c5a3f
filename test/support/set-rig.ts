/** For tests of what is set of a pod that is there. */
import type { TestPod } from './rig.ts';

/** Of a pod's `set` entries what they set. */
export const setsOf = async (pod: TestPod): Promise<object[]> =>
  (await pod.entriesOf('set')).map(({ by, model, permissionMode, effort }) => ({
    by,
    ...(model === undefined ? {} : { model }),
    ...(permissionMode === undefined ? {} : { permissionMode }),
    ...(effort === undefined ? {} : { effort }),
  }));

export const modeOf = async (pod: TestPod): Promise<string | undefined> =>
  (await pod.call('status', {})).permissionMode;

/** Runs until `go` is there. */
export const heldCommand = 'touch begun; until [ -e go ]; do sleep 0.02; done';

export const script = `
rules:
  - { last: user, matches: "^ask", call: [{ Bash: { command: "echo it > asked" } }] }
  - { last: user, matches: "^spawn", call: [{ SpawnPod: { name: kid, task: "wait here" } }] }
  - { say: "ok" }
`;
