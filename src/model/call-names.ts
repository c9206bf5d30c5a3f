/**
 * Names and ids of calls that every dialect takes back: a model invents names, and servers give ids that
 * others of their kind refuse.
 */
import { randomUUID } from 'node:crypto';

const plainId = /^[\w-]{1,64}$/;
const nameCharsMax = 64;

/**
 * The given id, or a new one where it is odd or `used`. Nine letters and digits, which the strictest of the
 * servers wants.
 */
export function callId(given: string, used: ReadonlySet<string>): string {
  if (plainId.test(given) && !used.has(given)) return given;
  let made: string;
  do made = randomUUID().replaceAll('-', '').slice(0, 9);
  while (used.has(made));
  return made;
}

/** A name of a tool as providers allow it; what the model invented is told to it as it stands here. */
export function toolName(given: string): string {
  const plain = given
    .trim()
    .replaceAll(/[^\w-]/g, '_')
    .slice(0, nameCharsMax);
  if (plain === '') return 'unnamed';
  // The packages look names up in objects: a name that every object has would find something else there.
  const isSafe = /^[A-Za-z_]/.test(plain) && !(plain in Object.prototype);
  return isSafe ? plain : `_${plain}`.slice(0, nameCharsMax);
}
