/** The fold of commands in the background. Part of `replay.ts`, and as it a writer of the facts. */
import type { CommandEndedEntry, CommandStartedEntry } from './command-entries.ts';
import type { Entry } from './entries.ts';
import { endedKept } from './command-facts.ts';
import type { Facts } from './facts.ts';

export function applyCommandStarted({ commands }: Facts, entry: Entry<CommandStartedEntry>): void {
  const { command, text, write, deny, hops, time } = entry;
  commands.started += 1;
  commands.open.set(command, { command, text, write, deny, hops, startedAt: time });
}

export function applyCommandEnded(facts: Facts, entry: Entry<CommandEndedEntry>): void {
  const { command, how, exitCode, signal, bytes, durationMs, tail, notes } = entry;
  const { open, ended } = facts.commands;
  const started = open.get(command);
  // Of a second end nobody is told.
  if (started === undefined) return;
  open.delete(command);
  ended.set(command, { text: started.text, how, exitCode, signal, bytes });
  for (const name of [...ended.keys()].slice(0, -endedKept)) ended.delete(name);
  if (!entry.reads) return;
  const { text, hops } = started;
  facts.notifyBuffer.push({
    entrySeq: entry.seq,
    wakes: entry.wakes,
    hops,
    receivedAt: entry.time,
    deathsAt: [],
    content: { kind: 'command', command, text, how, exitCode, signal, durationMs, bytes, tail, notes },
  });
  if (entry.wakes) facts.held = null;
}
