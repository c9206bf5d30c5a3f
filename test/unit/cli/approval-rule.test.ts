/** A yes by a rule, before one keyboard: what is offered, what is said of it, and what is taken. */
import { describe, expect, it } from 'vitest';
import type { LiveEvent } from '../../../src/client/pod-stream.ts';
import { type DeskStyle, ApprovalDesk } from '../../../src/cli/approvals/approval-desk.ts';

const style: DeskStyle = {
  color: false,
  keyboard: 'lines',
  texts: false,
  screen: () => ({ columns: 80, rows: 24 }),
};
const pod = (name: string) => ({ name, instance: '01a2059d-6376-704c-b61f-f1ab3bd2ad11' });

const asked = (request: string, more: { summary?: string; name?: string } = {}): LiveEvent => ({
  type: 'approvalRequested',
  request,
  pod: pod(more.name ?? `pod-${request}`),
  tool: 'Bash',
  summary: more.summary ?? `echo ${request}`,
  why: 'the mode asks',
  askedAt: '2026-01-01T00:00:00Z',
});
const closed = (request: string, by = 'person'): LiveEvent => ({
  type: 'approvalAnswered',
  request,
  pod: pod('x'),
  decision: 'allow',
  by,
});

describe('a yes by a rule', () => {
  const keys = (summary = 'npm test -- a', tool = 'Bash') => {
    const desk = new ApprovalDesk({ ...style, keyboard: 'keys', screen: () => ({ columns: 150, rows: 24 }) });
    const shown = desk.take({ ...asked('a', { summary }), tool } as LiveEvent, 0);
    return { desk, shown: shown ?? '' };
  };
  /** What the key offers, and the approval that it is about. */
  const offered = (desk: ApprovalDesk, nowMs = 5_000) => {
    const typed = desk.key('p', nowMs);
    if (typed.kind !== 'rule') throw new Error(typed.kind);
    return typed;
  };

  it('[approval.rule-keys] a key offers the first words of the command, and what it would allow is said before it is taken', () => {
    const { desk, shown } = keys();
    expect(shown).toContain('p: by a rule');
    const { approval, text } = offered(desk);
    expect(text).toBe('Bash(npm test:*)');
    const typed = desk.ruled(approval, ' Bash(npm:*) ');
    expect(typed).toMatchObject({ kind: 'ruleTyped', text: 'Bash(npm:*)' });
    expect(typed).toMatchObject({
      meaning: expect.stringContaining('"npm" alone and with anything behind it'),
    });
    expect(desk.ruleChosen(approval, 'Bash(npm:*)', '')).toEqual({
      kind: 'answer',
      approval,
      decision: 'allow',
      rule: { text: 'Bash(npm:*)', save: false },
    });
    expect(desk.ruleChosen(approval, 'Bash(npm:*)', 's')).toMatchObject({ kind: 'late' });
  });

  it('[approval.rule-keys] s saves it, and any other word answers nothing', () => {
    const { desk } = keys();
    const { approval, text } = offered(desk);
    expect(desk.ruleChosen(approval, text, 'no')).toMatchObject({ kind: 'late' });
    expect(desk.ruleChosen(approval, text, ' S ')).toMatchObject({ rule: { text, save: true } });
  });

  it.each([
    ['sudo npm test', 'Bash(sudo npm test)'],
    ['a | b', 'Bash(a | b)'],
    ['a\nb', 'Bash()'],
  ])('[approval.rule-keys] where none is suggested, %j is what can be edited', (summary, text) => {
    expect(offered(keys(summary).desk).text).toBe(text);
  });

  it.each([
    ['Bash(npm run:*)', 'does not allow this very command'],
    ['Write(a)', 'by a rule for Bash'],
    ['Bash(', 'is no rule'],
    ['Bash()', 'empty pattern'],
  ])('[approval.rule-refused] %s is refused at the keyboard, and the approval waits on', (text, why) => {
    const { desk } = keys();
    const { approval } = offered(desk);
    expect(desk.ruled(approval, text)).toEqual({ kind: 'late', text: expect.stringContaining(why) });
    expect(desk.key('y', 9_000)).toMatchObject({ kind: 'answer', decision: 'allow' });
  });

  it('[approval.rule-refused] none for another tool, for what has not been shown, before it was read, or once it is closed', () => {
    const other = keys('{}', 'Write');
    expect(other.shown).not.toContain('p: by');
    expect(other.desk.key('p', 5_000)).toMatchObject({ kind: 'late' });
    expect(keys(`npm test ${'x '.repeat(9_000)}`).desk.key('p', 5_000)).toMatchObject({ kind: 'late' });
    expect(keys().desk.key('p', 500)).toMatchObject({ kind: 'late' });
    const { desk } = keys();
    const { approval, text } = offered(desk);
    desk.take(closed('a'), 5_001);
    expect(desk.ruled(approval, text)).toMatchObject({ kind: 'late' });
    expect(desk.ruleChosen(approval, text, '')).toMatchObject({ kind: 'late' });
  });

  it('[approval.no-keyboard] without a keyboard the command that answers by a rule is named where one is suggested', () => {
    const shownFor = (summary: string) =>
      new ApprovalDesk({ ...style, keyboard: 'none' }).take(asked('a', { summary }), 0);
    expect(shownFor('npm test x')).toContain('podkin approve a [--deny] or --rule "Bash(npm test:*)"');
    expect(shownFor('npm test; x')).not.toContain('--rule');
  });
});

describe('a yes that opens a path', () => {
  const offering = { ...asked('a', { summary: 'git commit' }), offers: { write: '/w/.git' } } as LiveEvent;
  const keys = { ...style, keyboard: 'keys', screen: () => ({ columns: 150, rows: 24 }) } as const;

  it('[approval.git-offer] is named and taken by a key where it is offered, once it could be read', () => {
    const desk = new ApprovalDesk(keys);
    expect(desk.take(offering, 0)).toContain('6 w: yes, and let it write .git');
    expect(desk.key('w', 500)).toMatchObject({ kind: 'late' });
    expect(desk.key('w', 5_000)).toMatchObject({ kind: 'answer', decision: 'allow', write: '/w/.git' });
    expect(desk.key('w', 5_001)).toMatchObject({ kind: 'late', text: 'The answer is on its way.' });
  });

  it('[approval.git-offer] not where nothing is offered; without a keyboard the command is named', () => {
    const desk = new ApprovalDesk(keys);
    expect(desk.take(asked('a'), 0)).not.toContain('w: yes');
    expect(desk.key('w', 5_000)).toEqual({
      kind: 'late',
      text: expect.stringContaining('nothing to write is offered'),
    });
    expect(desk.key('y', 9_000)).toMatchObject({ kind: 'answer' });
    expect(new ApprovalDesk({ ...style, keyboard: 'none' }).take(offering, 0)).toContain(' or --write .git');
  });

  it('[approval.forged] a name that would steer the terminal is shown by its numbers', () => {
    const event = { ...offering, offers: { write: '/w/\u001B[2J' } } as LiveEvent;
    expect(new ApprovalDesk(keys).take(event, 0)).not.toContain('\u001B[2J');
    expect(new ApprovalDesk({ ...style, keyboard: 'none' }).take(event, 0)).not.toContain('\u001B[2J');
  });
});
