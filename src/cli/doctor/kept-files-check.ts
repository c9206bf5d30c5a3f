/** For `podkin doctor`: files of this home, of no pod, that are not what podkin wrote. */
import { thrownText } from '../../std/thrown-text.ts';
import type { Home } from '../../session/home/home.ts';
import { badRequests } from '../../session/home/requests.ts';
import { savedRulesFile, savedRulesProblem } from '../../configuration/saved-rules.ts';
import type { Finding } from './finding.ts';

const level = 'warning';

/** Requests (`--request`), and rules that were saved. */
export function keptFileFindings(home: Home): Finding[] {
  return [...requestFindings(home), ...ruleFindings(home)];
}

function requestFindings(home: Home): Finding[] {
  const check = 'requests';
  try {
    return badRequests(home).map(({ found: text, advice: fix }): Finding => ({ check, level, text, fix }));
  } catch (error) {
    const text = `${home.state}/requests: ${thrownText(error)}`;
    return [{ check, level, text, fix: 'no command with --request works until it can be listed' }];
  }
}

function ruleFindings(home: Home): Finding[] {
  const problem = savedRulesProblem(home);
  if (problem === null) return [];
  const path = savedRulesFile(home);
  const text = `${path} ${problem}: none of your saved rules holds`;
  const fix = problem.includes('written by others')
    ? `chmod go-w ${path}, when you have read what is in it`
    : `correct it, or remove it (rm -r ${path}) and save the rules again: podkin rules add`;
  return [{ check: 'saved rules', level, text, fix }];
}
