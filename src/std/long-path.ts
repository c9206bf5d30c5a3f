/** The lengths that systems take: what is longer is no path of a file that there is or could be. Pure. */

/** Linux: `PATH_MAX` without the byte that ends it. */
const pathBytesMax = 4_095;
/** A system may count bytes instead, and takes less then. */
const nameCharsMax = 255;

/** What is wrong with a path's length, as the end of a sentence that begins with it; null when nothing is. */
export function longPathProblem(path: string): string | null {
  const long = longTextProblem(path);
  if (long !== null) return long;
  return path.split('/').some((name) => name.length > nameCharsMax)
    ? `holds a name of more than ${nameCharsMax} characters, which no system takes`
    : null;
}

/** The same of a pattern for paths, in which a name may stand for many. */
export function longTextProblem(path: string): string | null {
  // Each character is a byte at least.
  return path.length > pathBytesMax || Buffer.byteLength(path) > pathBytesMax
    ? `is longer than ${pathBytesMax} bytes, which no system takes: use a shorter one`
    : null;
}

const shownChars = 80;

/** A path in a sentence about its length. */
export function shortened(path: string): string {
  const text = path.length > shownChars ? `${path.slice(0, shownChars - 1).toWellFormed()}…` : path;
  return JSON.stringify(text);
}
