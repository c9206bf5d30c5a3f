/**
 * The conversation that the tests of a failing provider share: one side effect that can be counted, and a
 * parent that hears of it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Asked, Fault, ProviderServer, Reply } from './provider-server.ts';
import type { Ran, TestHome } from './rig.ts';

/**
 * One pod that appends a line to the file `count`. With the task "hand down" the root leaves that to a child,
 * `worker`.
 */
export function countingScript({ pod, nth, last, prompt }: Asked): Reply {
  const task = prompt.find(({ role }) => role === 'user')?.text ?? '';
  if (pod === 'root' && task === 'hand down') {
    if (nth === 1) return { call: [['SpawnPod', { name: 'worker', task: 'count', write: ['.'] }]] };
    if (last.role === 'result') return { say: 'I wait.' };
    return { say: 'I have read of it.' };
  }
  const counted = prompt.some(({ role }) => role === 'result');
  // The text is there so that an answer cut before its call has begun.
  return counted
    ? { say: 'It is counted.' }
    : { say: 'I count it.', call: [['Bash', { command: 'echo once >> count' }]] };
}

/** `podkin run -p` with that provider, allowed to run commands. */
export function runCounting(
  home: TestHome,
  provider: ProviderServer,
  task: 'count' | 'hand down',
): Promise<Ran> {
  const args = ['run', '-p', '--output-format', 'json', '--permission-mode', 'bypassPermissions', task];
  return home.run(args, { environment: provider.environment });
}

/** What stands in the file `count`; empty where nothing was counted. */
export function counted(home: TestHome): string {
  const path = join(home.work, 'count');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Faults that another try can get over, each with the category that it has when it stays. */
export const passingFaults: readonly (readonly [string, Fault, string])[] = [
  ['a server that fails', { status: 500 }, 'overloaded'],
  ['a limit of requests', { status: 429, headers: { 'retry-after-ms': '30' } }, 'rateLimit'],
  ['a stream cut before the call', 'cutBeforeCall', 'cutStream'],
  ['a stream cut behind the call', 'cutAfterCall', 'cutStream'],
  ['an answer that never comes', 'hang', 'timeout'],
];

/** Faults that no other try can get over. */
export const lastingFaults: readonly (readonly [string, Fault, string])[] = [
  ['a key that is refused', { status: 401, message: 'no such key' }, 'authentication'],
  ['a request that is refused', { status: 400 }, 'badRequest'],
];
