/** For `podkin doctor`: files of this home, of no pod, that are not what podkin wrote. */
import { thrownText } from '../../std/thrown-text.ts';
import type { Home } from '../../session/home/home.ts';
import { badRequests } from '../../session/home/requests.ts';
import { savedRulesFile, savedRulesProblem } from '../../configuration/saved-rules.ts';
import { leftClones } from '../../pod/left-clones.ts';
import { copiedWord } from '../../std/shell-word.ts';
import { allPods } from '../../client/find-pod.ts';
import type { Finding } from './finding.ts';

const level = 'warning';

/** Requests (`--request`), rules that were saved, and clones of pods that were removed. */
export function keptFileFindings(home: Home): Finding[] {
  return [...requestFindings(home), ...ruleFindings(home), ...cloneFindings(home)];
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

function cloneFindings(home: Home): Finding[] {
  const check = 'left clones';
  try {
    return leftClones(home, allPods(home)).map(({ holder, owner }): Finding => {
      const whose = owner === null ? 'a pod that is gone' : `"${owner.name}", which was removed`;
      const fix = `podkin prune says what is in it alone, and removes it where nothing is; else, when you have what you want of it: rm -r ${copiedWord(holder)}`;
      return { check, level, text: `${holder}: the clone of ${whose}`, fix };
    });
  } catch (error) {
    return [{ check, level, text: thrownText(error), fix: null }];
  }
}
