/** A pod's process on this machine, from its folder to its exit status. */
import { ownHome } from '../../session/home/own-home.ts';
import type { Home } from '../../session/home/home.ts';
import { nodeHost } from '../node-host.ts';
import {
  cancelsTurn,
  failedStart,
  givenHeadless,
  givenOwner,
  givenRestrictions,
  givenSet,
} from '../process/own-process.ts';
import { type PodRun, runPodOn } from './boot.ts';

/** Fulfils when the pod has ended, with the exit status of its process. */
export async function runPod(folderPath: string, run: PodRun = {}): Promise<number> {
  let home: Home;
  let restrictions: PodRun['restrictions'];
  let set: PodRun['set'];
  let owner: PodRun['owner'];
  try {
    home = ownHome(process.env);
    restrictions = givenRestrictions();
    set = givenSet();
    owner = givenOwner();
  } catch (error) {
    return failedStart(error);
  }
  return await runPodOn(nodeHost(home), folderPath, {
    cancelsTurn: cancelsTurn(),
    ...run,
    restrictions,
    set,
    owner,
    headless: givenHeadless(),
  });
}
