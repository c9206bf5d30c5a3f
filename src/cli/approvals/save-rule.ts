/** Saves a rule that answered an approval for the project in which the pod that asks works. */
import { lookUp } from '../../client/find-pod.ts';
import { userHome } from '../../session/home/places.ts';
import type { CommandContext } from '../invocation/context.ts';
import { saveRules } from '../../configuration/saved-rules.ts';
import type { Answering } from './answer-approval.ts';
import { savedText } from './ruled-text.ts';

export function ruleSaver({ home, environment }: CommandContext): Answering['save'] {
  return async ({ instance, pod }, rule) => {
    const cwd = instance === undefined ? undefined : lookUp(home, instance)?.spec.cwd;
    if (cwd === undefined) throw new Error(`where "${pod}" works is not known`);
    return savedText(rule, await saveRules(home, { cwd, personHome: userHome(environment) }, [rule]));
  };
}
