/** The exact words for what goes with an end: evidence that was asked for, a clone, another model, why. */
import { expect, it } from 'vitest';
import { noticeBody } from '../../../src/delivery/notice.ts';
import type { PodEvent } from '../../../src/protocol/pod-event.ts';
import { child, died, errored, factsOf, finished, kid, received, shutDown } from '../machine-rig.ts';

function words(event: PodEvent): string[] {
  const { notifyBuffer } = factsOf([child(kid, 'linked'), received(1, event, { closes: [] })]);
  return noticeBody(notifyBuffer[0]!, { alreadyRead: false, quarantined: false }).split('\n');
}

const data = (...lines: string[]) => ['```data', ...lines, '```'];
const took = 'It took 0.0 s.';
const done = ['Its answer:', ...data('done')];
const restart = 'Sending it a message with SendToPod starts it again from its log.';
const check = { passed: false, exitCode: 2, tail: 'boom' };
const failed = ['What its check wrote last:', ...data('boom')];
const misfit = { fits: false, problem: 'no /a' } as const;
const wrong = ['What is wrong with its answer:', ...data('no /a')];
const fits = (...lines: string[]) => ['Its result, which fits the schema:', ...data(...lines)];
const worktree = { branch: 'b', folder: '/f', base: 'c0ffee', fetched: false };
const nothing = 'It committed nothing in its clone.';
/** `chars` of JSON. */
const text = (chars: number) => 'r'.repeat(chars - 2);

const rows: Record<string, [PodEvent, string[]]> = {
  'a check that passed': [
    finished({ check: { ...check, passed: true } }),
    ['Pod "kid" finished; its check passed.', took, ...done],
  ],
  'a check that did not pass': [
    finished({ check }),
    ['Pod "kid" finished, but its check did not pass (exit code 2).', took, ...failed, ...done],
  ],
  'a result that fits': [
    finished({ result: { fits: true, data: { a: 1 } } }),
    ['Pod "kid" finished.', took, ...fits('{"a":1}')],
  ],
  'a result as long as is shown': [
    finished({ result: { fits: true, data: text(16_000) } }),
    ['Pod "kid" finished.', took, ...fits(`"${text(16_000)}"`)],
  ],
  'a result that is longer': [
    finished({ result: { fits: true, data: text(16_003) } }),
    [
      'Pod "kid" finished.',
      took,
      ...fits(`"${text(16_001)}…`),
      '(3 more characters: ReadPodOutput { "name": "kid" })',
    ],
  ],
  'an answer that is no result': [
    finished({ result: misfit }),
    ['Pod "kid" finished, but its answer is not the result that was asked for.', took, ...wrong, ...done],
  ],
  'neither of what was asked for': [
    finished({ check, result: misfit }),
    [
      'Pod "kid" finished, but its check did not pass (exit code 2) and its answer is not the result that was asked for.',
      took,
      ...failed,
      ...wrong,
      ...done,
    ],
  ],
  'a result without its check': [
    finished({ check, result: { fits: true, data: 1 } }),
    ['Pod "kid" finished, but its check did not pass (exit code 2).', took, ...failed, ...fits('1')],
  ],
  'another model': [
    finished({ switched: { model: 'm/b', from: 'm/a', why: 'busy' } }),
    ['Pod "kid" finished; m/b answered in the place of m/a ("busy").', took, ...done],
  ],
  'no other model': [finished({ switched: undefined }), ['Pod "kid" finished.', took, ...done]],
  'a clone': [finished({ worktree }), ['Pod "kid" finished.', took, nothing, ...done]],
  'a clone, and a failure': [
    errored({ worktree }),
    ['Pod "kid" failed (rateLimit).', 'Its error:', ...data('no more'), took, nothing, ...done],
  ],
  'a clone, of a pod that was stopped': [
    shutDown({ reason: undefined, worktree }),
    ['Pod "kid" has shut down.', nothing],
  ],
  'a reason for a death': [
    died({ reason: 'the "host" is gone' }),
    ['Pod "kid" died (SIGKILL).', 'What is known of it: "the \\"host\\" is gone"', restart],
  ],
};

it.each(Object.entries(rows))('[notice.words] an end with %s', (_, [event, lines]) => {
  expect(words(event)).toEqual(lines);
});

it('[notice.bounds] what a check wrote, a problem, and why another model answered', () => {
  const long = 'x'.repeat(5_000);
  const lines = words(
    finished({
      check: { ...check, tail: long },
      result: { fits: false, problem: long },
      switched: { model: 'm/b', from: 'm/a', why: long },
    }),
  );
  expect(lines.filter((line) => line === `${'x'.repeat(4_096)}…`)).toHaveLength(2);
  expect(lines[0]).toContain(`("${'x'.repeat(80)}…")`);
});
