/** Mistakes about what a provider's refusal means. */
import type { Defect } from './defect.ts';

const table = 'test/unit/model/refusals.test.ts';
const believed = 'test/unit/worker/context-believed.test.ts';

export const ofRefusals: readonly Defect[] = [
  {
    id: 'refusal-proxy-is-a-window',
    breaks: 'the bound of a proxy in bytes is taken for the window of the model, for good',
    file: 'src/worker/context/refusal.ts',
    find: "if (failure.category === 'requestTooLarge' || failure instanceof WindowFull) return [];",
    replace: 'if (failure instanceof WindowFull) return [];',
    test: believed,
    guarantee: 'context.bytes',
  },
  {
    id: 'refusal-any-number',
    breaks: 'an error code in brackets is taken for a window',
    file: 'src/model/stated-window.ts',
    find: String.raw`(?:length|window|size|limit) \(${'${count}'} tokens`,
    replace: String.raw`(?:length|window|size|limit)(?: exceeds limit)? \(${'${count}'}`,
    test: table,
    guarantee: 'model.refusals-window',
  },
  {
    id: 'refusal-no-credit-waits',
    breaks: 'a provider without credit is taken for one that refuses what was asked: no other model is',
    file: 'src/model/refusal-words.ts',
    find: "if (isOf(status, [400, 401, 403, 412, 429]) && noCredit.test(said)) return 'noCredit';",
    replace: '',
    test: table,
    guarantee: 'model.refusals',
  },
  {
    id: 'refusal-over-a-person',
    breaks: 'what was learned of a window holds against what a person says of it later',
    file: 'src/session/facts/learned-window.ts',
    find: 'learned === undefined || context.windowsGiven.get(model) !== given ? null : learned',
    replace: 'learned === undefined || given === 0 ? null : learned',
    test: believed,
    guarantee: 'context.given',
  },
  {
    id: 'refusal-obeyed-for-ever',
    breaks: 'a pod with a learned window that is too small for its tools asks nothing any more',
    file: 'src/worker/context/fit.ts',
    find: "    case 'tooBig':\n      if (isDoubted) return { kind: 'fits' };\n",
    replace: "    case 'tooBig':\n",
    test: believed,
    guarantee: 'context.doubted',
  },
  {
    id: 'refusal-compaction-stays',
    breaks: 'a compaction that meets a limit fails, though the next model of the list would answer',
    file: 'src/worker/context/compact.ts',
    find: '&& (await isSwitched(ports, failed))) throw new OtherModel();',
    replace: '&& (await isSwitched(ports, failed))) throw error;',
    test: 'test/unit/worker/context-asked.test.ts',
    guarantee: 'rest.compact',
  },
  {
    id: 'refusal-answer-as-before',
    breaks: 'a server without room for the answer is asked for one as long again',
    file: 'src/model/answer-room.ts',
    find: 'return asked === outputTokens ? bounds : { ...bounds, outputTokens: asked };',
    replace: 'return bounds;',
    test: 'test/unit/model/answer-room.test.ts',
    guarantee: 'model.answer-room',
  },
];
