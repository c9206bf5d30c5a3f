import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as podkin from '../../../src/index.ts';
import { ofCall, ofHome } from '../../../src/library/documented-errors.ts';
import * as failures from '../../../src/transport/failures.ts';

const { BadSetting, CallRefused, HomeFailed, NoAnswer, PodkinError } = podkin;

const classNames = Object.entries(podkin)
  .filter(([, value]) => value.prototype instanceof PodkinError)
  .map(([name]) => name);

it('[library.error-classes] each class that is exported is named in docs/library.md', () => {
  const text = readFileSync(new URL('../../../docs/library.md', import.meta.url), 'utf8');
  const paragraph = text.split('\n').find((line) => line.startsWith('**Errors**')) ?? '';
  expect(classNames.length).toBeGreaterThan(14);
  expect(classNames.filter((name) => !paragraph.includes(`\`${name}\``))).toEqual([]);
});

const rejecting = (error: unknown) => async (): Promise<never> => {
  throw error;
};
const thrownBy = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => null,
    (error: unknown) => error,
  );

it.each([
  [new failures.RemoteError(-32_602, 'wrong'), { name: 'CallRefused', code: '-32602', reason: 'wrong' }],
  [new failures.RemoteError(-32_000, 'no', { code: 'busy' }), { name: 'CallRefused', code: 'busy' }],
  [new failures.MessageTooLarge(9, 8), { name: 'CallRefused', code: 'tooLarge' }],
  [new failures.ConnectionClosed({ kind: 'endedByPeer' }), { name: 'NoAnswer', delivered: 'unknown' }],
  [new failures.TimedOut('run', 5), { name: 'NoAnswer', delivered: 'unknown' }],
  [new failures.UnexpectedAnswer('run', 'x'), { name: 'NoAnswer', delivered: 'unknown' }],
])('[library.error-classes] a call that fails of %s', async (error, expected) => {
  const thrown = await thrownBy(ofCall('root', rejecting(error)));
  expect(thrown).toMatchObject({ podName: 'root', ...expected });
  expect([CallRefused, NoAnswer].some((one) => thrown instanceof one)).toBe(true);
});

it('[library.error-classes] what a home does not allow has one class and its cause; all else stays what it is', async () => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  for (const cause of [full, new failures.RuntimeDirUnsafe('/run', 'it is a link')]) {
    const thrown = await thrownBy(ofHome(rejecting(cause)));
    expect(thrown).toBeInstanceOf(HomeFailed);
    expect(thrown).toMatchObject({ cause, message: cause.message });
  }
  for (const error of [new BadSetting('x'), new TypeError('a defect'), 'a reason', undefined]) {
    expect(await thrownBy(ofHome(rejecting(error)))).toBe(error);
    expect(await thrownBy(ofCall('root', rejecting(error)))).toBe(error);
  }
});
