/**
 * A provider refuses a request for the reasoning of answers before: it was encrypted or signed for another
 * account, by another key, or long ago; or its server takes none back. Pure.
 */
const oldPatterns = [
  /invalid_encrypted_content|encrypted[ _]content\b.{0,200}(?:could not be|cannot be|can't be|invalid|not valid|mismatch)/i,
  /(?:invalid|missing|malformed|expired)\b.{0,40}\bsignature\b.{0,60}\bthinking\b/i,
  /\bthinking\b.{0,60}\bsignature\b.{0,60}(?:required|invalid|not valid|expired|could not|cannot)/i,
  /invalid\b.{0,30}\bdata\b.{0,40}\bredacted_thinking\b/i,
  /\b(?:redacted_)?thinking\W+blocks?\b.{0,120}(?:cannot be modified|must remain)/i,
  /(?:corrupt|invalid|not valid|malformed|mismatch|could not|cannot|unable)\w*\b.{0,60}\bthought[ _]?signature/i,
  /\bthought[ _]?signature\b.{0,60}(?:corrupt|invalid|not valid|malformed|mismatch|could not|cannot)/i,
  // Of OpenAI's items, which belong together, or to an account that does not keep them.
  /\bitem\b.{0,80}\bwithout its required\b.{0,40}\b(?:reasoning|following)\b/i,
  /\bitem with id\W+rs_\S*\s+not found/i,
];
const anyPattern =
  /\breasoning(?:_content|_details)?\W{1,3}(?:is|are)? ?(?:unsupported|not (?:supported|permitted|allowed))|(?:not permitted|unsupported|unknown|unrecognized)\b.{0,60}\bmessages?\b.{0,60}\breasoning(?:_content|_details)?\b/i;

/** `old`: what it was given before; `all`: it takes none, whoever gave it. */
export function reasoningRefusalIn(message: string): 'old' | 'all' | null {
  if (oldPatterns.some((pattern) => pattern.test(message))) return 'old';
  return anyPattern.test(message) ? 'all' : null;
}
