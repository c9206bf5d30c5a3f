/**
 * Deliberate defects of the product, each put into its source for a run of the histories. Each must be
 * caught, or the simulation proves nothing. The seed shows it; where a change has moved the histories, a
 * search finds another one.
 */
export interface SimDefect {
  readonly id: string;
  readonly breaks: string;
  readonly file: string;
  /** Pairs of the text as it is, once in the file, and as it is with the defect. */
  readonly changes: readonly (readonly [string, string])[];
  readonly seed: number;
}

const children = 'src/pod/children/children.ts';
const link = 'src/pod/parent/link.ts';
const observers = 'src/pod/serve/observers.ts';

export const simDefects: readonly SimDefect[] = [
  {
    id: 'mode-not-at-link',
    breaks: 'a child that was away while its parent was narrowed does not hear of it when it is back',
    file: children,
    changes: [['mode: this.#pod.session.permissionMode,', '']],
    seed: 47,
  },
  {
    id: 'mode-widens',
    breaks: 'a child takes over the mode of its parent also where it is stricter',
    file: 'src/pod/machine/set-inputs.ts',
    changes: [
      ['  if (!isFreer(permissionMode, mode)) return [];\n', '  if (permissionMode === mode) return [];\n'],
    ],
    seed: 1,
  },
  {
    id: 'mode-stays-at-child',
    breaks: 'a child that is narrowed by its parent does not narrow those below it',
    file: 'src/pod/boot/assemble.ts',
    changes: [["if (by === 'parent' && permissionMode !== undefined)", 'if (by === undefined)']],
    seed: 47,
  },
  {
    id: 'mode-over-parent',
    breaks: 'a child is set freer than its parent',
    file: 'src/pod/serve/set.ts',
    changes: [
      [
        "    if (isFreer(mode, above)) throw new WireError('forbidden', tooFree(parent.name, mode, above));\n",
        '',
      ],
    ],
    seed: 360,
  },
  {
    id: 'waiter-works',
    breaks: 'a pod that waits for its paths begins its work',
    file: 'src/pod/machine/state.ts',
    changes: [
      ['if (facts.turn !== null || facts.scopeWait !== null) return;', 'if (facts.turn !== null) return;'],
    ],
    seed: 1,
  },
  {
    id: 'time-anew',
    breaks: 'a turn that is gone on with begins its time anew',
    file: 'src/session/facts/replay-turns.ts',
    changes: [["usedMs: entry.kind === 'resume' ? (facts.resumable?.usedMs ?? 0) : 0,", 'usedMs: 0,']],
    seed: 127,
  },
  {
    id: 'check-not-anew',
    breaks: 'a turn that is gone on with behind a death is reported without the check that was asked for',
    file: 'src/pod/turn/runner.ts',
    changes: [["while (result.kind === 'finished') {", "while (result.kind === 'finished' && !resumed) {"]],
    seed: 73,
  },
  {
    id: 'tries-anew',
    breaks: 'how often a check has failed is forgotten with a death',
    file: 'src/session/facts/replay-turns.ts',
    changes: [
      [
        "unmet: (entry.kind === 'resume' ? facts.resumable?.unmet : null) ?? nothingUnmet,",
        'unmet: nothingUnmet,',
      ],
    ],
    seed: 73,
  },
  {
    id: 'checkpoint-unjudged',
    breaks: 'a checkpoint is not held against the log that it is beside',
    file: 'src/session/log/checkpoint-files.ts',
    changes: [["if (!isLastLine(log, head)) return 'otherLog';", 'if (size > 0) return null;']],
    seed: 2246,
  },
  {
    id: 'checkpoint-and-all',
    breaks: 'a start folds the whole log behind a checkpoint, not its tail',
    file: 'src/session/log/open-log.ts',
    changes: [
      [
        'entriesUpTo(path, { from, to: committed, disk })',
        'entriesUpTo(path, { from: 0, to: committed, disk })',
      ],
    ],
    seed: 1,
  },
  {
    id: 'receipt-before-sync',
    breaks: 'a receipt is answered before its sync',
    file: children,
    changes: [['return this.#pod.durable().then(() => {', 'return Promise.resolve().then(() => {']],
    seed: 80,
  },
  {
    id: 'event-before-sync',
    breaks: 'an event is sent before its sync',
    file: link,
    changes: [
      [
        "      this.#pod.crash('event.committed');\n      await this.#pod.durable();",
        "      this.#pod.crash('event.committed');",
      ],
    ],
    seed: 5,
  },
  {
    id: 'death-before-words',
    breaks: 'a death is told before what the dead had committed',
    file: children,
    changes: [
      [
        '    const log = await readAndReceive(this.#pod, child, Number.MAX_SAFE_INTEGER);',
        "    const log = { incarnation: child.incarnation, lastTime: '' };",
      ],
    ],
    seed: 9,
  },
  {
    id: 'last-word-before-the-rest',
    breaks: 'an orderly stop says its last word before it closes what it gives up',
    file: 'src/pod/boot/stop-self.ts',
    changes: [
      [
        '  const bodies: EntryBody[] = [...syntheticResults',
        '  const bodies: EntryBody[] = [...report, ...syntheticResults',
      ],
      ['  bodies.push(...report);\n', ''],
    ],
    seed: 9,
  },
  {
    id: 'new-log-without-name',
    breaks: 'the name of a new log is not on disk when its pod listens',
    file: 'src/session/log/open-log.ts',
    changes: [['    disk.syncFolder(dirname(options.path));\n', '']],
    seed: 9,
  },
  {
    id: 'ended-never-looked-at',
    breaks: 'an ended child that was restored is not looked at until it links',
    file: 'src/pod/children/ended-children.ts',
    changes: [['else due.grown.push(child);', 'else this.takenIn(child.instance, bytes);']],
    seed: 85,
  },
  {
    id: 'repair-before-session',
    breaks: 'a log begins with a notice of its repair in the place of its session',
    file: 'src/pod/boot/open-pod.ts',
    changes: [
      [
        '  return { log, facts, covered, fixed: {',
        "  log.append([{ type: 'alert', level: 'warning', code: 'logMended', text }]);\n  return { log, facts, covered, fixed: null && {",
      ],
    ],
    seed: 230,
  },
  {
    id: 'input-before-sync',
    breaks: 'a run or a notice is answered before its sync',
    file: 'src/pod/serve/handlers.ts',
    changes: [
      [
        "    await pod.durable();\n  } catch (error) {\n    throw new WireError('storageFailed'",
        "    await Promise.resolve();\n  } catch (error) {\n    throw new WireError('storageFailed'",
      ],
    ],
    seed: 1,
  },
  {
    id: 'link-before-sync',
    breaks: 'a link names what is not on disk',
    file: link,
    changes: [
      [
        '      // What is told to the parent must not be more than the disk holds.\n      await this.#pod.allDurable();',
        '',
      ],
    ],
    seed: 22,
  },
  {
    id: 'link-names-what-came-meanwhile',
    breaks: 'a link names what was committed while its sync ran',
    file: link,
    changes: [['this.#pod.allDurable()', 'this.#pod.durable()']],
    seed: 9448,
  },
  {
    id: 'dead-log-without-sync',
    breaks: "what a dead child's log holds is taken in from the page cache",
    file: 'src/pod/children/child-log.ts',
    changes: [['      disk.fsync(fd);\n', '']],
    seed: 83,
  },
  {
    id: 'opened-without-sync',
    breaks: 'a log is written to before what was read of it is on disk',
    file: 'src/session/log/open-log.ts',
    changes: [['    disk.fsync(fd);\n    disk.syncFolder(dirname(path));', '']],
    seed: 7,
  },
  {
    id: 'run-before-assignment',
    breaks: 'a run is sent before its assignment is on disk',
    file: 'src/pod/children/send-run.ts',
    changes: [['await pod.commitDurably([', 'pod.commit([']],
    seed: 1,
  },
  {
    id: 'torn-tail-kept',
    breaks: 'a torn tail stays behind what is written next',
    file: 'src/session/log/repair.ts',
    changes: [['    log.disk.ftruncateSync(log.fd, torn.from);', '    void torn;']],
    seed: 10,
  },
  {
    id: 'no-sweep',
    breaks: 'nobody checks on children that do not link',
    file: 'src/pod/boot/boot.ts',
    changes: [
      ['  children.sweep();\n  pod.claims.sweep();', '  pod.claims.sweep();'],
      ['  parts.children.sweep();\n', ''],
    ],
    seed: 13,
  },
  {
    id: 'answer-before-sync',
    breaks: 'an answered call runs before the answer is on disk',
    file: 'src/pod/approvals/gate.ts',
    changes: [
      [
        '    this.#waiting.delete(request);\n    await this.#pod.durable();',
        '    this.#waiting.delete(request);',
      ],
    ],
    seed: 10,
  },
  {
    id: 'no-is-yes',
    breaks: 'a call runs after a no',
    file: 'src/pod/approvals/gate.ts',
    changes: [["  if (decision !== 'deny') return { kind: 'allowed' };", "  return { kind: 'allowed' };"]],
    seed: 16,
  },
  {
    id: 'request-before-sync',
    breaks: 'the model is asked with items that are not on disk',
    file: 'src/pod/turn/runner.ts',
    changes: [
      [
        "        await pod.durable();\n        pod.crash('item.committed');",
        "        pod.crash('item.committed');",
      ],
    ],
    seed: 10,
  },
  {
    id: 'lock-not-asked',
    breaks: 'a child is called dead while its lock is held',
    file: 'src/pod/children/child-place.ts',
    changes: [["    if (!lock.taken) return 'alive';\n", '']],
    seed: 16,
  },
  {
    id: 'doubt-makes-no-link',
    breaks: 'a run in doubt waits for a link that nobody makes',
    file: children,
    changes: [['    this.links.renew(instance);\n', '']],
    seed: 279,
  },
  {
    id: 'start-undoes-nothing',
    breaks: 'a start leaves the spawns that its last process had not brought to a run',
    file: 'src/pod/boot/boot.ts',
    changes: [['  await undoUnbegun(pod);\n', '']],
    seed: 7,
  },
  {
    id: 'spawn-not-undone',
    breaks: 'a spawn that fails leaves its child behind',
    file: 'src/pod/children/spawn-child.ts',
    changes: [['    await undoSpawn(pod, child, reason);\n', '']],
    seed: 70,
  },
  {
    id: 'overtaken-run-begins',
    breaks: 'a run begins of which a later link has said that it never came',
    file: link,
    changes: [['    if (link >= this.#number && !this.#isNumberInDoubt) return;', '    return;']],
    seed: 50,
  },
  {
    id: 'lost-receipts-stay-lost',
    breaks: 'receipts that an old copy lacks are not read from the log of their child',
    file: 'src/pod/children/lost-receipts.ts',
    changes: [['  if (acked > received) return true;\n', '']],
    seed: 461,
  },
  {
    id: 'undone-while-away',
    breaks: 'a spawn is undone while its folder is away with the home',
    file: 'src/pod/children/undo-spawn.ts',
    changes: [['  if (!(await homeReturned(pod))) return;\n', '']],
    seed: 683,
  },
  {
    id: 'one-long-chain-stops-all',
    breaks: 'one item of a long chain keeps those of short ones from waking',
    file: 'src/delivery/wake.ts',
    changes: [['hops.every(', 'hops.some(']],
    seed: 110,
  },
  {
    id: 'lag-passes-over',
    breaks: 'an observer that finds no room is never sent the entry that found none',
    file: observers,
    changes: [
      [
        'if (this.#send(observer, lines, appended.entries[0]?.seq)) observer.offset = appended.end;',
        'this.#send(observer, lines, appended.entries[0]?.seq);\n      observer.offset = appended.end;',
      ],
    ],
    seed: 19,
  },
  {
    id: 'history-read-once',
    breaks: 'what is committed while an observer reads the history is not sent to it',
    file: observers,
    changes: [
      [
        "while (observer.phase === 'history' && observer.offset < this.#log.size) {",
        "if (observer.phase === 'history' && observer.offset < this.#log.size) {",
      ],
    ],
    seed: 19,
  },
  {
    id: 'observer-without-bound',
    breaks: 'whatever an observer does not read is kept for it',
    file: observers,
    changes: [['queuedBytes <= wireLimits.observerQueueBytesMax', 'queuedBytes <= Infinity']],
    seed: 19,
  },
  {
    id: 'current-beyond-the-bound',
    breaks: 'what goes on now is sent at the end of a history, however much of it has not been read',
    file: observers,
    changes: [
      [
        'this.#send(observer, Buffer.concat(this.#now(observer).map(liveLine)));',
        'for (const event of this.#now(observer)) connection.send(liveLine(event));',
      ],
    ],
    seed: 12_219,
  },
  {
    id: 'closings-unsaid',
    breaks: 'observers are not sent that an approval is closed',
    file: 'src/pod/approvals/feed.ts',
    changes: [
      ["    for (const approval of closed) this.#pod.show({ type: 'approvalAnswered', ...approval });\n", ''],
    ],
    seed: 67,
  },
  {
    id: 'open-approvals-unsaid',
    breaks: 'whoever subscribes while an approval is open is not sent it',
    file: observers,
    changes: [
      [
        'return [live, ...this.#sentOfAnswer(observer), ...this.#current(observer)];',
        'return [live, ...this.#sentOfAnswer(observer)];',
      ],
    ],
    seed: 67,
  },
];
