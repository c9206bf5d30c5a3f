/** Why a tree is not settled, in words. */
import type { RefusedEvents, Unsettled } from '../../client/settled-tree.ts';

export function unsettledText(why: Unsettled): string {
  switch (why.kind) {
    case 'status':
      return `${why.pod} is ${why.status}`;
    case 'undelivered':
      return `${why.pod} has ${why.events} event(s) to deliver`;
    case 'waiting':
      return `${why.pod} waits (${why.waiting.kind}: ${why.waiting.reason})`;
    case 'outstanding':
      return `${why.pod} has work handed down or reports not read yet`;
    case 'calledBack':
      return `${why.pod} was called back`;
    case 'noAnswer':
      return why.message;
    case 'refused':
      return refusedText(why);
  }
}

export function refusedText({ pod, parent, events, code }: RefusedEvents): string {
  return `${events} event(s) of ${pod} are refused for good by its parent "${parent}" (${code}); "podkin doctor" says what to do`;
}
