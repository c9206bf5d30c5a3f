/**
 * The library: trees of agents from a program (docs/library.md). What is not exported here is not promised;
 * one pod's own methods are in `podkin/wire`.
 */
export { defineTool, type OwnToolDefinition } from './library/define-tool.ts';
export { openHome } from './library/home.ts';
export type {
  Cancellable,
  ChildOutcome,
  Decision,
  HomeOptions,
  Json,
  ListedTreePod,
  OwnTool,
  OwnToolAnswer,
  OwnToolContext,
  PermissionModeName,
  PodkinHome,
  PodName,
  PodOfTree,
  Question,
  QuestionAnswer,
  ReportDelivery,
  RunningPod,
  StartOptions,
  Tree,
  TreeEvent,
  TreeOptions,
  TreeResult,
  VerifyReport,
} from './library/api.ts';
export { BadSetting } from './configuration/bad-setting.ts';
export {
  AmbiguousName,
  CallRefused,
  HomeFailed,
  NoAnswer,
  NoFreeName,
  NoProgram,
  NoSuchPod,
  NotConnected,
  NotEnded,
  PathHeld,
  PodNotRunning,
  PodOutOfReach,
  StartFailed,
  TreeRunning,
} from './client/errors.ts';
export { NameTaken } from './session/home/name-taken.ts';
export { PodkinError } from './std/podkin-error.ts';
