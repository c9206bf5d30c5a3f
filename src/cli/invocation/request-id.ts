/** `--request ID`: the same command again changes nothing more, and is answered as the first was. */
import type { Home } from '../../session/home/places.ts';
import {
  type Asked,
  type FoundRequest,
  RequestConflict,
  requestIdProblem,
  requestOf,
} from '../../session/home/requests.ts';
import { CommandFailed, exitStatus } from './context.ts';

/** Throws `CommandFailed` (usage, or 6 where the id was used for something else), or `BadRequestFile`. */
export function requestFor(home: Home, asked: Asked): FoundRequest {
  const problem = requestIdProblem(asked.id);
  if (problem !== null) throw new CommandFailed(exitStatus.usage, `--request: the id ${problem}`);
  try {
    return requestOf(home, asked);
  } catch (error) {
    if (error instanceof RequestConflict) throw new CommandFailed(exitStatus.conflict, error.message);
    throw error;
  }
}
