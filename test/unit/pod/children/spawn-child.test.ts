/** SpawnPod, step by step: what is committed and asked behind what, and what is left where a step fails. */
import { describe, expect, it } from 'vitest';
import type { ParentLink } from '../../../../src/pod/parent/link.ts';
import { SpawnRefused } from '../../../../src/pod/children/spawn-refused.ts';
import { hashToken } from '../../../../src/session/home/home.ts';
import { NameTaken } from '../../../../src/session/home/name-taken.ts';
import { deferred } from '../../../../src/std/deferred.ts';
import { version } from '../../../../src/version.ts';
import { above, kid, me, sent, scopeReport } from '../../machine-rig.ts';
import { identityOf } from './family-rig.ts';
import { born, claimOf, spawning } from './spawn-rig.ts';

const scope = { read: ['/w'], write: ['/w/a'] };
const reserved = {
  type: 'child',
  child: born,
  state: 'reserved',
  tokenHash: hashToken('token of new'),
  scope,
  task: 'do it',
  call: 'call-1',
};
const delegated = { type: 'scope', change: 'delegated', child: born, scope };
const reclaimed = { type: 'scope', change: 'reclaimed', child: born, scope, reason: 'undone' };
const processNoted = { type: 'child', child: born, state: 'started', ...identityOf(500) };
const given = { type: 'assignment', assignment: 'uuid-2', child: born, state: 'open', text: 'do it' };
const inPlace = ['create new', 'commit child,scope', 'claims', 'synced', 'me at child.reserved', 'claims'];
const up = ['start new', 'commit child', 'me at child.started', 'await link', 'me at scope.moved'];
const working = ['commit assignment', 'synced', 'send run', 'me at child.firstRun'];

describe('a spawn', () => {
  it('[spawn.steps] is committed step by step, each before the next is asked for', async () => {
    const { spawn, order, committed, sent: wire } = spawning();
    expect(await spawn({ write: ['/w/a'] })).toEqual({
      child: born,
      assignment: 'uuid-2',
      planned: null,
      waits: null,
    });
    expect(order).toEqual([...inPlace, ...up, ...working]);
    expect(committed).toStrictEqual([[reserved, delegated], [processNoted], [given]]);
    expect(wire).toMatchObject([
      { path: '/sockets/new', method: 'run', params: { input: 'do it', hops: 4 } },
    ]);
  });

  it('[spawn.steps] makes a pod of this pod’s tree, one level below it, and no freer than it', async () => {
    const { spawn, specs, pod } = spawning();
    Object.assign(pod.session, { depth: 1, cwd: '/w/c', permissionMode: 'ask', settings: { a: 1 } });
    await spawn({ write: ['/w/a'], instructions: 'be short' });
    expect(specs).toStrictEqual([
      {
        schema: 1,
        podkin: version,
        ...born,
        parent: me,
        root: me,
        depth: 2,
        cwd: '/w/c',
        model: 'script/none',
        instructions: 'be short',
        permissionMode: 'ask',
        scope,
        settings: { a: 1 },
      },
    ]);
  });

  it('[asked.own] asks of it what the call asks, and nothing that was asked of this pod', async () => {
    const { spawn, specs, pod } = spawning();
    Object.assign(pod.session, { settings: { a: 1, demands: { timeoutMinutes: 3, idleMinutes: 2 } } });
    await spawn();
    await spawn({ idleMinutes: 0.5 });
    expect(specs.map(({ settings }) => settings)).toStrictEqual([
      { a: 1 },
      { a: 1, demands: { idleMinutes: 0.5 } },
    ]);
  });

  it('[spawn.steps] without instructions has none, and rules that were added since are its own', async () => {
    const rules = { ask: [], deny: ['Bash(rm:*)'] };
    const { spawn, specs, pod } = spawning();
    pod.facts.restrictions = { deny: [], rules };
    await spawn();
    expect(specs).toMatchObject([{ instructions: null, settings: { permissions: rules } }]);
  });

  it('[spawn.steps] waits for the child’s link as long as for its start, or for the end of its process', async () => {
    const { spawn, noted, world } = spawning();
    await spawn();
    const exited = noted.flatMap((one) => (Array.isArray(one) ? (one[1] as { exited?: unknown }) : []));
    expect(exited).toMatchObject([{ timeoutMs: 20_000 }]);
    const exit = { exitCode: 1, signal: null };
    world.exited.resolve(exit);
    expect(await exited[0]?.exited).toEqual(exit);
    expect(noted[1]).toEqual([born.instance, { ...exit, pid: 500 }]);
  });

  it('[spawn.steps] notes no process that cannot be seen any more', async () => {
    const { spawn, state, committed } = spawning();
    state.identity = false;
    await spawn();
    expect(committed).toMatchObject([[{ state: 'reserved' }], [given]]);
  });

  it('[spawn.steps] of a child that writes nowhere hands nothing down', async () => {
    const { spawn, committed } = spawning();
    await spawn();
    expect(committed[0]).toEqual([{ ...reserved, scope: { read: ['/w'], write: [] } }]);
  });

  it('[spawn.steps] of one with a bound of its own says so in its settings, and with the reservation', async () => {
    const { spawn, committed, specs } = spawning();
    await spawn({ maxCost: 2 });
    const cap = { nanoUsd: 2_000_000_000 };
    expect(specs.map(({ settings }) => settings)).toEqual([{ budget: { leased: ['nanoUsd'], cap } }]);
    const lent = { type: 'budgetLent', child: born, nanoUsd: { granted: 0, returned: 0 }, cap };
    expect(committed[0]?.slice(1)).toEqual([lent]);
  });

  it('[spawn.steps] tells those above what was handed down, once the child has linked', async () => {
    const shell = spawning([sent(1, scopeReport(kid, 3))], { parent: above });
    shell.state.before = [claimOf(me, ['/w'])];
    const events: unknown[] = [];
    const fireAndForget = (event: unknown) => (shell.order.push('tell'), events.push(event));
    shell.context.parentLink = { fireAndForget } as unknown as ParentLink;
    await shell.spawn({ write: ['/w/a'] });
    expect(shell.order).toEqual([...inPlace, ...up.slice(0, -1), 'tell', ...up.slice(-1), ...working]);
    expect(events).toStrictEqual([
      {
        kind: 'scopeSubDelegated',
        to: born,
        by: me,
        scope,
        origin: { instance: me.instance, seq: 2 },
      },
    ]);
  });

  it('[spawn.steps] of two at once the later one is weighed with the earlier one’s part taken away', async () => {
    const { spawn, specs } = spawning();
    const [first, second] = await Promise.allSettled([
      spawn({ write: ['/w/a'] }),
      spawn({ name: 'late', write: ['/w/a'] }),
    ]);
    expect([first.status, second.status, specs.length]).toEqual(['fulfilled', 'rejected', 1]);
    expect(second).toMatchObject({
      reason: {
        message: expect.stringContaining('write /w/a (the pod "new" holds /w/a; StopPod returns it)'),
      },
    });
  });

  it('[spawn.steps] of two at once the later one is not held up by the refusal of the earlier one', async () => {
    const { spawn, specs } = spawning();
    const [first, second] = await Promise.allSettled([spawn({ write: ['/etc'] }), spawn({ write: ['/w'] })]);
    expect([first.status, second.status, specs.length]).toEqual(['rejected', 'fulfilled', 1]);
  });
});

const broken = 'The pod "new" could not be started. What is known of why:';
const undone = (reason: string) => ({ type: 'child', child: born, state: 'undone', reason });
type Spawning = ReturnType<typeof spawning>;

describe('a step that fails', () => {
  it.each<[string, string, (shell: Spawning) => void]>([
    [
      'the place is another’s',
      '/w/a is held for writing by the pod "other" (/w); stop that pod first, or use another path.',
      ({ state }) => {
        const theirs = { path: '/w/a', owner: { name: 'other', instance: 'o' }, theirs: '/w', isKnown: true };
        state.conflicts.push(
          { ...theirs, path: '/w/x', claim: claimOf(kid, ['/w/x']) },
          { ...theirs, claim: claimOf(born, ['/w/a']) },
        );
      },
    ],
    [
      'it does not link',
      'the child did not link',
      ({ state }) => void (state.link = Promise.reject(new Error('the child did not link'))),
    ],
    [
      'the log refuses what follows',
      'no room',
      (shell) => {
        const { start } = shell.pod.host.processes;
        const refusing: typeof start = (folder) => {
          shell.refusal = new Error('no room');
          queueMicrotask(() => (shell.refusal = null));
          return start(folder);
        };
        Object.assign(shell.pod.host.processes, { start: refusing });
      },
    ],
    [
      'the run is refused',
      'paused',
      ({ answers }) =>
        void (answers[0] = { ok: false, failure: 'refused', message: 'paused', delivered: 'refused' }),
    ],
    [
      'what is thrown is no error',
      'odd',
      ({ state }) => {
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- on purpose
        state.link = Promise.reject('odd');
      },
    ],
  ])('[spawn.undone] %s: all is taken back, and the reason quoted', async (_, reason, breaks) => {
    const shell = spawning();
    breaks(shell);
    expect(await shell.refused({ write: ['/w/a'] })).toEqual({
      message: broken,
      denied: false,
      data: reason,
    });
    expect(shell.committed.at(-1)).toEqual([reclaimed, undone(reason)]);
    expect(shell.world.burials).toMatchObject([{ ...born, discarded: true }]);
  });

  it('[spawn.undone] nobody waits any more: the child does not begin to work', async () => {
    const shell = spawning();
    const link = deferred<void>();
    shell.state.link = link.promise;
    const refused = shell.refused();
    shell.abort.abort(new Error('cancelled'));
    link.resolve();
    expect(await refused).toEqual({ message: broken, denied: false, data: 'cancelled' });
    expect([shell.sent, shell.order.includes('await link')]).toEqual([[], true]);
  });

  it.each([
    ['is quoted as well', 'Error: boom', 'it hangs', 'it hangs\nThe end of its error output:\nError: boom'],
    ['is not quoted twice', 'boom', 'it said boom', 'it said boom'],
    ['that is empty is left out', '', 'it hangs', 'it hangs'],
  ])('[spawn.undone] what it wrote to its error output %s', async (_, tail, reason, data) => {
    const shell = spawning();
    shell.world.tail = tail;
    shell.state.link = Promise.reject(new Error(reason));
    expect(await shell.refused()).toMatchObject({ data });
    expect(shell.committed.at(-1)).toEqual([undone(reason)]);
  });

  it('[spawn.undone] a start that says nothing is given up after spawnMs', async () => {
    const shell = spawning();
    const { start } = shell.pod.host.processes;
    const silent: typeof start = (folder) => ({ ...start(folder), ready: new Promise(() => undefined) });
    Object.assign(shell.pod.host.processes, { start: silent });
    const text = "the pod's process was started and did not listen within 20000 ms";
    expect(await shell.refused({}, 20_000)).toMatchObject({ data: text });
  });
});

describe('a reservation', () => {
  it('[spawn.undone] of a name that is taken is refused', async () => {
    const create = () => {
      throw new NameTaken('new');
    };
    const { refused, committed } = spawning([], { home: { create } });
    expect(await refused()).toEqual({
      message: 'There is a pod "new" already; choose another name.',
      denied: false,
      data: null,
    });
    expect(committed).toEqual([]);
  });

  it('[spawn.undone] that the file system refuses is its error', async () => {
    const create = () => {
      throw new Error('disk');
    };
    const { spawn } = spawning([], { home: { create } });
    await expect(spawn()).rejects.toThrow(/^disk$/);
  });

  it('[spawn.undone] that cannot be committed leaves no folder', async () => {
    const shell = spawning();
    shell.refusal = new Error('no room');
    await expect(shell.spawn()).rejects.toThrow(/^no room$/);
    expect(shell.order).toEqual(['create new', 'discard new']);
  });
});

it('[spawn.undone] a refusal is an error of its own', () => {
  const { name, denied, data } = new SpawnRefused('no');
  expect({ name, denied, data }).toEqual({ name: 'SpawnRefused', denied: false, data: null });
});

describe('a spawn with wait', () => {
  const waits = { type: 'scopeWait', state: 'waits', child: born };
  const asking = (reason: string | null, circle: string | null = null) => {
    const family = spawning();
    const { pod, context, order } = family;
    const consider = async () => {
      order.push('consider');
      if (reason === null) pod.commit([{ type: 'scopeWait', state: 'over', child: born, reason: 'granted' }]);
    };
    Object.assign(context.children, { waits: { consider, circle: () => circle, reason: () => reason } });
    return family;
  };

  it('[scope.wait-steps] is reserved with its place in the queue, holds nothing, and is started at once', async () => {
    const { spawn, committed, specs, order } = asking('a, which x holds');
    expect(await spawn({ write: ['/w/a'], wait: true })).toMatchObject({ waits: 'a, which x holds' });
    expect(committed[0]).toStrictEqual([{ ...reserved, isToWait: true }, waits]);
    expect(specs[0]?.settings).toEqual({ demands: { wait: true } });
    expect(order.slice(order.indexOf('consider'), order.indexOf('await link'))).toContain('start new');
    expect(order).toContain('send run');
  });

  it('[scope.wait-steps] for what is free begins at once', async () => {
    expect(await asking(null).spawn({ write: ['/w/a'], wait: true })).toMatchObject({ waits: null });
  });

  it('[scope.wait-circle] that closes a circle is undone, and says so in our own words', async () => {
    const { refused, order, committed } = asking('a, which x holds', 'To wait would close a circle.');
    expect(await refused({ write: ['/w/a'], wait: true })).toMatchObject({
      message: 'To wait would close a circle.',
      data: null,
    });
    expect(order).not.toContain('start new');
    expect(committed.flat().slice(-2)).toMatchObject([
      { type: 'scopeWait', state: 'over', reason: 'undone' },
      { type: 'child', state: 'undone' },
    ]);
  });

  it('[scope.wait-steps] that writes nowhere waits for nothing', async () => {
    const { spawn, committed, specs } = spawning();
    await spawn({ wait: true });
    expect(committed[0]).toEqual([{ ...reserved, scope: { read: ['/w'], write: [] } }]);
    expect(specs[0]?.settings).toEqual({});
  });

  it('[scope.wait-order] without it nobody comes before one that waits', async () => {
    const other = { name: 'other', instance: 'other-id' };
    const { refused, state, spawn } = spawning();
    state.waits = [{ ...claimOf(other, ['/w/a/deep']), above: ['t'], since: 'then' }];
    expect(await refused({ write: ['/w/a'] })).toEqual({
      message:
        'The pod "other" waits for /w/a and gets it first. With "wait" the child gets it after that; or give it other paths.',
      denied: true,
      data: null,
    });
    expect(await spawn({ write: ['/w/b'] })).toMatchObject({ waits: null });
  });
});
