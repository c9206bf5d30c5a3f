/**
 * Milliseconds of the processor that this process has used since the call: what else a busy machine does
 * counts for nothing. For tests that something does not take for ever; how fast it is, is for a bench.
 */
export function cpuTimer(): () => number {
  const from = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1_000;
  };
}
