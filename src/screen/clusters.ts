/**
 * Text as clusters, what a reader takes for one character, and how many cells each takes. Tables of widths
 * differ between terminals: a cluster that they may disagree on says so, and the writer then addresses what
 * follows it anew.
 */
import { eastAsianWidth } from 'get-east-asian-width';

export interface Cluster {
  readonly text: string;
  /** 0: it has no cell of its own. */
  readonly width: 0 | 1 | 2;
  readonly isCertain: boolean;
}

const ascii = /^[ -~]*$/;

/** What can make one cluster of several code points: marks, joiners, flags, skin tones, Hangul in parts. */
const joined = String.raw`\u200C\u200D\p{M}\p{RI}\p{Emoji_Modifier}\u0E33\u0EB3\u1100-\u11FF\uA960-\uA97F\uD7B0-\uD7FF`;
const joining = new RegExp(`[${joined}]`, 'u');
/**
 * Those with what is around them, or one code point. Their length is bounded: the segmenter's time grows with
 * the square of it.
 */
const runs = new RegExp(
  String.raw`[^${joined}][\u0300-\u036F\uFE0E\uFE0F]{1,8}(?![${joined}])|(?:[^${joined}]?[${joined}]{1,8}){1,8}[^${joined}]?|[^]`,
  'gu',
);

/**
 * On these tables agree, whatever their age: letters, signs, and the wide blocks that are as old as the
 * tables. Ambiguous ones count as narrow, as they are unless a terminal was set otherwise.
 */
const agreed = [
  String.raw` -~\u00A0-\u02FF\u0370-\u058F\u0E01-\u0E30\u1E00-\u1FFF\u2010-\u2027\u2030-\u205E\u2070-\u20BF`,
  String.raw`\u2100-\u2319\u231C-\u23E8\u23F4-\u25FC\u2605-\u2613\u2701-\u2704\u2706-\u2709\u270C-\u2727`,
  String.raw`\u2729-\u274B\u2798-\u27AF\u27C0-\u2B1A\u2C60-\u2C7F\u2E80-\u2FDF\u3001-\u303E\u3041-\u30FF`,
  String.raw`\u3131-\u318E\u3400-\u4DBF\u4E00-\u9FFF\uA720-\uA7CA\uAC00-\uD7A3\uF900-\uFA6D\uFF01-\uFFE6`,
  String.raw`\u{20000}-\u{2A6D6}`,
].join('');
/** With up to two marks above or below. */
const certain = new RegExp(String.raw`^[${agreed}][\u0300-\u034E\u0350-\u036F]{0,2}$`, 'u');

/** Wide in tables from Unicode 16 on only. */
const newlyWide = /[\u2630-\u2637\u268A-\u268F\u2FFC-\u2FFF]|\p{Emoji_Presentation}/u;

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Measured once: a transcript is made of few different ones. */
const known = new Map<string, Cluster>();
const knownMax = 10_000;

export function isAscii(text: string): boolean {
  return ascii.test(text);
}

export function clustersOf(text: string): Cluster[] {
  const clusters: Cluster[] = [];
  if (!joining.test(text)) {
    for (const character of text) clusters.push(measured(character));
    return clusters;
  }
  for (const [run] of text.matchAll(runs)) {
    const cluster = known.get(run);
    if (cluster !== undefined) clusters.push(cluster);
    else for (const { segment } of segmenter.segment(run)) clusters.push(measured(segment));
  }
  return clusters;
}

function measured(text: string): Cluster {
  const before = known.get(text);
  if (before !== undefined) return before;
  if (known.size >= knownMax) known.clear();
  const width = clusterWidth(text);
  const cluster = { text, width, isCertain: width > 0 && certain.test(text) && !newlyWide.test(text) };
  known.set(text, cluster);
  return cluster;
}

/** As terminals have it that draw a cluster as a whole. */
function clusterWidth(text: string): 0 | 1 | 2 {
  const first = text.codePointAt(0) ?? 0;
  const base = String.fromCodePoint(first);
  // A mark with nothing before it that it could be on, or a control character that nobody has cleaned.
  if (/^[\p{M}\p{C}\p{Zl}\p{Zp}]/u.test(base) && !/^\p{Co}/u.test(base)) return 0;
  if (text.length > base.length) {
    if (text.includes('\uFE0F') && /\p{Emoji}/u.test(base)) return 2;
    if (/^\p{RI}\p{RI}/u.test(text) || /\p{Emoji_Modifier}/u.test(text)) return 2;
    const others = Array.from(text).slice(1);
    if (others.some((other) => /[^\p{M}\u200C\u200D]/u.test(other) || /\p{Mc}/u.test(other))) return 2;
  }
  return eastAsianWidth(first) === 2 ? 2 : 1;
}
