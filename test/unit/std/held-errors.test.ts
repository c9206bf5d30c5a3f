import { describe, expect, it } from 'vitest';
import { HeldErrors } from '../../../src/std/held-errors.ts';

function stream(isTTY: boolean): { stderr: NodeJS.WriteStream; written: string[] } {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  return { stderr: { isTTY, write } as unknown as NodeJS.WriteStream, written };
}

describe('the error output under a screen', () => {
  it('[screen.errors] is held in order, a bounded part of it, and goes on as before behind that', async () => {
    const { stderr, written } = stream(true);
    const errors = new HeldErrors(stderr);
    errors.hold();
    errors.hold();
    const called = new Promise<void>((resolve) => stderr.write('one ', () => resolve()));
    stderr.write(Buffer.from('two'));
    await called;
    expect(errors.release()).toBe('one two');
    expect(errors.release()).toBe('');
    stderr.write('three');
    expect(written).toEqual(['three']);
    errors.hold();
    stderr.write('x'.repeat(70_000));
    expect(errors.release()).toBe(`${'x'.repeat(65_536)}\n[4464 more characters]\n`);
  });

  it('[screen.errors] a file is left alone, and the warnings of a process that shows none', () => {
    const { stderr, written } = stream(false);
    const errors = new HeldErrors(stderr);
    errors.hold();
    stderr.write('into the file');
    expect(written).toEqual(['into the file']);
    expect(errors.release()).toBe('');
  });
});
