/**
 * What the tables over the pod's inputs share: an input played on a core, and what it answered, committed and
 * performed.
 */
import { expect } from 'vitest';
import { WireError } from '../../../../src/protocol/errors.ts';
import type { Core, Effect, Live } from '../../../../src/pod/machine/core.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import { type Line, type MachineOptions, machineOf } from '../../machine-rig.ts';

export interface InputCase extends MachineOptions {
  log?: Line[];
  does: (core: Core) => unknown;
  answers?: unknown;
  refuses?: { code: string; message: string; data?: object };
  commits?: EntryBody[][];
  performs?: Effect[];
  /** What is otherwise in `live` than before. */
  after?: Partial<Live>;
}

export const changed: Effect = { type: 'statusChanged' };
export const starts = (turn: string): Effect[] => [{ type: 'startTurn', turn }, changed];
export const coalesce: Effect = { type: 'timer', name: 'coalesce', delayMs: 100 };

export function playInput(row: InputCase): void {
  const { log = [], does, answers, refuses, commits = [], performs = [], after = {}, ...options } = row;
  const machine = machineOf(log, options);
  const before = structuredClone(machine.core.live);
  if (refuses === undefined) expect(does(machine.core)).toEqual(answers);
  else expect(refusalOf(() => does(machine.core))).toEqual({ data: {}, ...refuses });
  expect(machine.committed).toStrictEqual(commits);
  expect(machine.performed).toEqual(performs);
  expect(machine.core.live).toEqual({ ...before, ...after });
}

export function refusalOf(act: () => unknown): { code: string | undefined; message: string; data: object } {
  try {
    act();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const { code, message, data } = error;
    return { code, message, data };
  }
  throw new Error('it was not refused');
}
