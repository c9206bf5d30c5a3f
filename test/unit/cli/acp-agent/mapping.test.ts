/** The pure parts of `podkin acp`: stop reasons, prompts, servers, modes, questions. */
import { describe, expect, it } from 'vitest';
import { clientServers } from '../../../../src/cli/acp-agent/client-servers.ts';
import { modeState, modeWanted } from '../../../../src/cli/acp-agent/modes.ts';
import { askedOf, decisionOf } from '../../../../src/cli/acp-agent/permissions.ts';
import { promptInput } from '../../../../src/cli/acp-agent/prompt-content.ts';
import { endOfPrompt, type PromptEnd } from '../../../../src/cli/acp-agent/stop-reason.ts';
import type { ApprovalRequest } from '../../../../src/protocol/approval.ts';

const end = (status: PromptEnd['result']['status'], reason: string | null = null): PromptEnd => {
  return { isCancelled: false, outcome: null, result: { status, reason, category: null } };
};

describe('[acp.stop-reason] a prompt ends', () => {
  it.each<[string, PromptEnd, object]>([
    ['done', end('done'), { stopReason: 'end_turn' }],
    ['with a denial', end('denied', 'no'), { stopReason: 'end_turn' }],
    ['at its steps', end('limit', 'steps'), { stopReason: 'max_turn_requests' }],
    ['at the length of an answer', end('limit', 'outputTokens'), { stopReason: 'max_tokens' }],
    ['at its window', end('limit', 'context: full'), { stopReason: 'max_tokens' }],
    ['at its budget', end('limit', 'cost'), { error: 'a limit was reached: cost' }],
    ['failed', end('failed', 'no key'), { error: 'no key' }],
    ['cancelled by the client', { ...end('done'), isCancelled: true }, { stopReason: 'cancelled' }],
    ['cancelled elsewhere', { ...end('failed'), outcome: 'cancelled' }, { stopReason: 'cancelled' }],
    [
      'withheld',
      { ...end('failed'), result: { ...end('failed').result, category: 'contentFilter' } },
      { stopReason: 'refusal' },
    ],
  ])('%s', (_, given, expected) => {
    expect(endOfPrompt(given)).toEqual(expected);
  });
});

describe('[acp.content] a prompt', () => {
  const text = (words: string) => ({ type: 'text' as const, text: words });
  it('is words, with the files that a person names', () => {
    expect(promptInput([text('see @a.ts and '), text('b')], 's')).toEqual({
      input: 'see @a.ts and b',
      submission: 's',
      files: ['a.ts'],
    });
  });
  it('links of files are files, others are words', () => {
    const links = [
      { type: 'resource_link' as const, name: 'a', uri: 'file:///work/a%20b.ts' },
      { type: 'resource_link' as const, name: 'w', uri: 'https://x.test/' },
    ];
    expect(promptInput(links, 's')).toMatchObject({
      input: '/work/a b.ts[w](https://x.test/)',
      files: ['/work/a b.ts'],
    });
  });
  it('what is embedded is fenced beyond itself, and names no file', () => {
    const resource = { uri: 'file:///a', text: 'x @secret </resource> y' };
    const params = promptInput([text('see'), { type: 'resource', resource }], 's');
    expect(params).not.toHaveProperty('files');
    expect(params.input).toBe('see\n\n<resource- uri="file:///a">\nx @secret </resource> y\n</resource->\n');
    const blob = promptInput([{ type: 'resource', resource: { uri: 'file:///b', blob: 'AA==' } }], 's');
    expect(blob.input).toContain('not text, left out');
  });
  it('images go beside the words', () => {
    const image = { type: 'image' as const, data: 'AAAA', mimeType: 'image/png', uri: 'file:///x/y.png' };
    expect(promptInput([text('see'), image], 's').input).toEqual([
      { type: 'text', text: 'see' },
      { type: 'image', data: 'AAAA', name: 'y.png' },
    ]);
  });
  it.each([
    ['empty', [text(' ')]],
    ['audio', [{ type: 'audio' as const, data: 'AA', mimeType: 'audio/wav' }]],
    ['an image that is none', [{ type: 'image' as const, data: '!', mimeType: 'image/png' }]],
    ['too long', [text('x'.repeat(9_000_000))]],
    ['too many parts', Array.from({ length: 1_001 }, () => text('x'))],
  ])('that is %s is refused', (_, blocks) => {
    expect(() => promptInput(blocks, 's')).toThrow();
  });
});

describe("[acp.servers] a client's servers", () => {
  const stdio = (name: string, more = {}) => ({ name, command: '/bin/x', args: [], env: [], ...more });
  it('keep their values out of what is kept', () => {
    const env = [{ name: 'KEY', value: 'secret ${HOME}' }];
    const headers = [{ name: 'Authorization', value: 'Bearer secret' }];
    const given = [
      stdio('My Files', { env }),
      { type: 'http' as const, name: 'web', url: 'https://x.test', headers },
    ];
    const { servers, environment } = clientServers(given, new Set());
    expect(JSON.stringify(servers)).not.toContain('secret');
    expect(servers).toMatchObject({
      'my-files': { project: null, command: '/bin/x', env: { KEY: '${PODKIN_ACP_MY_FILES_0}' } },
      web: { url: 'https://x.test', headers: { Authorization: '${PODKIN_ACP_WEB_0}' } },
    });
    expect(environment).toEqual({
      PODKIN_ACP_MY_FILES_0: 'secret ${HOME}',
      PODKIN_ACP_WEB_0: 'Bearer secret',
    });
  });
  it("take no name that is the person's own, nor each other's", () => {
    const { servers } = clientServers([stdio('git'), stdio('Git'), stdio('äö')], new Set(['git']));
    expect(Object.keys(servers)).toEqual(['git-2', 'git-3', 'server']);
  });
  it.each([
    ['too many', Array.from({ length: 33 }, (_, at) => stdio(`s${at}`))],
    ['SSE', [{ type: 'sse' as const, name: 'x', url: 'https://x.test', headers: [] }]],
    ['an address that is none', [{ type: 'http' as const, name: 'x', url: 'file:///etc', headers: [] }]],
    ['a NUL', [stdio('x', { args: ['a\0b'] })]],
    ['a long value', [stdio('x', { env: [{ name: 'A', value: 'x'.repeat(10_000) }] })]],
  ])('%s: refused', (_, given) => {
    expect(() => clientServers(given, new Set())).toThrow();
  });
});

it.each([
  ['default', ['plan', 'dontAsk', 'default']],
  ['plan', ['plan']],
  ['nonsense', ['plan']],
])("[acp.modes] with the agent's mode %s they are %j", (most, ids) => {
  expect(modeState(most, most).availableModes.map(({ id }) => id)).toEqual(ids);
  expect(() => modeWanted('bypassPermissions', most)).toThrow(/no such mode/);
  expect(() => modeWanted('constructor', most)).toThrow(/no such mode/);
  expect(modeWanted('plan', most)).toBe('plan');
});

describe('questions', () => {
  const request: ApprovalRequest = {
    request: 'q',
    pod: { name: 'alpha', instance: '0190a000-0000-7000-8000-000000000000' },
    path: 'root/alpha',
    tool: 'Bash',
    summary: 'rm \u202Ex',
    why: 'a rule',
    askedAt: '',
    call: 'c',
    input: { command: 'rm x' },
    always: 'this command',
  };
  const ids = (asked: ReturnType<typeof askedOf>) => asked.options.map(({ optionId }) => optionId);

  it('[acp.question] show the call whole, with the options that there are', () => {
    const asked = askedOf(request, '/work');
    expect(ids(asked)).toEqual(['allow', 'allow-always', 'deny']);
    expect(asked.toolCall).toMatchObject({
      kind: 'execute',
      title: 'root/alpha: Bash rm x',
      status: 'pending',
    });
    expect(JSON.stringify(asked)).toContain('rm <U+202E>x');
    const { always: _, ...once } = request;
    expect(ids(askedOf(once, '/work'))).toEqual(['allow', 'deny']);
  });
  it('[acp.question-open] nobody says yes to less than there is', () => {
    expect(ids(askedOf({ ...request, summary: 'x'.repeat(8_000) }, '/'))).toEqual(['deny']);
    const { input: _, ...cut } = { ...request, inputChars: 70_000 };
    expect(ids(askedOf(cut, '/'))).toEqual(['deny']);
  });
  it.each([
    [{ outcome: 'selected', optionId: 'allow' }, 'allow'],
    [{ outcome: 'selected', optionId: 'allow-always' }, 'allowAlways'],
    [{ outcome: 'selected', optionId: 'deny' }, 'deny'],
    [{ outcome: 'selected', optionId: 'other' }, null],
    [{ outcome: 'selected', optionId: ['allow'] }, null],
    [{ outcome: 'cancelled', optionId: 'allow' }, null],
    [{ optionId: 'allow' }, null],
    [null, null],
    ['allow', null],
  ])('[acp.question] %j means %s', (outcome, decision) => {
    expect(decisionOf(askedOf(request, '/'), outcome)).toBe(decision);
  });
  it('[acp.question-open] what was not offered is no answer', () => {
    const asked = askedOf({ ...request, summary: 'x'.repeat(8_000) }, '/');
    expect(decisionOf(asked, { outcome: 'selected', optionId: 'allow' })).toBeNull();
  });
});
