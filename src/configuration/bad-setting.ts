/** What was asked for cannot be: a flag, a path, a setting of a file. Nothing was made or changed. */
import { PodkinError } from '../std/podkin-error.ts';

export class BadSetting extends PodkinError {
  /** What is wrong; where there are several problems, above `lines`. */
  readonly sentence: string;
  /** A problem each; the message has all of them. */
  readonly lines: readonly string[];

  constructor(sentence: string, lines: readonly string[] = []) {
    super(lines.length === 0 ? sentence : `${sentence}: ${lines.join('; ')}`);
    this.name = 'BadSetting';
    this.sentence = sentence;
    this.lines = lines;
  }
}
