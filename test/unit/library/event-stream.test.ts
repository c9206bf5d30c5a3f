import { describe, expect, it } from 'vitest';
import { EventStream } from '../../../src/library/event-stream.ts';

const streamOf = (): EventStream<string> => new EventStream((events) => `missed ${events}`);

async function read(stream: EventStream<string>, most = Infinity): Promise<string[]> {
  const got: string[] = [];
  for await (const event of stream.iterate()) {
    got.push(event);
    if (got.length >= most) break;
  }
  return got;
}

describe('events for whoever iterates', () => {
  it('[library.stream] the oldest are given up beyond the bound, and counted', async () => {
    const stream = streamOf();
    for (let n = 0; n < 10_003; n += 1) stream.push(String(n));
    stream.endIteration();
    const got = await read(stream);
    expect(got.slice(0, 2)).toEqual(['missed 3', '3']);
    expect(got).toHaveLength(10_001);
    expect(got.at(-1)).toBe('10002');
  });

  it('[library.stream] who iterates again goes on where the last iteration ended', async () => {
    const stream = streamOf();
    for (const event of ['a', 'b', 'c']) stream.push(event);
    expect(await read(stream, 2)).toEqual(['a', 'b']);
    stream.endIteration();
    expect(await read(stream)).toEqual(['c']);
    stream.push('d');
    stream.close();
    expect(await read(stream)).toEqual(['d']);
    expect(await read(stream)).toEqual([]);
  });

  it('[library.stream] an end that nobody has come to is none once there is more to do', async () => {
    const stream = streamOf();
    stream.push('a');
    stream.endIteration();
    stream.goOn();
    const reading = read(stream, 2);
    stream.push('b');
    expect(await reading).toEqual(['a', 'b']);
  });
});
