/** What servers ask a person in a call: who is asked, in which order it is on disk, and what ends it. */
import { describe, expect, it } from 'vitest';
import { FormDesk } from '../../../../src/pod/approvals/forms.ts';
import type { Form } from '../../../../src/protocol/form.ts';
import { formText } from '../../../../src/protocol/form.ts';
import type { Params } from '../../../../src/protocol/methods.ts';
import { type Line, called, working } from '../../machine-rig.ts';
import { asking, closedBy } from '../machine/asked-approvals.ts';
import { shellOf } from '../shell-rig.ts';

const form: Form = {
  message: 'Who?',
  fields: [{ name: 'name', kind: 'text', about: '', required: true }],
};
const asked = { server: 'db', tool: 'mcp__db__add', call: 'c1', form };
const turn: Line[] = [...working('t1', 'r1'), called('t1', 'c1', 'mcp__db__add', 3)];

function deskOf(lines: Line[] = turn, isHeadless = false) {
  const shell = shellOf(lines);
  const desk = new FormDesk(shell.pod, {
    isHeadless: () => isHeadless,
    onChanged: () => void shell.order.push('changed'),
  });
  const over = new AbortController();
  const ask = (fields: Partial<typeof asked> = {}) => desk.ask({ ...asked, ...fields }, over.signal);
  const answer = (fields: Partial<Params<'approve'>> = {}) =>
    desk.answer({ request: 'word-1', decision: 'allow', content: { name: 'Ada' }, ...fields });
  /** It is shown to a person. */
  const open = async () => {
    const got = ask();
    await shell.clock.turn();
    shell.order.length = 0;
    return got;
  };
  return { shell, desk, over, ask, answer, open };
}
type Play = ReturnType<typeof deskOf>;

describe('a form', () => {
  it.each<[string, (play: Play) => void]>([
    ['nobody watches', () => undefined],
    ['nobody is to be asked', ({ shell }) => void (shell.pod.session.permissionMode = 'dontAsk')],
    ['the pod only plans', ({ shell }) => void (shell.pod.session.permissionMode = 'plan')],
  ])('[mcp.form-nobody] is declined where %s', async (why, prepare) => {
    const play = deskOf(turn, why === 'nobody watches');
    prepare(play);
    expect(await play.ask()).toEqual({ action: 'decline' });
    expect(play.shell.committed).toEqual([]);
  });

  it.each<[string, (play: Play) => Partial<typeof asked>]>([
    ['its call does not run', () => ({ call: 'c9' })],
    ['its call is over', ({ over }) => (over.abort(), {})],
    ['its turn ends', ({ shell }) => ((shell.pod.core.live.control = { kind: 'cancel', by: 'person' }), {})],
  ])('[mcp.form-closed] is cancelled unasked where %s', async (_, prepare) => {
    const play = deskOf();
    expect(await play.ask(prepare(play))).toEqual({ action: 'cancel' });
    expect(play.shell.committed).toEqual([]);
  });

  it('[mcp.form] [mcp.form-durable] is on disk before anybody hears of it, its answer before the server does', async () => {
    const play = deskOf();
    const { shell } = play;
    const got = play.ask();
    await shell.clock.turn();
    expect(shell.order).toEqual(['commit approval', 'synced', 'me at form.asked', 'changed']);
    expect(shell.committed[0]).toEqual([
      asking('word-1', 'c1', {
        step: 3,
        tool: 'mcp__db__add',
        key: 'form:word-1',
        always: { tool: 'mcp__db__add', exact: 'form:word-1', outside: false },
        summary: formText(form),
        why: 'the MCP server db asks this while mcp__db__add runs, and reads what is answered',
        form,
      }),
    ]);
    shell.order.length = 0;
    void got.then(() => shell.order.push('heard'));
    expect((await play.answer())?.request).toBe('word-1');
    expect(await got).toEqual({ action: 'accept', content: { name: 'Ada' } });
    await shell.clock.turn();
    expect(shell.order.slice(0, 3)).toEqual(['commit approval', 'synced', 'me at form.answered']);
    expect(shell.order.slice(3).toSorted()).toEqual(['changed', 'heard']);
    expect(shell.committed[1]).toMatchObject([
      { state: 'answered', decision: 'allow', by: 'person', call: 'c1', content: { name: 'Ada' } },
    ]);
    // Nothing waits any more.
    play.desk.control('cancel');
    play.over.abort();
    expect(shell.committed).toHaveLength(2);
  });

  it.each<[string, Partial<Params<'approve'>>, 'person' | 'headless']>([
    ['a person', { reason: 'no' }, 'person'],
    ['nobody, who was asked', { unasked: true }, 'headless'],
  ])('[mcp.form] that is declined by %s is that for its server', async (_, fields, by) => {
    const play = deskOf();
    const got = play.ask();
    await play.shell.clock.turn();
    await play.answer({ decision: 'deny', ...fields });
    expect(await got).toEqual({ action: 'decline' });
    const [entry] = play.shell.committed[1] ?? [];
    expect(entry).toMatchObject({ decision: 'deny', by });
    expect(entry).not.toHaveProperty('content');
  });

  const hold = 'A form is filled in or declined: no yes holds for another.';
  it.each<[string, Partial<Params<'approve'>>, string]>([
    ['always', { decision: 'allowAlways' }, hold],
    ['by a rule', { rule: 'mcp__db' }, hold],
    ['with a path', { write: '/w' }, hold],
    ['without what it asks', { content: {} }, 'name'],
    ['without any fields', { content: undefined }, 'name'],
  ])('[mcp.form] is not filled in %s, and stays open', async (_, fields, words) => {
    const play = deskOf();
    void play.open();
    await play.shell.clock.turn();
    await expect(play.answer(fields)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(play.answer(fields)).rejects.toThrow(words);
    await expect(play.answer(fields)).rejects.toThrow(
      'Nothing was answered. ("podkin approve ID --answer NAME=VALUE", or --deny.)',
    );
    expect(play.shell.committed).toHaveLength(1);
  });

  it('[mcp.form] is the only thing that is answered here', () => {
    expect(deskOf().answer()).toBeNull();
    expect(deskOf([...turn, asking('word-1', 'c1')]).answer()).toBeNull();
  });

  it.each<[string, (play: Play) => void, 'callEnd' | 'pause' | 'cancel']>([
    ['call', ({ over }) => over.abort(), 'callEnd'],
    ['turn', ({ desk }) => desk.control('cancel'), 'cancel'],
    ['turn, at a pause', ({ desk }) => desk.control('pause'), 'pause'],
  ])('[mcp.form-closed] is cancelled with its %s, once', async (_, ends, by) => {
    const play = deskOf();
    const got = play.open();
    await play.shell.clock.turn();
    ends(play);
    ends(play);
    expect(await got).toEqual({ action: 'cancel' });
    expect(play.shell.committed.slice(1)).toEqual([[closedBy('word-1', by)]]);
    expect(play.shell.order).toEqual(['commit approval', 'changed']);
    // An answer that comes then is for nothing.
    expect(play.answer()).toBeNull();
  });

  it.each<[string, (play: Play) => void]>([
    ['stops', ({ shell }) => void (shell.pod.core.live.mode = 'stopping')],
    ['is cancelled', ({ shell }) => void (shell.pod.core.live.control = { kind: 'cancel', by: 'person' })],
  ])('[mcp.form-closed] is cancelled where its pod %s while it is being written', async (_, ends) => {
    const play = deskOf();
    const got = play.ask();
    ends(play);
    expect(await got).toEqual({ action: 'cancel' });
    expect(play.shell.committed.slice(1)).toEqual([[closedBy('word-1', 'cancel')]]);
  });

  it('[mcp.form-durable] is cancelled where the log refuses it, and nothing waits', async () => {
    const play = deskOf();
    play.shell.refusal = new Error('no space');
    expect(await play.ask()).toEqual({ action: 'cancel' });
    play.shell.refusal = null;
    play.desk.control('cancel');
    expect(play.shell.committed).toEqual([]);
  });
});
