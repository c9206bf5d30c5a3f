/** Mistakes in what a request holds. */
import type { Defect } from './defect.ts';

const core = 'test/unit/worker/context-core.test.ts';
const turns = 'test/unit/worker/context-turn.test.ts';

export const ofTheContext: readonly Defect[] = [
  {
    id: 'context-unseen-covered',
    breaks: 'a compaction covers a report that the model has never been given',
    file: 'src/worker/context/boundary.ts',
    find: 'if (entry.seq > seen.seenThrough) break;',
    replace: '',
    test: core,
    guarantee: 'context.seen',
  },
  {
    id: 'context-step-parted',
    breaks: 'a history is cut between the calls of an answer and their results',
    file: 'src/worker/context/boundary.ts',
    find: "next === undefined || next.type === 'toolCall' || next.type === 'toolResult'",
    replace: 'next === undefined',
    test: core,
    guarantee: 'context.whole-steps',
  },
  {
    id: 'context-call-as-summary',
    breaks: 'an answer that calls a tool beside its text is taken for a summary',
    file: 'src/worker/context/summary-request.ts',
    find: "if (response.parts.some(({ type }) => type === 'toolCall'))",
    replace: 'if (response.parts.length < 0)',
    test: core,
    guarantee: 'context.failure',
  },
  {
    id: 'context-summary-free',
    breaks: 'what a summary has cost is in no sum',
    file: 'src/session/facts/replay.ts',
    find: '    applyCompaction(facts, entry);\n    applyUsage(facts, entry);',
    replace: '    applyCompaction(facts, entry);',
    test: turns,
    guarantee: 'context.summary-request',
  },
  {
    id: 'context-step-by-step',
    breaks: 'where little of the window is free, a compaction covers a step, and one follows each step',
    file: 'src/worker/context/load.ts',
    find: 'Math.min((tailShare * window) / rate, all - wanted)',
    replace: '(tailShare * window) / rate',
    test: 'test/unit/worker/context-reports.test.ts',
    guarantee: 'context.days',
  },
  {
    id: 'context-asked-twice',
    breaks: 'a compaction between two turns that was cancelled is begun again at once',
    file: 'src/pod/machine/compaction-inputs.ts',
    find: 'problem === null ? [] : droppedRequest(facts, problem)',
    replace: '[]',
    test: 'test/unit/pod/machine/compaction.test.ts',
    guarantee: 'context.asked',
  },
  {
    id: 'context-words-unheeded',
    breaks: 'a compaction that had begun before takes the words of a person for heeded',
    file: 'src/session/facts/replay-context.ts',
    find: '(context.asked?.seq ?? 0) <= (entry.asked ?? seq)',
    replace: 'true',
    test: 'test/unit/pod/machine/compaction.test.ts',
    guarantee: 'context.asked',
  },
  {
    id: 'context-kept-forgotten',
    breaks: 'a second compaction loses the task that the first one had kept',
    file: 'src/worker/context/compact.ts',
    find: 'const items = shownThrough(facts, through);',
    replace: 'const items = shownThrough(facts, through).filter(({ seq }) => seq >= facts.heldFrom);',
    test: turns,
    guarantee: 'context.days',
  },
];
