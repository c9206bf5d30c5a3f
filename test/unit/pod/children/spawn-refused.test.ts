/**
 * What a spawn is refused for before anything is made: limits, the model, the scope; and what is let through.
 */
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PathScope } from '../../../../src/session/facts/entries.ts';
import type { Limits } from '../../../../src/session/settings/settings.ts';
import { type Line, child, died, kid, linked, me, received, sib } from '../../machine-rig.ts';
import { tempFolder } from '../../session/log-rig.ts';
import { claimOf, spawning } from './spawn-rig.ts';

const refusal = (message: string, more: object = {}) => ({ message, denied: false, data: null, ...more });
const limited = (limits: Partial<Limits>, lines: Line[] = []) => spawning(lines, { limits });
type Spawning = ReturnType<typeof spawning>;

/** Nothing was made and nothing committed. */
function untouched({ specs, committed, order }: Spawning): void {
  expect([specs, committed, order]).toEqual([[], [], []]);
}

describe('the limits of a spawn', () => {
  const two: Line[] = [linked(kid), child(sib, 'reserved')];

  it('[spawn.limits] as many live children as are allowed', async () => {
    const shell = limited({ children: 2 }, two);
    expect(await shell.refused()).toEqual(
      refusal(
        'This pod has 2 live children, which is the limit. Stop one with StopPod, or give an existing one more to do with SendToPod.',
      ),
    );
    untouched(shell);
  });

  it.each([
    ['one less than that', 3, two],
    ['those that have ended', 2, [...two, received(null, died())]],
  ])('[spawn.limits] %s are no hindrance', async (_, children, lines) => {
    const { spawn } = limited({ children }, lines);
    expect(await spawn()).toMatchObject({ child: { name: 'new' } });
  });

  it('[spawn.limits] as many levels below the root as are allowed', async () => {
    const shell = limited({ depth: 2 });
    Object.assign(shell.pod.session, { depth: 1 });
    expect(await shell.spawn()).toMatchObject({ child: { name: 'new' } });
    const last = limited({ depth: 2 });
    Object.assign(last.pod.session, { depth: 2 });
    expect(await last.refused()).toEqual(
      refusal(
        'The tree may be 2 levels deep below its root, and this pod is on level 2. Do the work yourself.',
      ),
    );
    untouched(last);
  });

  it('[spawn.limits] a pod that stops', async () => {
    const shell = spawning();
    shell.pod.core.live.mode = 'stopping';
    expect(await shell.refused()).toEqual(refusal('This pod is stopping; it starts nothing any more.'));
    untouched(shell);
  });
});

describe('the size of the tree', () => {
  /** Folders of a home with `me` and others, by what is known of each; probes of locks are kept. */
  function tree(
    pods: number,
    folders: Record<string, 'held' | 'free' | 'new' | 'stranger' | 'bad' | 'lost'>,
  ) {
    const shell = limited({ pods });
    const { world, pod } = shell;
    const probed: string[] = [];
    world.specs.clear();
    for (const [name, what] of Object.entries(folders)) {
      world.add(name, `${name}-id`);
      if (what === 'stranger') world.specs.set(name, { ...spec(name), root: sib });
      if (what === 'bad') world.specs.set(name, new Error('damaged'));
      if (what !== 'new') world.logs.set(name, []);
    }
    const probe = async ({ instance, folder }: { instance: string; folder: string }) => {
      const name = folder.split('/').at(-1) ?? '';
      probed.push(name);
      expect(instance).toBe(name === 'new' ? 'uuid-1' : `${name}-id`);
      if (folders[name] === 'lost') throw new Error('nobody knows');
      return folders[name] === 'held' || folders[name] === 'stranger' ? 'held' : 'free';
    };
    Object.assign(pod.host.locks, { probe });
    return Object.assign(shell, { probed });
  }
  const spec = (name: string) => ({ name, instance: `${name}-id`, parent: me, root: me });
  const full = (others: number) =>
    refusal(
      `The tree has ${others} live pods, which is the limit. Do the work yourself or wait for reports.`,
    );

  it('[spawn.limits] is that of those that live or are being made, without this one', async () => {
    const shell = tree(3, { a: 'held', b: 'held', c: 'new', d: 'free' });
    expect(await shell.refused()).toEqual(full(3));
    expect([shell.committed, shell.order]).toEqual([[], ['create new', 'discard new']]);
  });

  it.each<[string, Parameters<typeof tree>[1]]>([
    ['the dead', { a: 'held', b: 'held', c: 'free' }],
    ['another tree’s', { a: 'held', b: 'held', c: 'stranger' }],
    ['those whose file is damaged', { a: 'held', b: 'held', c: 'bad' }],
    ['those whose lock cannot be asked', { a: 'held', b: 'held', c: 'lost' }],
  ])('[spawn.limits] does not count %s', async (_, folders) => {
    expect(await tree(3, folders).spawn()).toBeTruthy();
  });

  it('[spawn.limits] is no more than the number of folders: then no lock is asked', async () => {
    const few = tree(3, { a: 'held', b: 'held' });
    expect(await few.spawn()).toBeTruthy();
    expect(few.probed).toEqual([]);
    const many = tree(3, { a: 'held', b: 'held', c: 'free' });
    await many.spawn();
    expect(many.probed.sort()).toEqual(['a', 'b', 'c', 'new']);
  });
});

describe('the model of a spawn', () => {
  it('[spawn.model] is this pod’s where none is named, and it must be to be had', async () => {
    const shell = spawning();
    await shell.spawn();
    await shell.spawn({ name: 'two', model: 'openai/gpt-5.2' });
    expect(shell.specs.map(({ model }) => model)).toEqual(['script/none', 'openai/gpt-5.2']);
    const without = spawning();
    without.state.problem = 'no key';
    expect(await without.refused()).toEqual(refusal('The model cannot be had:', { data: 'no key' }));
    expect(without.seen.at(-1)).toBe('script/none');
    untouched(without);
  });

  const unpriced =
    'The limit of the cost cannot hold for this model, its price is not known. Name another, or none to give the child your own; a person can say the price: inputPrice and outputPrice in [models."provider/model"] of their config.toml. The model:';
  it('[spawn.model] has a price where the cost is limited', async () => {
    const shell = limited({ cost: 1 });
    const model = 'openai/of-my-own';
    expect(await shell.refused({ model })).toEqual(refusal(unpriced, { data: model }));
    untouched(shell);
    Object.assign(shell.pod.session, {
      settings: { models: { [model]: { inputPrice: 1, outputPrice: 2 } } },
    });
    expect(await shell.spawn({ model })).toBeTruthy();
    expect(await limited({ cost: null }).spawn({ model })).toBeTruthy();
  });

  it('[spawn.model] has one where it is to have a bound of its own, or this pod is under one', async () => {
    const model = 'openai/of-my-own';
    const capped = spawning();
    expect(await capped.refused({ model, maxCost: 1 })).toEqual(refusal(unpriced, { data: model }));
    const bound = spawning();
    bound.pod.facts.budget.nanoUsd.bound = 1;
    expect(await bound.refused({ model })).toEqual(refusal(unpriced, { data: model }));
    untouched(bound);
  });
});

describe('a scenario as the model of a spawn', () => {
  function playing(own = 'script/own.json') {
    const folder = realpathSync(tempFolder());
    mkdirSync(join(folder, 'in'));
    for (const name of ['in/a.json', 'out.json']) writeFileSync(join(folder, name), '{}');
    symlinkSync('a.json', join(folder, 'in/same.json'));
    symlinkSync('../out.json', join(folder, 'in/away.json'));
    symlinkSync('nowhere', join(folder, 'in/nothing.json'));
    symlinkSync('nowhere', join(folder, 'nothing.json'));
    const shell = spawning([], { at: join(folder, 'home') });
    const scope: PathScope = { read: [join(folder, 'in')], write: [] };
    Object.assign(shell.pod.session, { model: own, cwd: folder, scope });
    return Object.assign(shell, { path: (name: string) => join(folder, name) });
  }

  it.each([
    ['in/a.json', 'in/a.json'],
    ['in/same.json', 'in/a.json'],
  ])('[spawn.model] %s in its scope is given by its real path', async (named, real) => {
    const { spawn, specs, path, seen } = playing();
    await spawn({ model: `script/${named}` });
    expect(specs.map(({ model }) => model)).toEqual([`script/${path(real)}`]);
    expect(seen).toContain(`script/${path(real)}`);
  });

  it('[spawn.model] that is this pod’s own is not looked at', async () => {
    const { spawn, specs, path, pod } = playing();
    const own = `script/${path('out.json')}`;
    Object.assign(pod.session, { model: own });
    await spawn();
    await spawn({ name: 'two', model: own });
    expect(specs.map(({ model }) => model)).toEqual([own, own]);
  });

  it.each([
    ['out.json', true, /^Denied: no right to read .*out\.json\. This/],
    // Of what is outside it is not even said whether it is there.
    ['nothing.json', true, /^Denied: no right to read .*nothing\.json\. This/],
    ['in/away.json', true, /^Denied: no right to read .*away\.json\. It leads to .*out\.json\./],
    ['in/nothing.json', false, /is, or goes through, a symbolic link to nothing/],
  ])('[spawn.model] %s is refused as a file is', async (named, denied, message) => {
    const shell = playing();
    const found = await shell.refused({ model: `script/${named}` });
    expect(found).toEqual({ denied, data: null, message: expect.stringMatching(message) });
    untouched(shell);
  });

  it('[spawn.model] is none that a pod may give that plays none itself', async () => {
    const shell = playing('openai/gpt-5.2');
    expect(await shell.refused({ model: 'script/in/a.json' })).toEqual(
      refusal('Only a pod that plays a scenario itself may give a child one; name a model.'),
    );
    untouched(shell);
  });
});

describe('the scope of a spawn', () => {
  const denied = (outside: string, may = 'This pod may read /w and write /w.') =>
    refusal(`Denied: a child gets no more than this pod has. Outside of it: ${outside}. ${may}`, {
      denied: true,
    });

  it('[spawn.scope] is what was named, from this pod’s folder; to read what it reads where nothing is named', async () => {
    const { spawn, specs, seen } = spawning();
    await spawn({ write: ['a', '/w/b/../c'] });
    await spawn({ name: 'two', read: ['r'], write: [] });
    expect(specs.map(({ scope }) => scope)).toEqual([
      { read: ['/w'], write: ['/w/sub/a', '/w/c'] },
      { read: ['/w/sub/r'], write: [] },
    ]);
    expect(seen[0]).toEqual({ read: ['/w'], write: ['/w/sub/a', '/w/c'] });
  });

  it('[spawn.scope] outside of this pod’s is denied, root by root', async () => {
    const shell = spawning();
    expect(await shell.refused({ read: ['/etc'], write: ['/w/a', '/o d', '/usr'] })).toEqual(
      denied('read /etc, write "/o d", write /usr'),
    );
    untouched(shell);
    Object.assign(shell.pod.session, { scope: { read: ['/w', '/v x'], write: [] } });
    expect(await shell.refused({ write: ['/w'] })).toEqual(
      denied('write /w', 'This pod may read /w, "/v x" and write nothing.'),
    );
  });

  it('[spawn.scope] says what is in the way', async () => {
    const shell = spawning();
    const deny = [{ path: '/w/no', right: 'write' }];
    Object.assign(shell.pod.session, { scope: { read: ['/w'], write: ['/w'], deny } });
    shell.state.before = [claimOf(sib, ['/w/s'])];
    expect(await shell.refused({ write: ['/w/no/x', '/w/s/x', '/w/.git/hooks'] })).toEqual(
      denied(
        'write /w/no/x (/w/no is denied), write /w/s/x (the pod "sib" holds /w/s; StopPod returns it), write /w/.git/hooks (always read-only: "git obeys it, and its hooks and settings run commands")',
      ),
    );
  });

  it('[spawn.scope] has no root of which git takes its hooks', async () => {
    const shell = spawning();
    shell.state.hooks = { '/w/h': 'hooks', '/w/g': 'more of them' };
    expect(await shell.refused({ write: ['/w/a', '/w/h', '/w/g'] })).toEqual(
      denied('write /w/h (always read-only: hooks), write /w/g (always read-only: "more of them")'),
    );
    const own = { read: ['/w'], write: ['/w'] };
    expect(shell.seen.at(-1)).toEqual([own, ['/w/a', '/w/h', '/w/g']]);
    untouched(shell);
  });
});
