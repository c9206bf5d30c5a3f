/** What a pod works with, set anew: what is committed, and what it comes to. */
import { describe, expect, it } from 'vitest';
import {
  bodiesAtStart,
  narrowedBodies,
  onParentMode,
  onSet,
  setBodies,
} from '../../../../src/pod/machine/set-inputs.ts';
import type { SetEntry } from '../../../../src/session/facts/set-entries.ts';
import { type HookOrigin, hookOf, hookSettings } from '../../../../src/session/facts/hooks.ts';
import { effortIn } from '../../../../src/session/settings/effort.ts';
import { modelListOf } from '../../../../src/session/settings/model-list.ts';
import { isFreer, permissionModes } from '../../../../src/session/settings/permissions.ts';
import { modelSettingsOf } from '../../../../src/session/settings/model-settings.ts';
import type { SetAtStart, Wanted } from '../../../../src/session/settings/wanted.ts';
import type { JsonObject } from '../../../../src/std/json.ts';
import { above, factsOf, machineOf, stopped } from '../../machine-rig.ts';
import { changed, playInput } from './inputs-rig.ts';

const made = (settings: JsonObject = {}, permissionMode = 'default') => ({
  model: 'a/one',
  permissionMode,
  settings,
});
const model = (...names: string[]) => ({ names, said: {} });
const byPerson = (fields: Partial<SetEntry>): SetEntry => ({ type: 'set', by: 'person', ...fields });
const byParent = (permissionMode: string): SetEntry => ({ type: 'set', by: 'parent', permissionMode });
const price = { inputPrice: 1, outputPrice: 2 };

describe('what a person sets', () => {
  it.each<[string, Wanted, JsonObject, Partial<SetEntry> | null]>([
    ['nothing', {}, {}, null],
    ['the model that it has', { models: model('a/one') }, {}, null],
    ['another', { models: model('b/two') }, {}, { model: 'b/two', alternatives: [] }],
    ['a list', { models: model('b/two', 'a/one') }, {}, { model: 'b/two', alternatives: ['a/one'] }],
    [
      'the list that it has',
      { models: model('a/one', 'b/two') },
      { alternatives: { models: ['b/two'] } },
      null,
    ],
    [
      'its first alone',
      { models: model('a/one') },
      { alternatives: { models: ['b/two'] } },
      { model: 'a/one', alternatives: [] },
    ],
    ['the mode that it has', { mode: 'default' }, {}, null],
    ['a stricter mode', { mode: 'plan' }, {}, { permissionMode: 'plan' }],
    ['a freer one', { mode: 'acceptEdits' }, {}, { permissionMode: 'acceptEdits' }],
    ['the effort that it has', { effort: 'low' }, { effort: 'low' }, null],
    ['another effort', { effort: 'high' }, { effort: 'low' }, { effort: 'high' }],
    [
      'a price alone',
      { models: { names: ['a/one'], said: { 'a/one': price } } },
      {},
      { models: { 'a/one': price } },
    ],
    [
      'the price that is known',
      { models: { names: ['a/one'], said: { 'a/one': price } } },
      { models: { 'a/one': price } },
      null,
    ],
  ])('[set.idle] %s', (_, wanted, settings, body) => {
    expect(setBodies(made(settings), wanted)).toEqual(body === null ? [] : [byPerson(body)]);
  });

  it('[set.fold] holds for all that asks for it, field by field', () => {
    const facts = factsOf([
      byPerson({ effort: 'high' }),
      byPerson({ model: 'b/two', alternatives: ['c/three'], models: { 'b/two': price } }),
      byPerson({ permissionMode: 'plan' }),
      byPerson({ model: 'd/four', alternatives: [], models: { 'd/four': { contextTokens: 9_000 } } }),
    ]);
    const session = facts.session!;
    expect([session.model, session.permissionMode, effortIn(session.settings)]).toEqual([
      'd/four',
      'plan',
      'high',
    ]);
    expect(modelListOf(session, { headless: false })).toEqual({ names: ['d/four'], waits: false });
    expect(modelSettingsOf(session.settings, 'b/two')).toEqual(price);
    expect(modelSettingsOf(session.settings, 'd/four')).toEqual({ contextTokens: 9_000 });
    expect([session.name, session.cwd, session.seq, facts.isModeSet]).toEqual(['me', '/w', 1, true]);
  });

  it('[set.fold] a provider is waited for as before, whatever the list', () => {
    const { session } = factsOf([byPerson({ model: 'b/two', alternatives: [] })]);
    const waits = {
      ...session!,
      settings: { ...session!.settings, alternatives: { wait: true, models: [] } },
    };
    expect(modelListOf(waits, { headless: false }).waits).toBe(true);
  });

  it('[set.idle] as an input it is one append, and none the second time', () => {
    playInput({
      does: (core) => {
        onSet(core, { mode: 'plan', effort: 'low' });
        onSet(core, { mode: 'plan', effort: 'low' });
      },
      commits: [[byPerson({ permissionMode: 'plan', effort: 'low' })]],
      performs: [changed],
    });
  });

  it('[set.idle] what holds already changes nothing for anybody, and a pod without a session takes nothing', () => {
    playInput({ does: (core) => onSet(core, { mode: 'default' }) });
    playInput({
      does: (core) => {
        core.facts.session = null;
        onSet(core, { mode: 'plan' });
        onParentMode(core, 'plan');
      },
      after: { modesHeard: 1 },
    });
  });

  it('[set.fold] a list that waits for a provider is the same list', () => {
    const settings = { alternatives: { wait: true, models: ['b/two'] } };
    expect(setBodies(made(settings), { models: model('a/one', 'b/two') })).toEqual([]);
  });

  it('[set.idle] a pod that is stopping takes none', () => {
    playInput({
      live: { mode: 'stopping' },
      does: (core) => onSet(core, { mode: 'plan' }),
      refuses: { code: 'stopping', message: 'The pod is stopping; restore it first.' },
    });
  });
});

describe('the mode of a parent', () => {
  it.each(permissionModes.flatMap((own) => permissionModes.map((parents) => [own, parents] as const)))(
    '[set.below] of a pod in %s, whose parent is in %s, leaves the stricter of both',
    (own, parents) => {
      const expected = isFreer(own, parents) ? [byParent(parents)] : [];
      expect(narrowedBodies(made({}, own), parents)).toEqual(expected);
      const stricter = permissionModes.indexOf(own) < permissionModes.indexOf(parents) ? own : parents;
      expect(expected[0]?.permissionMode ?? own).toBe(stricter);
    },
  );

  it('[set.below] one that is not known is the strictest', () => {
    expect(narrowedBodies(made(), 'ofAnotherBuild')).toEqual([byParent('plan')]);
    expect(isFreer('ofAnotherBuild', 'plan')).toBe(false);
  });

  it('[set.below] is heard, counted, and no second entry', () => {
    const { core, committed, performed } = machineOf([], { parent: above });
    onParentMode(core, 'plan');
    onParentMode(core, 'acceptEdits');
    expect(committed).toEqual([[byParent('plan')]]);
    expect(core.live.modesHeard).toBe(2);
    expect(performed).toEqual([changed]);
    expect(core.facts.session?.permissionMode).toBe('plan');
  });

  it('[set.below] a pod that is stopping takes it, one that has ended writes nothing more', () => {
    const stopping = machineOf([], { parent: above, live: { mode: 'stopping' } });
    onParentMode(stopping.core, 'plan');
    expect(stopping.committed).toEqual([[byParent('plan')]]);
    const ended = machineOf([stopped(1)], { parent: above });
    onParentMode(ended.core, 'plan');
    expect(ended.committed).toEqual([]);
  });
});

describe('hooks with a start', () => {
  const hook = (command: string, origin: HookOrigin = 'config') =>
    hookOf({
      event: 'turnEnded',
      match: null,
      command,
      folder: '/w',
      timeoutMs: 100,
      onFailure: 'deny',
      origin,
    });
  const held = { hooks: hookSettings([hook('a'), hook('r', 'run')]) };

  it.each<[string, SetAtStart, (SetEntry | undefined)[]]>([
    ['that nobody names stay', {}, []],
    ['that are the same stay', { hooks: [hook('a')] }, []],
    [
      'of the configuration come in the place of those before, beside what the tree was begun with',
      { hooks: [hook('b')] },
      [byPerson({ hooks: hookSettings([hook('b'), hook('r', 'run')]) })],
    ],
    [
      'that are configured no more go',
      { hooks: [] },
      [byPerson({ hooks: hookSettings([hook('r', 'run')]) })],
    ],
  ])('[set.start] %s', (_, given, bodies) => {
    expect(bodiesAtStart(made(held), given)).toEqual(bodies);
  });
});

describe('with a start', () => {
  it.each<[string, SetAtStart, (SetEntry | undefined)[]]>([
    ['nothing', {}, []],
    ['what its parents leave, where it is stricter itself', { most: 'acceptEdits' }, []],
    ['what its parents leave', { most: 'plan' }, [byParent('plan')]],
    ['a mode within that', { mode: 'dontAsk', most: 'default' }, [byPerson({ permissionMode: 'dontAsk' })]],
    [
      'a mode beyond that',
      { mode: 'acceptEdits', effort: 'low', most: 'plan' },
      [byPerson({ effort: 'low' }), byParent('plan')],
    ],
    ['a mode of a root', { mode: 'acceptEdits' }, [byPerson({ permissionMode: 'acceptEdits' })]],
  ])('[set.start] %s', (_, given, bodies) => {
    expect(bodiesAtStart(made(), given)).toEqual(bodies);
  });
});
