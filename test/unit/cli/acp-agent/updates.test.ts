/** What a tree does, as updates of a session: a table of events and what is shown of them. */
import { describe, expect, it } from 'vitest';
import { UpdateFold, type SeenPod } from '../../../../src/cli/acp-agent/updates.ts';
import { callBounds } from '../../../../src/cli/acp-agent/tool-calls.ts';
import type { LiveEvent } from '../../../../src/client/pod-stream.ts';
import type { Entry, EntryBody } from '../../../../src/session/facts/entries.ts';

const root: SeenPod = { name: 'root', instance: 'R', depth: 0 };
const alpha: SeenPod = { name: 'alpha', instance: 'A', depth: 1 };
const child = { name: 'alpha', instance: 'A' };

function fold(): UpdateFold {
  return new UpdateFold({ cwd: '/work', isOwn: (submission) => submission === 'own' });
}
let seq = 0;
function entry(body: EntryBody): LiveEvent {
  seq += 1;
  const whole: Entry = { seq, time: '2026-01-01T00:00:00Z', ...body };
  return { type: 'entry', entry: whole };
}
const delta = (offset: number, text: string): LiveEvent => {
  return { type: 'textDelta', turn: 't', step: 1, offset, text };
};
const message = (text: string, step = 1): LiveEvent =>
  entry({ type: 'assistantMessage', turn: 't', step, model: 'm', parts: [{ type: 'text', text }] });
const call = (tool: string, input: object): LiveEvent =>
  entry({ type: 'toolCall', turn: 't', step: 1, call: 'c', tool, input: JSON.parse(JSON.stringify(input)) });
const result = (tool: string, more: object = {}): LiveEvent =>
  entry({ type: 'toolResult', turn: 't', step: 1, call: 'c', tool, text: 'done', isError: false, ...more });
const said = (updates: readonly { sessionUpdate: string }[]) =>
  updates.map((one) => [
    one.sessionUpdate,
    'content' in one ? (one.content as { text?: string }).text : undefined,
  ]);

describe('what the root says', () => {
  it.each([
    ['nothing was streamed', [message('abc')], 'abc'],
    ['all was', [delta(0, 'ab'), delta(2, 'c'), message('abc')], 'abc'],
    ['its end was not', [delta(0, 'a'), message('abc')], 'abc'],
    ['a piece between was not', [delta(0, 'a'), delta(2, 'c'), message('abc')], 'abc'],
    ['a piece comes twice', [delta(0, 'ab'), delta(1, 'bc'), message('abc')], 'abc'],
    ['two steps', [message('abc'), message('def', 2)], 'abcdef'],
  ])('[acp.updates] is shown once: %s', (_, events, whole) => {
    const one = fold();
    const text = events.flatMap((event) => said(one.take(root, event))).map(([, piece]) => piece);
    expect(text.join('')).toBe(whole);
  });

  it('[acp.updates] a text that broke off is said to be void, and shown anew', () => {
    const one = fold();
    const retry: LiveEvent = {
      type: 'alert',
      level: 'warning',
      code: 'providerRetry',
      text: 'again',
      turn: 't',
      step: 1,
    };
    const events = [delta(0, 'ab'), retry, delta(0, 'xy'), message('xyz')];
    const text = events
      .flatMap((event) => said(one.take(root, event)))
      .filter(([kind]) => kind === 'agent_message_chunk')
      .map(([, piece]) => piece)
      .join('');
    expect(text).toMatch(/^ab\n\[The answer broke off here .*\]\n\nxyz$/);
  });

  it('[acp.updates] of long texts each piece has its bound, and what steers a terminal is left out', () => {
    const updates = fold().take(root, message(`\u001B[2J${'x'.repeat(200_000)}`));
    expect(updates.length).toBeGreaterThan(3);
    const text = said(updates)
      .map(([, piece]) => piece)
      .join('');
    expect(text).toBe(`[2J${'x'.repeat(200_000)}`);
  });

  it('[acp.updates] an input that the client gave is not repeated, that of others is shown', () => {
    const input = (submission: string): LiveEvent =>
      entry({ type: 'userMessage', turn: 't', submission, from: { kind: 'person' }, text: 'hi' });
    expect(fold().take(root, input('own'))).toEqual([]);
    expect(said(fold().take(root, input('other')))).toEqual([['user_message_chunk', 'hi']]);
  });

  it('[acp.children] nothing that a child says stands where the root speaks', () => {
    const events = [
      delta(0, 'x'),
      message('x'),
      entry({ type: 'alert', level: 'error', code: 'c', text: 'x' }),
    ];
    expect(events.flatMap((event) => fold().take(alpha, event))).toEqual([]);
  });
});

describe('calls', () => {
  const content = [{ type: 'diff', path: '/work/a', oldText: 'x', newText: 'y' }];
  it.each([
    ['Edit', { path: 'a', old: 'x', new: 'y' }, { kind: 'edit', locations: [{ path: '/work/a' }], content }],
    ['Read', { path: '/b', offset: 7 }, { kind: 'read', locations: [{ path: '/b', line: 7 }] }],
    ['Grep', { pattern: 'x' }, { kind: 'search' }],
    ['Bash', { command: 'ls' }, { kind: 'execute', title: 'Bash ls' }],
    ['mcp__a__b', { x: 1 }, { kind: 'other' }],
    ['Edit', { path: 7 }, { kind: 'edit' }],
    ['constructor', {}, { kind: 'other' }],
  ])('[acp.updates] %s %j', (tool, input, shown) => {
    expect(fold().take(root, call(tool, input))).toMatchObject([
      { sessionUpdate: 'tool_call', toolCallId: 'R/c', status: 'in_progress', rawInput: input, ...shown },
    ]);
  });

  it.each([
    [{}, 'completed'],
    [{ isError: true }, 'failed'],
    [{ denied: true }, 'failed'],
    [{ interrupted: true }, 'failed'],
  ])('[acp.updates] with %j ends as %s; a diff stays unless it failed', (more, status) => {
    const one = fold();
    one.take(root, call('Edit', { path: 'a', old: 'x', new: 'y' }));
    const [update] = one.take(root, result('Edit', more));
    expect(update).toMatchObject({ sessionUpdate: 'tool_call_update', toolCallId: 'R/c', status });
    expect(update !== undefined && 'content' in update).toBe(status === 'failed');
  });

  it('[acp.updates] a result, a diff and an input beyond their bounds are cut, and it is said', () => {
    const long = 'x'.repeat(callBounds.diffChars + 1);
    const one = fold();
    const [made] = one.take(root, call('Write', { path: 'a', content: long }));
    expect(made).not.toHaveProperty('rawInput');
    expect(JSON.stringify(made)).toContain('too long to be shown');
    const [ended] = one.take(root, result('Write', { text: long }));
    expect(JSON.stringify(ended).length).toBeLessThan(callBounds.textChars + 500);
    expect(JSON.stringify(ended)).toContain('more characters are in the log');
  });

  it('[acp.load] a result whose call was not seen is a call of its own', () => {
    expect(fold().take(root, result('Bash'))).toMatchObject([
      { sessionUpdate: 'tool_call', title: 'Bash', status: 'completed' },
    ]);
  });

  it('[acp.children] those of a child bear its name and its directory', () => {
    const one = fold();
    const session = { type: 'session', cwd: '/clone' } as unknown as EntryBody;
    one.take(alpha, entry(session));
    expect(one.take(alpha, call('Read', { path: 'a' }))).toMatchObject([
      { toolCallId: 'A/c', title: 'alpha: Read a', locations: [{ path: '/clone/a' }] },
    ]);
  });

  it('[acp.updates] a plan is a plan', () => {
    const one = fold();
    expect(one.take(root, call('Plan', { items: [] }))).toEqual([]);
    const plan = [
      { text: 'a', state: 'done' },
      { text: 'b', state: 'doing' },
    ];
    expect(one.take(root, result('Plan', { plan }))).toEqual([
      {
        sessionUpdate: 'plan',
        entries: [
          { content: 'a', priority: 'medium', status: 'completed' },
          { content: 'b', priority: 'medium', status: 'in_progress' },
        ],
      },
    ]);
  });

  it('[acp.updates] what a call writes meanwhile is shown, the last of it', () => {
    const one = fold();
    one.take(root, call('Bash', { command: 'x' }));
    const write = (text: string): LiveEvent => ({ type: 'toolProgress', turn: 't', call: 'c', text });
    one.take(root, write('a'));
    expect(JSON.stringify(one.take(root, write('b')))).toContain('"ab"');
    const [last] = one.take(root, write('y'.repeat(100_000)));
    expect(JSON.stringify(last).length).toBeLessThan(10_000);
    expect(one.take(root, { type: 'toolProgress', turn: 't', call: 'unknown', text: 'x' })).toEqual([]);
  });
});

describe('children', () => {
  const started = entry({ type: 'child', child, state: 'started', task: 'count' });
  const report = (event: object): LiveEvent =>
    entry({
      type: 'podEventReceived',
      from: { ...child, incarnation: 1 },
      eventSeq: 1,
      event,
      reads: true,
      wakes: true,
      closes: [],
    } as unknown as EntryBody);
  const turnEnded = { kind: 'turnEnded', outcome: 'finished', settled: true, text: 'ten' };

  it.each([
    [turnEnded, 'completed', 'ten'],
    [{ ...turnEnded, settled: false }, 'in_progress', 'ten'],
    [{ ...turnEnded, outcome: 'cancelled' }, 'failed', 'cancelled'],
    [{ kind: 'errored', error: { category: 'network', message: 'gone' } }, 'failed', 'gone'],
    [{ kind: 'died', restored: false }, 'failed', 'died'],
    [{ kind: 'unreachable' }, 'in_progress', 'does not answer'],
    [{ kind: 'shutDown', reason: 'asked' }, 'completed', 'asked'],
  ])('[acp.children] %j makes it %s', (event, status, text) => {
    const one = fold();
    expect(one.take(root, started)).toMatchObject([
      { sessionUpdate: 'tool_call', toolCallId: 'pod/A', title: 'pod alpha: count', status: 'in_progress' },
    ]);
    const [update] = one.take(root, report(event));
    expect(update).toMatchObject({ sessionUpdate: 'tool_call_update', toolCallId: 'pod/A', status });
    expect(JSON.stringify(update)).toContain(text);
  });

  it('[acp.children] one that starts again is no new call; one whose start was not seen is one', () => {
    const one = fold();
    one.take(root, started);
    expect(one.take(root, started)).toMatchObject([{ sessionUpdate: 'tool_call_update' }]);
    expect(fold().take(root, report(turnEnded))).toMatchObject([{ sessionUpdate: 'tool_call' }]);
    expect(fold().take(root, report({ kind: 'scopeSubDelegated' }))).toEqual([]);
  });
});

it('[acp.modes] a mode that is set elsewhere is the one that is shown', () => {
  expect(fold().take(root, entry({ type: 'set', by: 'person', permissionMode: 'plan' }))).toEqual([
    { sessionUpdate: 'current_mode_update', currentModeId: 'plan' },
  ]);
});
