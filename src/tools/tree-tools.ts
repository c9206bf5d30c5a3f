/** The tools for working with other pods, and what a pod that has them is told of that work. */
import { listPodsTool } from './list-pods.ts';
import { readPodOutputTool } from './read-pod-output.ts';
import { sendToPodTool } from './send-to-pod.ts';
import { type OfferedProfiles, spawnPodTool } from './spawn-pod.ts';
import { stopPodTool } from './stop-pod.ts';
import type { Tool } from './tool.ts';
import type { Tree } from './tree.ts';

/** `hosts`: other machines that children may work on, by name. */
export function treeTools(
  tree: Tree,
  profiles: OfferedProfiles = new Map(),
  hosts: readonly string[] = [],
): Tool[] {
  return [
    spawnPodTool(tree, profiles, hosts),
    sendToPodTool(tree),
    readPodOutputTool(tree),
    stopPodTool(tree),
    listPodsTool(tree),
  ];
}

export const treeGuidance = [
  'Delegating: SpawnPod starts a child pod on a task of its own; give it everything that it needs to know, and only the paths that it must write.',
  'After you have spawned what you need, end your turn. You will be told, in a notice, when a child finishes, fails, stops or dies, and will go on then.',
  'Do not poll, do not sleep, do not call ListPods or ReadPodOutput in a loop to wait: nothing is lost while you are idle.',
  'When every child that you need has reported, give your own final answer.',
].join('\n');
