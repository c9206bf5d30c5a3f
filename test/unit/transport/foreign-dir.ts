/** Tries a runtime directory as an ordinary user, and says what came of it. */
import { ensureRuntimeDir } from '../../../src/transport/address.ts';

if (process.getuid?.() === 0) process.setuid?.(65_534);
try {
  ensureRuntimeDir(process.argv[2]!);
  console.log('taken');
} catch (error) {
  console.log(`${(error as Error).name}: ${(error as Error).message}`);
}
