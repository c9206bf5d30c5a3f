/** What other runtimes of agents have reported, put into this one. */
import type { Defect } from './defect.ts';

const test = 'test/unit/machine/plays-of-others.test.ts';
const replay = 'src/session/facts/replay.ts';
const childReplay = 'src/session/facts/replay-children.ts';
const state = 'src/pod/machine/state.ts';

export const ofOthers: readonly Defect[] = [
  {
    id: 'parking-acknowledges',
    breaks: 'an event that comes to a paused pod is final with its receipt (agent-deck #2028)',
    file: childReplay,
    find: '  if (!entry.reads) return;\n',
    replace: '  if (!entry.reads || facts.paused) return;\n',
    test,
    guarantee: 'play.parked',
  },
  {
    id: 'resent-event-read-again',
    breaks: 'an event whose acknowledgement was lost is received again (KiroCrew #5282)',
    file: childReplay,
    find: 'if (eventSeq !== null) child.received = Math.max(child.received, eventSeq);',
    replace:
      'if (eventSeq !== null && facts.turn !== null) child.received = Math.max(child.received, eventSeq);',
    test,
    guarantee: 'play.lost-ack',
  },
  {
    id: 'wake-dies-with-its-turn',
    breaks: 'an item that was put into a turn which failed is never read (oh-my-openagent #8072)',
    file: 'src/session/facts/replay-turns.ts',
    find: '  facts.turn = null;\n  facts.approvals.clear();\n  noteTurnEnd',
    replace: '  facts.unseen = [];\n  facts.turn = null;\n  facts.approvals.clear();\n  noteTurnEnd',
    test,
    guarantee: 'play.wake-into-dying-turn',
  },
  {
    id: 'one-delivery-at-a-time',
    breaks: 'events are not sent while an earlier one has no answer (orca #21081)',
    file: 'src/delivery/outbox.ts',
    find: "return phase.kind === 'linked' ? sendRest(",
    replace: "return phase.kind === 'linked' && phase.sentThrough <= view.acked ? sendRest(",
    test,
    guarantee: 'play.one-mute',
  },
  {
    id: 'lowest-name-first',
    breaks: 'items are taken in the order of their senders, not of their arrival (mjolnir #1171)',
    file: state,
    find: 'return facts.notifyBuffer.map((item) => {',
    replace:
      "const nameOf = ({ content }: (typeof facts.notifyBuffer)[0]) => (content.kind === 'podEvent' ? content.from.name : '');\n  return [...facts.notifyBuffer].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)).map((item) => {",
    test,
    guarantee: 'play.fair-order',
  },
  {
    id: 'second-turn-per-completion',
    breaks: 'a completion that a running turn has read begins another turn (claude-code #95601)',
    file: replay,
    find: 'facts.unseen = facts.unseen.filter((item) => item.entrySeq > entry.seenThrough);',
    replace: 'facts.unseen = facts.unseen.filter((item) => item.entrySeq >= entry.seenThrough);',
    test,
    guarantee: 'play.one-turn',
  },
  {
    id: 'last-report-of-the-resumed',
    breaks: 'a child that is gone on with after its death reports no further end (claude-code #96170)',
    file: replay,
    find: '    facts.incarnation = entry.incarnation;\n',
    replace: '    facts.incarnation = entry.incarnation;\n    facts.ownAssignments.clear();\n',
    test,
    guarantee: 'play.resumed-report',
  },
];
