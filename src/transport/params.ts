/** The first thing wrong with a value that does not fit its schema, in words that say what was expected. */
import type * as z from 'zod';

export interface Problem {
  /** Where, as `from.instance`; empty for the value itself. */
  readonly field: string;
  /** Field and expectation in one phrase. */
  readonly text: string;
}

type Issue = z.core.$ZodIssue;

export function describeProblem(error: z.core.$ZodError): Problem {
  const issue = error.issues[0];
  if (issue === undefined) return { field: '', text: 'not what was expected' };
  const { path, message } = deepest(issue);
  const field = path.map(String).join('.');
  return { field, text: field === '' ? message : `${field}: ${message}` };
}

/** Of a union, the branch that came furthest; where none went in at all, what each of them expected. */
function deepest(issue: Issue): { path: PropertyKey[]; message: string } {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const branches = issue.errors.flatMap((issues) => (issues[0] === undefined ? [] : [deepest(issues[0])]));
  const furthest = branches.reduce((best, next) => (next.path.length > best.path.length ? next : best));
  const path = [...issue.path, ...furthest.path];
  if (furthest.path.length > 0) return { path, message: furthest.message };
  return { path, message: branches.map((branch) => branch.message).join('; or ') };
}
