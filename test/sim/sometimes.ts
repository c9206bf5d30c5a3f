/** Places that a campaign must have passed, or its silence says nothing. Each so often in a full run, at least once in a small one. */
export const sometimes = [
  'boot.spokenToBefore',
  'boot.tornTail',
  'check.tookLock',
  'child.removed',
  'crash.afterCommit',
  'crash.beforeCommit',
  'crash.child.linked',
  'crash.event.acked',
  'crash.event.sent',
  'crash.item.committed',
  'crash.receipt.committed',
  'crash.request.started',
  'crash.response.committed',
  'crash.synced',
  'crash.torn',
  'disk.full.before',
  'disk.full.flickering',
  'disk.full.partly',
  'event.gap',
  'event.pulled',
  'link.parentDown',
  'link.pulledEarlierLife',
  'link.refused.storageFailed',
  'pod.deadForGood',
  'pod.nameReused',
  'pod.removed',
  'pod.restored',
  'power.lostEntries',
  'power.tornTail',
  'process.exitedInOrder',
  'read.coversTurn',
  'received.alreadyRead',
  'received.died',
  'received.errored',
  'received.scopeSubDelegated',
  'received.shutDown',
  'received.turnEnded',
  'received.unreachable',
  'replay.atCrash',
  'replay.atEnd',
  'replay.atStep',
  'request.retried',
  'run.inDoubt',
  'send.restored',
  'spawn.held',
  'spawn.undone',
  'spawn.undoneAtStart',
  'stop.told',
  'tool.settledTooLate',
  'turn.cutShort',
  'turn.ended.abandoned',
  'turn.ended.limitReached',
  'turn.ended.paused',
  'turn.lackedOnlyItsEnd',
  'turn.resume',
  'turn.runForNotification',
  'watchdog.asked',
  'wire.answerLost',
  'wire.lostInFlight',
  'wire.requestLost',
] as const;

const fullRunHistories = 500_000;
const fullRunHitsMin = 500;

/**
 * How often a campaign of so many histories must have passed each place: in proportion to a full run, less what chance may take (three deviations), so
 * 0 for one of a few thousand.
 */
export function hitsMin(histories: number): number {
  if (histories >= fullRunHistories) return fullRunHitsMin;
  const expected = (histories * fullRunHitsMin) / fullRunHistories;
  return Math.max(0, Math.floor(expected - 3 * Math.sqrt(expected)));
}
