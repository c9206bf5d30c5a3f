/** What a request shows of the images of a history, and what a refusal of one changes. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ModelFailure, type ModelRequest } from '../../../src/model/port.ts';
import { imagesIn } from '../../../src/model/images.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { transcriptOf } from '../../../src/session/facts/transcript.ts';
import type { FoundImage, ImageRef } from '../../../src/std/image.ts';
import { defineTool } from '../../../src/tools/define-tool.ts';
import { promptOf } from '../../../src/worker/prompt.ts';
import { unitsOfRequest } from '../../../src/worker/context/size.ts';
import type { ImagesPort } from '../../../src/worker/turn-ports.ts';
import { working } from '../machine-rig.ts';
import { podWith, says } from './context-rig.ts';
import { calls, historyOf, part, turnOf } from './worker-rig.ts';

const image = (name: string, bytes = 1_000): ImageRef => ({
  sha256: `hash of ${name}`,
  kind: 'png',
  width: 800,
  height: 600,
  bytes,
  name,
});
const found: FoundImage = {
  kind: 'png',
  width: 800,
  height: 600,
  name: 'a.png',
  content: Buffer.from('abc'),
};

const shot = (answer: object = { text: 'line', images: [found] }) =>
  defineTool({
    name: 'Read',
    description: 'reads',
    input: () => z.object({}),
    order: 'parallel',
    needs: () => ({ kind: 'nothing' }) as never,
    run: () => Promise.resolve(answer as never),
  });

function store(over: Partial<ImagesPort> = {}) {
  const log: string[] = [];
  const port: ImagesPort = {
    keep: async ({ name }) => {
      log.push(`kept ${name}`);
      return await Promise.resolve(image(name));
    },
    bytes: async () => await Promise.resolve(Buffer.from('abc')),
    unshownBy: () => null,
    ...over,
  };
  return { log, port };
}

const input = (text: string, images: ImageRef[]): EntryBody => ({
  type: 'userMessage',
  turn: 't1',
  submission: `s ${text}`,
  from: { kind: 'person' },
  text,
  images,
});
const shownIn = (bodies: EntryBody[]) => {
  const transcript = transcriptOf({ history: historyOf(bodies), quarantined: new Set() }, '');
  const { messages } = promptOf(transcript, 'a/b', () => null);
  return { names: imagesIn(messages).map(({ name }) => name), messages };
};
const numbered = (count: number, bytes?: number) =>
  Array.from({ length: count }, (_, at) => input(`i${at}`, [image(`${at}`, bytes)]));

describe('a result with an image', () => {
  it('[image.kept] is committed once the image is kept, and names it without its bytes', async () => {
    const { log, port } = store();
    const turn = turnOf(
      [calls(part('c1', { tool: 'Read' })), { response: { parts: [{ type: 'text', text: 'ok' }] } }],
      {
        tools: [shot()],
        images: port,
        commit: async (bodies) => {
          log.push(...bodies.map(({ type }) => type));
          turn.committed.push(bodies);
          await Promise.resolve();
        },
      },
    );
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(log.indexOf('kept a.png')).toBeLessThan(log.indexOf('toolResult'));
    const result = turn.committed.flat().find(({ type }) => type === 'toolResult');
    expect(result).toMatchObject({ text: 'line', isError: false, images: [image('a.png')] });
    // oxlint-disable-next-line typescript/no-non-null-assertion -- it was asked twice
    expect(imagesIn(turn.requests[1]!.messages)).toEqual([image('a.png')]);
  });

  it.each<[string, object, Partial<ImagesPort>, object]>([
    [
      'that cannot be kept is an error',
      { text: 'line', images: [found] },
      { keep: async () => await Promise.reject(new Error('ENOSPC: no room')) },
      { text: 'The image could not be kept: ENOSPC: no room', isError: true },
    ],
    [
      'of a call that failed is not kept',
      { text: 'no', isError: true, images: [found] },
      {},
      { text: 'no', isError: true },
    ],
  ])('[image.kept] %s', async (_, answer, over, expected) => {
    const { port } = store(over);
    const turn = turnOf(
      [calls(part('c1', { tool: 'Read' })), { response: { parts: [{ type: 'text', text: 'ok' }] } }],
      {
        tools: [shot(answer)],
        images: port,
      },
    );
    await turn.run();
    const result = turn.committed.flat().find(({ type }) => type === 'toolResult');
    expect(result).toMatchObject(expected);
    expect(result).not.toHaveProperty('images');
  });
});

describe('what a request shows', () => {
  it('[image.context] the newest images, up to a bound, in steps; a sentence in the place of each older one', () => {
    expect(shownIn(numbered(20)).names).toHaveLength(20);
    expect(shownIn(numbered(21)).names).toEqual(Array.from({ length: 16 }, (_, at) => `${at + 5}`));
    expect(shownIn(numbered(25)).names).toHaveLength(20);
    expect(shownIn(numbered(26)).names).toHaveLength(16);
    const { messages } = shownIn(numbered(21));
    expect(messages[4]).toEqual({
      role: 'user',
      text: 'i4\n[The image 4 is not shown any more: read it again if needed.]',
    });
    expect(messages[5]).toEqual({ role: 'user', text: 'i5', images: [image('5')] });
  });

  it('[image.context] and of their bytes too; the newest is always shown', () => {
    const most = 12 * 1024 * 1024;
    expect(shownIn(numbered(3, most / 3)).names).toHaveLength(3);
    expect(shownIn(numbered(4, most / 3)).names).toEqual(['1', '2', '3']);
    expect(shownIn(numbered(7, most / 3)).names).toEqual(['5', '6']);
    expect(shownIn(numbered(6, most)).names).toEqual(['5']);
  });

  it('[image.context] an image counts as so many units as it has tokens', () => {
    const units = (bodies: EntryBody[]) => unitsOfRequest({ system: '', tools: [], ...shownIn(bodies) });
    expect(units([input('x', [image('a')])]) - units([input('x', [])])).toBe(640);
  });
});

const refusal = (message: string, category: 'badRequest' | 'overloaded' = 'badRequest') =>
  new ModelFailure(category, message, { transient: category === 'overloaded' });
const takesNone = 'a/b: this model does not support image input (HTTP 400)';
const isBad = 'a/b: Could not process image (HTTP 400)';

/** A pod with an image in its task, asked by a provider that refuses what it does not like. */
function podOf(
  answer: (request: ModelRequest, nth: number) => ReturnType<typeof says> | Error,
  lines = withImage(),
) {
  const made = podWith({ window: 100_000, answer, lines });
  return Object.assign(made, { ports: Object.assign(made.ports, { images: store().port }) });
}
const withImage = (): EntryBody[] =>
  working('t1', 'task').map((body) =>
    body.type === 'userMessage' ? { ...body, images: [image('a.png')] } : body,
  );
const read = {
  parts: [{ type: 'toolCall' as const, call: 'c1', tool: 'Read', input: {} }],
  finishReason: 'toolCalls' as const,
};
const namesIn = ({ messages }: ModelRequest) => imagesIn(messages).map(({ name }) => name);

describe('a refusal', () => {
  it.each(['badRequest', 'overloaded'] as const)(
    '[image.refused] of images as such (%s): asked once more in words, and never again with one',
    async (category) => {
      const answer = (request: ModelRequest, nth: number) => {
        if (namesIn(request).length > 0) return refusal(takesNone, category);
        return nth === 2 ? read : says('done');
      };
      const pod = podWith({ window: 100_000, answer, lines: withImage(), tools: [shot()] });
      Object.assign(pod.ports, { images: store().port });
      expect(await pod.run()).toEqual({ kind: 'finished' });
      // Neither that image nor another one.
      expect(pod.requests.map(({ request }) => namesIn(request))).toEqual([['a.png'], [], []]);
      expect(JSON.stringify(pod.requests[1]?.request.messages)).toContain(
        '[The image a.png is not shown: a/b takes no images.]',
      );
      expect(pod.of('imagesRefused')).toEqual([
        { type: 'imagesRefused', turn: 't1', model: 'a/b', reason: takesNone },
      ]);
      expect(pod.of('toolResult')).toMatchObject([{ images: [image('a.png')] }]);
      expect(pod.waited).toEqual([]);
      expect(pod.facts.context.imageless.has('a/b')).toBe(true);
      expect(pod.promptAgain()).toEqual(pod.promptNow());
    },
  );

  it('[image.refused-one] of the one that is new: those that were answered before stay', async () => {
    const tools = [shot({ text: 'line', images: [found] })];
    const { port } = store({ keep: async () => await Promise.resolve(image('new.png')) });
    const made = podWith({
      window: 100_000,
      tools,
      lines: withImage(),
      answer: (request, nth) => {
        if (nth === 1)
          return {
            parts: [{ type: 'toolCall', call: 'c1', tool: 'Read', input: {} }],
            finishReason: 'toolCalls',
          };
        return namesIn(request).includes('new.png') ? refusal(isBad) : says('done');
      },
    });
    Object.assign(made.ports, { images: port });
    expect(await made.run()).toEqual({ kind: 'finished' });
    expect(made.requests.map(({ request }) => namesIn(request))).toEqual([
      ['a.png'],
      ['a.png', 'new.png'],
      ['a.png'],
    ]);
    expect(made.of('imagesRefused')).toMatchObject([{ images: ['hash of new.png'], reason: isBad }]);
  });

  it('[image.too-large] of a request as too many bytes: the image that is new is left out, those taken before stay', async () => {
    const tooLarge = () => new ModelFailure('requestTooLarge', '413', { transient: false });
    const pod = podOf((request) => (namesIn(request).length > 0 ? tooLarge() : says('done')));
    expect(await pod.run()).toEqual({ kind: 'finished' });
    expect(pod.requests.map(({ request }) => namesIn(request))).toEqual([['a.png'], []]);
    expect(pod.of('imagesRefused')).toMatchObject([{ images: ['hash of a.png'], reason: '413' }]);
    expect(pod.promptAgain()).toEqual(pod.promptNow());
    const made = podWith({
      window: 100_000,
      tools: [shot({ text: 'line' })],
      lines: withImage(),
      answer: (_, nth) => (nth === 1 ? read : tooLarge()),
    });
    Object.assign(made.ports, { images: store().port });
    expect(await made.run()).toMatchObject({ kind: 'errored' });
    expect(made.of('imagesRefused')).toEqual([]);
  });

  it('[image.refused-one] where none is new all of them are left out, and what is refused without any fails', async () => {
    const pod = podOf(() => refusal(isBad));
    expect(await pod.run()).toMatchObject({ kind: 'errored', message: isBad });
    expect(pod.requests.map(({ request }) => namesIn(request))).toEqual([['a.png'], []]);
  });

  it('[image.refused] of something else, or a failure that only speaks of an image, is treated as before', async () => {
    const other = podOf(() => refusal('a/b: messages: roles must alternate'));
    expect(await other.run()).toMatchObject({ kind: 'errored' });
    expect(other.requests).toHaveLength(1);
    const busy = podOf((_, nth) =>
      nth === 1 ? refusal('a/b: the image queue is full', 'overloaded') : says('done'),
    );
    expect(await busy.run()).toEqual({ kind: 'finished' });
    expect(busy.requests.map(({ request }) => namesIn(request))).toEqual([['a.png'], ['a.png']]);
    expect(busy.of('imagesRefused')).toEqual([]);
  });

  it('[image.known] a model that is known to take none is sent none', async () => {
    const made = podWith({ window: 100_000, lines: withImage(), answer: () => says('done') });
    Object.assign(made.ports, { images: store({ unshownBy: (model) => `${model} takes no images` }).port });
    expect(await made.run()).toEqual({ kind: 'finished' });
    expect(made.requests.map(({ request }) => namesIn(request))).toEqual([[]]);
    expect(made.of('imagesRefused')).toEqual([]);
  });
});
