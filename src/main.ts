#!/usr/bin/env node
/**
 * From argv to a command: a pod's process, the version, or the command line, each loaded only when it is asked for. Sets the exit
 * status and ends the process, as only `pod-process.ts` does beside it: there a pod's process starts where it was built.
 */
import { tellLostReader } from './std/lost-reader.ts';
import { version } from './version.ts';

async function main(argv: readonly string[]): Promise<number> {
  const [first, second] = argv;
  if (first === '__pod' && second !== undefined) {
    const { runPod } = await import('./pod/boot.ts');
    // What is left of a pod that has ended must not keep its process.
    process.exit(await runPod(second));
  }
  if (argv.length === 1 && (first === '--version' || first === '-V')) {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const [{ runProgram }, { contextOf }] = await Promise.all([
    import('./cli/program.ts'),
    import('./cli/invocation/context.ts'),
  ]);
  return runProgram(contextOf(process), argv);
}

// Nobody reads any more (EIO: the terminal is gone). A command that has a tree to end is told and ends it first; for the others there is nothing left to
// do, and `podkin logs x | head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  const readerGone = error.code === 'EPIPE' || error.code === 'EIO';
  if (!readerGone || !tellLostReader()) process.exit(error.code === 'EPIPE' ? 0 : 1);
});
process.stderr.on('error', () => undefined);

try {
  // Set, not exited with: output that waits for a slow reader would be cut off.
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`podkin: ${text}\nThis is a defect of podkin: please report it with these lines.\n`);
  process.exitCode = 1;
}
