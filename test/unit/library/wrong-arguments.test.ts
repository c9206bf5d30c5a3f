/** What a program hands over that the types do not allow: each public function, each wrong argument. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadSetting, defineTool, NoSuchPod, openHome } from '../../../src/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pk-wrong-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Whatever a program without types may write. */
type Loose = (...given: unknown[]) => unknown;

function face(): Record<'start' | 'restore' | 'pod' | 'stop', Loose> {
  const home = openHome({ directory: join(folder, 'h'), environment: { HOME: folder } });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is called as nobody should
  return home as unknown as Record<'start' | 'restore' | 'pod' | 'stop', Loose>;
}

const notSignals = [null, 5, 'x', {}, { aborted: false }];

describe('an argument of another type', () => {
  it.each<['start' | 'restore' | 'pod' | 'stop', unknown[]]>([
    ...[null, 5, 'task', [], true].map((given): ['start', unknown[]] => ['start', [given]]),
    ...[null, 5, {}, undefined].map((given): ['pod', unknown[]] => ['pod', [given]]),
    ...[null, 5, {}, undefined].map((given): ['stop', unknown[]] => ['stop', [given]]),
    ...[null, 5, {}, undefined].map((given): ['restore', unknown[]] => ['restore', [given]]),
    ...[null, 5, 'x', []].map((given): ['restore', unknown[]] => ['restore', ['root', given]]),
    ...[null, 5, 'x', []].map((given): ['stop', unknown[]] => ['stop', ['root', given]]),
    ...notSignals.map((signal): ['start', unknown[]] => ['start', [{ task: 'x', signal }]]),
    ...notSignals.map((signal): ['restore', unknown[]] => ['restore', ['root', { signal }]]),
    ...notSignals.map((signal): ['stop', unknown[]] => ['stop', ['root', { signal }]]),
    ['start', []],
    ['start', [{ task: 5 }]],
    ['start', [{ onQuestion: 5 }]],
    ['start', [{ tools: 5 }]],
  ])(
    '[library.wrong-arguments] %s(%j) is refused with BadSetting, and nothing is made',
    async (name, given) => {
      const called = face()[name](...given);
      await expect(called).rejects.toBeInstanceOf(BadSetting);
      expect(existsSync(join(folder, 'h', 'state', 'pods'))).toBe(false);
    },
  );

  it('[library.wrong-arguments] a name of nothing is NoSuchPod', async () => {
    await expect(face().pod('none')).rejects.toBeInstanceOf(NoSuchPod);
  });

  it('[library.wrong-arguments] what gives its answer at once throws it', () => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
    const [open, define] = [openHome, defineTool] as unknown as [Loose, Loose];
    for (const given of [null, 5, 'x', [], { directory: 5 }]) expect(() => open(given)).toThrow(BadSetting);
    for (const given of [null, 5, 'x', [], undefined]) expect(() => define(given)).toThrow(BadSetting);
  });
});
