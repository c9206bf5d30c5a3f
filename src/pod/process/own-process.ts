/**
 * What a pod's process does with itself: hears signals, ends loudly, says its first words to whoever started
 * it.
 */
import { closeSync, writeSync } from 'node:fs';
import { thrownText } from '../../std/thrown-text.ts';
import { type OwnedBy, ownedBySchema } from '../../protocol/own-tools.ts';
import type { ReadyMessage } from '../host.ts';
import type { SetAtStart } from '../../session/settings/wanted.ts';
import type { Restrictions } from '../../session/facts/entries.ts';
import {
  headlessVariable,
  ownerVariable,
  readyDescriptor,
  readyVariable,
  restrictionsSchema,
  restrictionsVariable,
  setSchema,
  setVariable,
  cancelTurnVariable,
  takeOverVariable,
} from './start-process.ts';

export function onSignal(act: (name: string) => void): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => act(signal));
}

/**
 * The disk is failing: ending loudly is the only honest thing; recovery is `restore`, which reads what is
 * really there.
 */
export function failLoudly(error: Error): void {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
  setImmediate(() => {
    throw error;
  });
}

/** The one line on the starter's descriptor. Nobody may be reading it any more. */
export function sayToStarter(message: ReadyMessage): void {
  if (process.env[readyVariable] === undefined) return;
  delete process.env[readyVariable];
  try {
    writeSync(readyDescriptor, `${JSON.stringify(message)}\n`);
    closeSync(readyDescriptor);
  } catch {
    // The starter is gone; the pod lives on.
  }
}

/** Set for this one start, by a person. */
export function takesOver(): boolean {
  return isSetOnce(takeOverVariable);
}
export function cancelsTurn(): boolean {
  return isSetOnce(cancelTurnVariable);
}

function isSetOnce(variable: string): boolean {
  const asked = process.env[variable] !== undefined;
  delete process.env[variable];
  return asked;
}

/**
 * Set for this one start, by whoever has read the configuration. Throws for what is not understood: a deny
 * that is lost would be a right that nobody gave.
 */
export function givenRestrictions(): Restrictions | undefined {
  const given = process.env[restrictionsVariable];
  delete process.env[restrictionsVariable];
  return given === undefined ? undefined : restrictionsSchema().parse(JSON.parse(given));
}

/** As `givenRestrictions`, of what a person sets with this start and what those above leave. */
export function givenSet(): SetAtStart | undefined {
  const given = process.env[setVariable];
  delete process.env[setVariable];
  return given === undefined ? undefined : setSchema().parse(JSON.parse(given));
}

/** Undefined: it belongs to no program. */
export function givenOwner(): OwnedBy | undefined {
  const given = process.env[ownerVariable];
  delete process.env[ownerVariable];
  return given === undefined ? undefined : ownedBySchema().parse(JSON.parse(given));
}

/** Of this start, and so of those that this process makes; undefined where it said nothing. */
export function givenHeadless(): boolean | undefined {
  const given = process.env[headlessVariable];
  return given === undefined ? undefined : given !== '0';
}

/** Said of a home that cannot be used, before there is a host. */
export function failedStart(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  const message = thrownText(error);
  process.stderr.write(`${message}\n`);
  sayToStarter({ kind: 'failed', code, message });
  return 1;
}

const usualCheckpointBytes = 2 * 1024 * 1024;

/** `PODKIN_CHECKPOINT_BYTES` is for tests, which cannot wait for megabytes. */
export function checkpointBytes(): number {
  const asked = Number(process.env['PODKIN_CHECKPOINT_BYTES']);
  return Number.isSafeInteger(asked) && asked > 0 ? asked : usualCheckpointBytes;
}
