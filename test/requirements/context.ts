/** What a request holds. */
export const context = {
  'context.seen': 'nothing that was not seen is covered by a compaction',
  'context.whole-steps':
    'a compaction cuts between two steps: an answer, its calls and their results go or stay together, and the last step stays',
  'context.replay':
    'a replay of the log gives the prompt of the living pod byte for byte, pruned, compacted and cut',
  'context.failure':
    'a compaction that fails, is cancelled or paused changes nothing; three failures in a row end the turn',
  'context.summary-request':
    'requests for a summary count in usage and cost, are shown, and obey cancel, pause and limits',
  'context.size':
    'the size of a request is known before it is sent, within a few per cent of what is counted',
  'context.window': 'what a request may hold is the window less what is kept free for the answer',
  'context.prune': 'at 70 % old outputs become one line each, in steps of a quarter of the window at least',
  'context.plan': 'each size of a request has its stage: sent, pruned, compacted, cut, or too big',
  'context.keep': 'the task and the newest words of people stay verbatim, the others as far as there is room',
  'context.pieces': 'a history that does not fit into the request for its summary is summed up in pieces',
  'context.cut': 'one item larger than the window is shown cut, with its size and how to read the rest',
  'context.refused':
    'a request that is refused as too long is compacted and sent again, and the window is taken for smaller',
  'context.believed':
    'no refusal makes a window smaller than the largest request that its provider has answered, nor does a compaction that fails; a larger answer makes it larger again',
  'context.given':
    'what a person says of a window (contextTokens) holds against what was learned of it before they said so',
  'context.doubted':
    'a learned window into which not even the fixed parts fit is asked about anew, not obeyed for ever',
  'context.bytes':
    'a body that a proxy refuses as too large is told as that: a shorter history is tried once, and no window is learned',
  'context.too-big':
    'only where the system prompt and the task do not fit does the turn end, saying what is too big',
  'context.tool-choice': 'the request for a summary names the tools of the turn and lets none be called',
  'context.asked':
    'a person may ask for a compaction: it is made at once between two turns, else before the next request or when a paused pod goes on, and what came of it is said',
  'context.meter':
    'status and ps say how full the context is, right behind a compaction and after a restart too',
  'context.days':
    'a pod works on through many windows, its task and the last words of a person in each request',
  'context.crash': 'after a death at any point of a compaction either it happened or it did not',
};
