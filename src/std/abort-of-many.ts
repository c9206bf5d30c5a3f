import { setMaxListeners } from 'node:events';

/** One that many listen to: Node would take them for a leak and say so on stderr, where last words are. */
export function abortOfMany(): AbortController {
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  return abort;
}
