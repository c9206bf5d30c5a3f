/**
 * Which limits a project's file may set: those of which a smaller value lets pods do less and nothing else.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigurationFlags, loadConfiguration } from '../../../src/configuration/configuration.ts';
import { projectFile } from '../../../src/configuration/project-settings.ts';
import { type Limits, defaultLimits } from '../../../src/session/settings/settings.ts';
import { tempFolder } from './home-rig.ts';

async function load(folder: string, project: string, flags: ConfigurationFlags = {}) {
  const files = [
    [join(folder, 'h', 'config', 'config.toml'), 'limits.cost = 9'],
    [projectFile(folder), project],
  ] as const;
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return await loadConfiguration({ environment: { PODKIN_HOME: join(folder, 'h') }, cwd: folder, flags });
}

describe('limits of a project', () => {
  /** Whether a smaller number lets a pod do less and nothing else. A new limit has to be judged here. */
  const lowerable: Record<keyof Limits, boolean> = {
    depth: true,
    children: true,
    pods: true,
    steps: true,
    wakesPerMinute: true,
    hops: true,
    coalesceMs: false,
    requestTries: true,
    retryBaseMs: false,
    retryMaxMs: false,
    retryAfterMaxMs: true,
    stallMs: false,
    engineStallMs: false,
    engineIdleMs: false,
    answerMs: false,
    shutDownAckMs: false,
    stopGraceMs: false,
    deathGraceMs: false,
    unreachableMs: false,
    sweepMs: false,
    spawnMs: false,
    quarantineDeaths: false,
    shellProcesses: true,
    shellMemoryBytes: true,
    shellTmpBytes: true,
    shellFileBytes: true,
    shellCpuSeconds: true,
    shellTimeoutMs: true,
    backgroundCommands: true,
    mailboxIdleMs: false,
    reconnectBaseMs: false,
    reconnectMaxMs: false,
    cost: true,
  };

  it('[config.project-limits-table] every limit is judged', () => {
    expect(Object.keys(lowerable).toSorted()).toEqual(Object.keys(defaultLimits).toSorted());
  });

  it.each(Object.entries(lowerable))(
    '[config.project-limits-table] of a project, limits.%s counts: %s; what does not is said',
    async (name, counts) => {
      const folder = tempFolder();
      const { limits, notes } = await load(folder, `[limits]\n${name} = 1`);
      const own: Record<string, number | null> = { ...defaultLimits, cost: 9 };
      expect(limits).toEqual({ ...own, [name]: counts ? 1 : own[name] });
      const ignored = `limits.${name} = 1 of ${projectFile(folder)} is ignored: a project may not set it`;
      expect(notes).toEqual(counts ? [] : [expect.stringContaining(ignored)]);
    },
  );

  it('[config.project-limits-table] nor does a project raise what it may not lower; a flag of the person counts and the note stays', async () => {
    const folder = tempFolder();
    const project = '[limits]\nsweepMs = 60000\nretryBaseMs = 0';
    const { limits, notes } = await load(folder, project, { limits: { sweepMs: 7_000 } });
    expect([limits.sweepMs, limits.retryBaseMs]).toEqual([7_000, defaultLimits.retryBaseMs]);
    expect(notes).toHaveLength(2);
  });
});
