/** A pod that spawns `new`: what it asks of the world is in `order`, and the world is filled by the test. */
import type { Children } from '../../../../src/pod/children/children.ts';
import { spawnChild } from '../../../../src/pod/children/spawn-child.ts';
import type { PodContext } from '../../../../src/pod/children/spawned.ts';
import { SpawnRefused } from '../../../../src/pod/children/spawn-refused.ts';
import type { Claim, Conflict } from '../../../../src/scope/ownership/claims.ts';
import type { Wait } from '../../../../src/scope/ownership/waits.ts';
import type { PathScope, PodRef } from '../../../../src/session/facts/entries.ts';
import { type PodSpec, homeOf, podFolder } from '../../../../src/session/home/home.ts';
import type { ToolContext } from '../../../../src/tools/tool.ts';
import type { SpawnRequest } from '../../../../src/tools/tree.ts';
import type { Line } from '../../machine-rig.ts';
import type { ShellOptions } from '../shell-rig.ts';
import { familyOf, identityOf } from './family-rig.ts';

/** The first pod that is spawned. */
export const born = { name: 'new', instance: 'uuid-1' };
export const claimOf = (owner: PodRef, write: string[]): Claim => ({
  owner,
  above: [],
  write,
  deny: [],
  exclusive: true,
  maker: identityOf(1),
  process: null,
});

export function spawning(lines: readonly Line[] = [], options: ShellOptions = {}) {
  const places = homeOf({ PODKIN_HOME: options.at ?? '/nowhere' });
  const specs: PodSpec[] = [];
  const seen: unknown[] = [];
  const create = (spec: PodSpec) => {
    family.order.push(`create ${spec.name}`);
    specs.push(spec);
    family.world.add(spec.name, spec.instance);
    return { folder: podFolder(places, spec.name), token: `token of ${spec.name}` };
  };
  const family = familyOf(lines, { ...options, home: { create, ...options.home } });
  const { pod, order, world } = family;
  const state = {
    /** What others hold of what was asked for. */
    conflicts: [] as Conflict[],
    /** In the registry before, and since this pod has brought it up to date. */
    before: [] as Claim[],
    claims: [] as Claim[],
    waits: [] as Wait[],
    /** Commands of others that may write there, at each look; the last ones stay. */
    writers: [[]] as PodRef[][],
    problem: null as string | null,
    hooks: {} as Record<string, string>,
    link: Promise.resolve(),
    identity: true,
  };
  let all: Claim[] | null = null;
  Object.assign(pod.claims, {
    sync: async () => (order.push('claims'), (all = state.claims), state.conflicts),
  });
  const writers = () => {
    order.push('writers');
    return state.writers.length > 1 ? state.writers.shift() : state.writers[0];
  };
  Object.assign(pod.host, {
    claims: { all: () => all ?? state.before, waits: () => state.waits, statusOf: () => 'alive', writers },
    work: {
      realScope: async (scope: PathScope) => (seen.push(scope), scope),
      modelProblem: (name: string) => (seen.push(name), state.problem),
      hookProtection: (scope: PathScope, write: string[]) => {
        seen.push([scope, write]);
        return (path: string) => state.hooks[path];
      },
      programs: { closed: [] },
    },
  });
  const { identity } = pod.host.processes;
  Object.assign(pod.host.processes, { identity: (pid: number) => (state.identity ? identity(pid) : null) });
  const noted: unknown[] = [];
  const children = {
    inFlight: new Set<string>(),
    links: {
      numberOf: () => 1,
      linked: (...asked: unknown[]) => {
        order.push('await link');
        noted.push(asked);
        return state.link;
      },
    },
    markAccepted: () => undefined,
    markUncertain: () => undefined,
    noteExit: (...exit: unknown[]) => void noted.push(exit),
  };
  const context: PodContext = { pod, children: children as unknown as Children, parentLink: null };
  const abort = new AbortController();
  const told = { call: 'call-1', cwd: '/w/sub', hops: 4, signal: abort.signal } as ToolContext;
  const spawn = (request: Partial<SpawnRequest> = {}) =>
    spawnChild(context, { name: 'new', task: 'do it', write: [], ...request }, told);
  /** What a spawn was refused with; the process is up and time passes meanwhile. */
  const refused = async (request: Partial<SpawnRequest> = {}, ms = 0) => {
    const outcome = spawn(request).then(
      () => null,
      (error: unknown) => error,
    );
    await family.clock.pass(ms);
    const error = await outcome;
    if (!(error instanceof SpawnRefused)) throw new Error('it was not refused', { cause: error });
    const { message, denied, data } = error;
    return { message, denied, data };
  };
  world.ready.resolve({});
  return Object.assign(family, { state, specs, seen, noted, context, told, abort, spawn, refused });
}
