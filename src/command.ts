/** The command line as `main.ts` takes it in: from argv to an exit status, and what it is told meanwhile. */
import { contextOf } from './cli/invocation/context.ts';
import { runProgram } from './cli/program.ts';

export { reportBrokenPipe } from './std/broken-pipe.ts';

/** Answers with the exit status. Throws only what is a defect. */
export function runCommand(argv: readonly string[]): Promise<number> {
  return runProgram(contextOf(process), argv);
}
