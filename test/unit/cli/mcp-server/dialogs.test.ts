/** Approvals as questions of the host, and reports as its model reads them. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Answer, ApprovalDialogs, answerIn, dialogOf } from '../../../../src/cli/mcp-server/dialogs.ts';
import { inboxData, inboxText } from '../../../../src/cli/mcp-server/report-text.ts';
import { offeredTools, toolTable } from '../../../../src/cli/mcp-server/tool-table.ts';
import type { ApprovalRequest } from '../../../../src/protocol/approval.ts';
import type { InboxReport } from '../../../../src/protocol/mailbox.ts';

const request = (fields: Partial<ApprovalRequest> = {}): ApprovalRequest => ({
  request: 'q1',
  pod: { name: 'kid', instance: '0190a1b2-0000-7000-8000-000000000002' },
  tool: 'Bash',
  summary: 'echo hi',
  why: 'it is a shell',
  askedAt: '',
  ...fields,
});

describe('a question of the host', () => {
  it('[mcp.question] shows the whole call, nothing hidden, and none that is too long to be shown', () => {
    const form = dialogOf(request({ summary: 'echo \u001b[2J\u202ehi', path: 'box/kid' }));
    expect(form?.message).toContain('box/kid asks: may it call Bash?');
    expect(form?.message).toContain('echo <U+001B>[2J<U+202E>hi');
    expect(dialogOf(request({ summary: 'x'.repeat(3_501) }))).toBeNull();
  });

  it.each([
    [{ action: 'accept', content: { answer: 'allow' } }, { decision: 'allow' }],
    [
      { action: 'accept', content: { answer: 'deny', reason: 'no' } },
      { decision: 'deny', reason: 'no' },
    ],
    [{ action: 'accept', content: { answer: 'deny', reason: 7 } }, { decision: 'deny' }],
    [{ action: 'decline' }, { decision: 'deny' }],
    [{ action: 'cancel' }, null],
    [{ action: 'accept' }, null],
    [{ action: 'accept', content: { answer: 'yes' } }, null],
    [{ action: 'accept', content: { answer: true } }, null],
    [{ action: 'allow', content: { answer: 'allow' } }, null],
  ])('[mcp.question] %j comes to %j', (result, answer) => {
    expect(answerIn(result, {})).toEqual(answer);
  });

  function dialogs() {
    let open: ApprovalRequest[] = [];
    const asked: { signal: AbortSignal; reply: (result: { action: string; content?: unknown }) => void }[] =
      [];
    const answers: [string, Answer][] = [];
    const said: string[] = [];
    const all = new ApprovalDialogs({
      open: () => open,
      ask: (_, signal) =>
        new Promise((reply, reject) => {
          signal.addEventListener('abort', () => reject(new Error('gone')));
          asked.push({ signal, reply });
        }),
      answer: async (...answer) => {
        answers.push(answer);
        await Promise.resolve();
      },
      tell: (text) => void said.push(text),
    });
    const change = (...now: ApprovalRequest[]): void => {
      open = now;
      all.changed();
    };
    return { all, asked, answers, said, change };
  }

  it('[mcp.question] is asked once, and its answer handed on', async () => {
    const { asked, answers, change } = dialogs();
    change(request());
    change(request());
    expect(asked).toHaveLength(1);
    asked[0]?.reply({ action: 'accept', content: { answer: 'allow' } });
    await turn();
    expect(answers).toEqual([['q1', { decision: 'allow' }]]);
  });

  it('[mcp.question-elsewhere] that is closed elsewhere is taken back, and its late answer counts for nothing', async () => {
    const { all, asked, answers, said, change } = dialogs();
    change(request());
    change();
    expect(asked[0]?.signal.aborted).toBe(true);
    asked[0]?.reply({ action: 'accept', content: { answer: 'allow' } });
    change(request({ request: 'q2' }));
    all.close();
    expect(asked[1]?.signal.aborted).toBe(true);
    await turn();
    expect([answers, said]).toEqual([[], []]);
  });
});

const report = (id: string, fields: Partial<InboxReport> = {}): InboxReport => ({
  id,
  instance: '0190a1b2-0000-7000-8000-000000000002',
  seq: 1,
  pod: 'kid',
  label: null,
  kind: 'turnEnded',
  outcome: 'finished',
  at: '',
  text: `text of ${id}`,
  ...fields,
});

describe('what a host reads', () => {
  it('[mcp.text] names each report with its label and the ids that acknowledge them', () => {
    const reports = [report('a:1', { label: 'bl"ue' }), report('b:1', { pod: null })];
    const text = inboxText({ reports, waiting: 3, notOut: ['x'], working: ['kid'] });
    expect(text).toContain('--- a:1 from "kid" (label: "bl\\"ue")\ntext of a:1');
    expect(text).toContain('--- b:1 from a person');
    expect(text).toContain('pods_inbox {"ack":["a:1","b:1"]}');
    expect(text).toContain('3 more wait behind these');
    expect(text).toContain('no id of it): x');
    expect(text).toContain('Still working: kid.');
  });

  it('[mcp.text] is bounded: what does not fit waits, and one is always there', () => {
    const long = 'y'.repeat(60_000);
    const inbox = { waiting: 0, notOut: [], working: [] };
    const two = { ...inbox, reports: [report('a', { text: long }), report('b', { text: long })] };
    expect(inboxText(two)).toContain('1 more wait behind these');
    expect(inboxData(two)).toMatchObject({ reports: [{ id: 'a' }], more: 1 });
    const huge = { ...inbox, reports: [report('a', { text: long + long })] };
    expect(inboxText(huge)).toContain('pods_inbox {"ack":["a"]}');
    expect(inboxText({ ...inbox, reports: [] })).toBe(
      'No report waits to be acknowledged.\nNo pod is working.',
    );
  });

  it('[mcp.initialize] each tool is offered with the schema that its input is held against', () => {
    const tools = offeredTools();
    expect(tools.map(({ name }) => name)).toEqual(Object.keys(toolTable));
    for (const { inputSchema, description } of tools) {
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(description.length).toBeLessThan(400);
    }
  });

  it('[mcp.form] a form of a server of the pod is asked as it is, and answered by what fits it', () => {
    const form = {
      message: 'Where \u001b[2Jto?',
      fields: [{ name: 'city', kind: 'text' as const, about: '', required: true }],
    };
    const asked = request({ form });
    const dialog = dialogOf(asked);
    expect(dialog?.message).not.toContain('\u001b');
    expect(dialog?.requestedSchema).toEqual({
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
    });
    const rows: [unknown, Answer | null][] = [
      [{ city: 'Rome' }, { decision: 'allow', content: { city: 'Rome' } }],
      [{}, null],
      [{ city: 7 }, null],
      [{ city: 'Rome', answer: 'allow' }, null],
    ];
    for (const [content, answer] of rows)
      expect(answerIn({ action: 'accept', content }, asked)).toEqual(answer);
    expect(answerIn({ action: 'decline' }, asked)).toEqual({ decision: 'deny' });
    expect(answerIn({ action: 'cancel' }, asked)).toBeNull();
  });
});
