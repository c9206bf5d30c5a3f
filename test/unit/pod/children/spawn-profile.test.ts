/** What a role makes of a spawn: never more than the parent has, nor than the role gives. */
import { describe, expect, it } from 'vitest';
import { childSettings, filledIn, noSuchProfile } from '../../../../src/pod/children/spawn-profile.ts';
import { type Profile, profilesIn } from '../../../../src/session/settings/profiles.ts';
import { spawning } from './spawn-rig.ts';

const reviewer: Profile = {
  description: 'reads',
  model: 'script/none',
  instructions: 'Only read.',
  tools: ['Read', 'Grep', 'Bash'],
  mode: 'plan',
  read: ['/w'],
  write: [],
  effort: 'high',
  maxCost: 2,
  timeoutMinutes: 5,
};

function with_(profiles: Record<string, unknown>, more: object = {}, session: object = {}) {
  const rig = spawning();
  Object.assign(rig.pod.session, { settings: { profiles, ...more }, ...session });
  return rig;
}

describe('a spawn with a profile', () => {
  it('[profile.child] what the call leaves open comes from it', async () => {
    const { spawn, specs, pod } = with_({ reviewer }, {}, { permissionMode: 'acceptEdits' });
    await spawn({ profile: 'reviewer', read: undefined });
    expect(specs[0]).toMatchObject({
      instructions: 'Only read.',
      permissionMode: 'plan',
      scope: { read: ['/w'], write: [] },
      settings: {
        profile: 'reviewer',
        profiles: { reviewer },
        tools: ['Read', 'Grep', 'Bash'],
        effort: 'high',
        demands: { timeoutMinutes: 5 },
      },
    });
    expect(pod.session.permissionMode).toBe('acceptEdits');
  });

  it('[profile.child] the call may ask for less, and its words come behind those of the profile', async () => {
    const { spawn, specs } = with_({
      writer: { description: '', instructions: 'A.', write: ['/w/a', '/w/b'] },
    });
    await spawn({ profile: 'writer', write: ['/w/a'], instructions: 'B.', timeoutMinutes: 3 });
    expect(specs[0]).toMatchObject({
      instructions: 'A.\n\nB.',
      scope: { write: ['/w/a'] },
      settings: { demands: { timeoutMinutes: 3 } },
    });
    const whole = with_({ writer: { description: '', write: ['/w/a', '/w/b'] } });
    await whole.spawn({ profile: 'writer' });
    expect(whole.specs[0]?.scope.write).toEqual(['/w/a', '/w/b']);
  });

  it('[profile.demands] a check with its tries, and a result, come from it where the call says none', async () => {
    const result = { type: 'object', properties: { ok: { type: 'boolean' } } };
    const tester = {
      description: '',
      check: 'npm test',
      tries: 4,
      result,
      timeoutMinutes: 5,
      idleMinutes: 2,
    };
    const demandsOf = async (asked: object, profile: object = tester) => {
      const { spawn, specs, told } = with_({ tester: profile });
      const state = async () => await Promise.resolve({ kind: 'absent' });
      Object.assign(told, { shell: { sandbox: { state } } });
      await spawn({ profile: 'tester', ...asked });
      return specs[0]?.settings['demands'];
    };
    expect(await demandsOf({ tries: 2 })).toEqual({
      check: { command: 'npm test', tries: 4, outside: true },
      result,
      timeoutMinutes: 5,
      idleMinutes: 2,
    });
    const own = { check: 'make', tries: 3, result: { type: 'string' } };
    expect(await demandsOf(own)).toMatchObject({
      check: { command: 'make', tries: 3 },
      result: { type: 'string' },
    });
    expect(await demandsOf({ tries: 2 }, { description: '', check: 'make' })).toMatchObject({
      check: { tries: 2 },
    });
    // What would bound it and is not understood: there is no such role.
    for (const odd of [
      { check: '' },
      { check: 'a\0b' },
      { check: 7 },
      { tries: 0 },
      { result: { type: 'odd' } },
    ]) {
      const { refused } = with_({ tester: { description: '', ...odd } });
      await expect(refused({ profile: 'tester' }), JSON.stringify(odd)).resolves.toMatchObject({
        message: expect.stringContaining('no profile'),
      });
    }
  });

  it.each([
    [true, undefined, true],
    [true, false, undefined],
    [undefined, true, true],
    [undefined, undefined, undefined],
  ])('[scope.wait-asked] its role says %s and the call %s: the child waits: %s', (role, call, waits) => {
    const request = { name: 'new', task: 'do', write: ['/w/a'], wait: call };
    expect(filledIn(request, { description: '', wait: role }).wait === true).toBe(waits === true);
    expect(profilesIn({ profiles: { one: { description: '', wait: true } } }).get('one')?.wait).toBe(true);
    expect(profilesIn({ profiles: { one: { description: '', wait: 'yes' } } }).size).toBe(0);
  });

  it('[profile.no-more] never a freer mode, more tools or other paths than its parent has', async () => {
    const wide: Profile = { description: '', mode: 'bypassPermissions', tools: ['Read', 'Bash', 'Write'] };
    const { spawn, specs } = with_({ wide }, { tools: ['Read', 'Grep'] }, { permissionMode: 'default' });
    await spawn({ profile: 'wide' });
    expect(specs[0]).toMatchObject({ permissionMode: 'default', settings: { tools: ['Read'] } });
    const outside = with_({
      wide: { description: '', write: ['/etc'] },
      far: { description: '', read: ['/'] },
    });
    await expect(outside.refused({ profile: 'wide' })).resolves.toMatchObject({ denied: true });
    await expect(outside.refused({ profile: 'far', read: undefined })).resolves.toMatchObject({
      denied: true,
    });
    expect(outside.specs).toEqual([]);
  });

  it('[profile.no-more] a call that asks for more than the profile gives is denied', async () => {
    const { refused, specs } = with_({ reviewer: { description: '', write: [], read: ['/w/a'] } });
    await expect(refused({ profile: 'reviewer', write: ['/w/a'], read: undefined })).resolves.toMatchObject({
      denied: true,
      message: expect.stringContaining(
        'the profile reviewer gives less than that. Outside of it: write /w/a',
      ),
    });
    await expect(refused({ profile: 'reviewer', read: ['/w'] })).resolves.toMatchObject({
      message: expect.stringContaining('Outside of it: read /w.'),
    });
    expect(specs).toEqual([]);
  });

  it('[profile.child] a role is of the pod that was given it, what it bounds of all below', async () => {
    const { spawn, specs } = with_(
      { a: { description: '' } },
      { profile: 'a', tools: ['Read', 'SpawnPod'], effort: 'low' },
    );
    await spawn();
    expect(specs[0]?.settings).toStrictEqual({
      profiles: { a: { description: '' } },
      tools: ['Read', 'SpawnPod'],
      effort: 'low',
    });
  });

  it('[profile.unknown] one that is not there is refused with those that are; a damaged one is not there', async () => {
    const { refused } = with_({
      a: { description: '' },
      b: { description: '', mode: 'free' },
      c: { description: '', odd: 1 },
      d: 7,
    });
    for (const profile of ['b', 'c', 'd', 'constructor'])
      await expect(refused({ profile })).resolves.toMatchObject({
        message: `There is no profile "${profile}". There are: a.`,
      });
    const none = with_({});
    await expect(none.refused({ profile: 'x' })).resolves.toMatchObject({
      message: 'There is no profile "x". There is none here.',
    });
  });
});

describe('what a role fills in', () => {
  const request = { name: 'new', task: 'do', write: [] };

  it('[profile.child] the call says first which model and whether in a clone; without any words there are none', () => {
    const role: Profile = { description: '', model: 'r/one', worktree: true };
    expect(filledIn(request, role)).toMatchObject({ model: 'r/one', worktree: true, write: [] });
    expect(filledIn({ ...request, model: 'c/two', worktree: false }, role)).toMatchObject({
      model: 'c/two',
      worktree: false,
    });
    expect(filledIn(request, role).instructions).toBeUndefined();
    expect(filledIn(request, null)).toBe(request);
  });

  it('[profile.no-more] of two bounds the smaller one holds, of one that, of none none', () => {
    const cost = (role: number | undefined, call: number | undefined) =>
      filledIn({ ...request, maxCost: call }, { description: '', maxCost: role }).maxCost;
    expect([cost(2, 1), cost(1, 2), cost(2, undefined), cost(undefined, 1)]).toEqual([1, 1, 2, 1]);
    expect(cost(undefined, undefined)).toBeUndefined();
  });

  it('[profile.demands] the tries of a call go with its own check', () => {
    const role: Profile = { description: '', check: 'npm test', tries: 4 };
    expect(filledIn({ ...request, check: 'make', tries: 2 }, role)).toMatchObject({
      check: 'make',
      tries: 2,
    });
  });

  it('[profile.child] a role without a name or an effort leaves what the child inherits', () => {
    const settings = { effort: 'low', profile: 'parents', mailbox: {}, parentElsewhere: {} };
    const made = childSettings(settings, { name: undefined, profile: { description: '' } });
    expect(made).toStrictEqual({ effort: 'low' });
    expect(
      childSettings(settings, { name: 'a', profile: { description: '', effort: 'high' } }),
    ).toStrictEqual({
      effort: 'high',
      profile: 'a',
    });
  });

  it('[profile.unknown] none that was named is none', () => {
    expect(noSuchProfile({}, request)).toBe('There is no profile "". There is none here.');
  });
});
