/** Images among the stages that make a request fit: each is words from then on, and the words stay. */
import { describe, expect, it } from 'vitest';
import { imagesIn } from '../../../src/model/images.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { transcriptOf } from '../../../src/session/facts/transcript.ts';
import type { ImageRef } from '../../../src/std/image.ts';
import { promptOf } from '../../../src/worker/prompt.ts';
import { entriesOf, factsOf, working } from '../machine-rig.ts';
import { pod, podWith, says, works } from './context-rig.ts';

const image = (name: string, side = 1_000): ImageRef => ({
  sha256: `hash of ${name}`,
  kind: 'png',
  width: side,
  height: side,
  bytes: 1_000,
  name,
});
const withTask = (images: ImageRef[]): EntryBody[] =>
  working('t1', 'task').map((body) => (body.type === 'userMessage' ? { ...body, images } : body));
const step = (nth: number, images: ImageRef[]): EntryBody[] => [
  { type: 'assistantMessage', turn: 't1', step: nth, model: 'a/b', parts: [] },
  { type: 'toolCall', turn: 't1', step: nth, call: `c${nth}`, tool: 'Read', input: { path: `${nth}.png` } },
  {
    type: 'toolResult',
    turn: 't1',
    step: nth,
    call: `c${nth}`,
    tool: 'Read',
    text: `line ${nth}`,
    isError: false,
    images,
  },
];
const port = {
  keep: () => Promise.reject(new Error('unused')),
  bytes: async () => null,
  unshownBy: () => null,
};

/** The texts of a request and the names of its images, once these lines are there. */
function shown(lines: EntryBody[]) {
  const { messages } = promptOf(transcriptOf(factsOf(lines), ''), 'a/b', () => null);
  return {
    names: imagesIn(messages).map(({ name }) => name),
    texts: messages.flatMap((one) =>
      one.role === 'tool' ? one.results.map(({ text }) => text) : 'text' in one ? [one.text] : [],
    ),
  };
}

describe('an image of', () => {
  const lines = [
    ...withTask([image('task.png')]),
    ...step(1, [image('1.png')]),
    ...step(2, [image('2.png')]),
  ];
  const seqOf = (holds: (one: EntryBody) => boolean) => entriesOf(lines).find(holds)?.seq ?? 0;
  const resultOf = (call: string) => seqOf((one) => one.type === 'toolResult' && one.call === call);

  it('[image.context] an output that is pruned is named with it, however short its text was', () => {
    const pruned: EntryBody = { type: 'pruned', turn: 't1', through: resultOf('c1'), before: 9, after: 1 };
    expect(shown([...lines, pruned])).toEqual({
      names: ['task.png', '2.png'],
      texts: [
        'do task',
        '[Output of Read 1.png, an image, is not shown any more: read it again if needed.]',
        'line 2',
      ],
    });
  });

  it('[image.context] an item that is cut is words, whole where they are short', () => {
    const cut: EntryBody = { type: 'itemCut', turn: 't1', item: resultOf('c2'), chars: 2_000 };
    expect(shown([...lines, cut])).toEqual({
      names: ['task.png', '1.png'],
      texts: ['do task', 'line 1', 'line 2'],
    });
  });

  it('[image.context] words that a compaction keeps is words with them', () => {
    const compaction: EntryBody = {
      type: 'compaction',
      turn: 't1',
      why: 'size',
      through: resultOf('c1'),
      model: 'a/b',
      kept: [seqOf(({ type }) => type === 'userMessage')],
      summary: 'SUMMARY',
      table: '',
      usage: { inputTokens: 1, outputTokens: 1, cost: 0 },
      before: 9,
      after: 1,
    };
    const { names, texts } = shown([...lines, compaction]);
    expect(names).toEqual(['2.png']);
    expect(texts).toEqual(['do task', expect.stringContaining('SUMMARY'), 'line 2']);
  });
});

describe('a request with images', () => {
  it('[image.context] that does not fit for them loses those of the largest item, and is sent', async () => {
    const later: EntryBody = {
      type: 'userMessage',
      turn: 't1',
      submission: 's2',
      from: { kind: 'person' },
      text: 'see these',
      images: [image('a'), image('b'), image('c'), image('d')],
    };
    const made = podWith({
      window: 3_000,
      answer: () => says('done'),
      lines: [...working('t1', 'task'), later],
    });
    Object.assign(made.ports, { images: port });
    expect(await made.run()).toEqual({ kind: 'finished' });
    expect(made.of('itemCut')).toHaveLength(1);
    expect(made.requests.map(({ request }) => imagesIn(request.messages).length)).toEqual([0]);
    expect(JSON.stringify(made.requests[0]?.request.messages)).toContain('see these');
    expect(made.promptAgain()).toEqual(made.promptNow());
  });

  it('[image.context] is summed up with what it shows, and behind it shows nothing of what is covered', async () => {
    const made = pod(1_500, { answer: works(12), lines: withTask([image('task.png', 400)]) });
    Object.assign(made.ports, { images: port });
    expect(await made.run()).toEqual({ kind: 'finished' });
    expect(made.of('compaction').length).toBeGreaterThan(0);
    const asked = made.requests.find(({ request }) => request.toolUse === 'none');
    expect(imagesIn(asked?.request.messages ?? []).map(({ name }) => name)).toEqual(['task.png']);
    expect(imagesIn(made.requests.at(-1)?.request.messages ?? [])).toEqual([]);
    expect(JSON.stringify(made.requests.at(-1)?.request.messages)).toContain('task');
    expect(made.promptAgain()).toEqual(made.promptNow());
  });
});
