/** Repositories that commands of the pod have made, and tools of its program, as inputs. */
import { describe, expect, it } from 'vitest';
import { onRepositoryMade } from '../../../../src/pod/machine/own-repositories.ts';
import { onToolsOffered } from '../../../../src/pod/machine/own-tools.ts';
import { machineOf } from '../../machine-rig.ts';

const place = { dev: '1', ino: '2', made: '3' };
const made = { type: 'repositoryMade', path: '/w/.git', place } as const;

describe('[shell.own-repository] a repository that a command has made', () => {
  it('is noted once as that very folder', () => {
    const { core, committed } = machineOf([]);
    onRepositoryMade(core, made.path, place);
    onRepositoryMade(core, made.path, { ...place });
    expect(committed).toEqual([[made]]);
  });

  it.each([
    ['on another device', { ...place, dev: '9' }],
    ['with another number', { ...place, ino: '9' }],
    ['made at another time', { ...place, made: '9' }],
  ])('is noted anew where another folder is in its place: %s', (_, other) => {
    const { core, committed } = machineOf([made]);
    onRepositoryMade(core, made.path, other);
    expect(committed).toEqual([[{ ...made, place: other }]]);
    expect(core.facts.repositories.get(made.path)).toEqual(other);
  });

  it('is none where the log cannot be written, and the pod runs on', () => {
    const machine = machineOf([]);
    machine.refusal = new Error('full');
    onRepositoryMade(machine.core, made.path, place);
    expect(machine.core.facts.repositories.size).toBe(0);
    expect(machine.core.live.storage).not.toBeNull();
  });
});

describe('[library.tools] the tools of a program', () => {
  const tool = { name: 'a', description: 'does a', inputSchema: { type: 'object' } };

  it('are noted in the place of those before, and once', () => {
    const { core, committed } = machineOf([]);
    for (const tools of [[tool], [{ ...tool }], [{ ...tool, description: 'does b' }], [], []])
      onToolsOffered(core, tools);
    expect(committed).toEqual(
      [[tool], [{ ...tool, description: 'does b' }], []].map((tools) => [{ type: 'toolsOffered', tools }]),
    );
    expect(core.facts.offeredTools).toEqual([]);
  });

  it('are refused where the log cannot be written, with nothing offered', () => {
    const machine = machineOf([]);
    machine.refusal = new Error('full');
    expect(() => onToolsOffered(machine.core, [tool])).toThrow('full');
    expect(machine.core.facts.offeredTools).toEqual([]);
  });
});
