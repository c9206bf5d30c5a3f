/**
 * The protocol from a program: one pod, its methods and its events as docs/protocol.md has them. The types of
 * methods come from zod. Whoever wants trees imports `podkin`.
 */
export { type ConnectOptions, connect } from './client/connect.ts';
export { AmbiguousName, NoSuchPod } from './client/errors.ts';
export type { LiveEvent } from './client/pod-stream.ts';
export { type Client, clientOver } from './transport/client.ts';
export { type DialOptions, dial } from './transport/dial.ts';
export { type SendFailure, type Sent, connectAndSend } from './transport/connect-and-send.ts';
export { PodkinError } from './std/podkin-error.ts';
export {
  ConnectionClosed,
  MessageTooLarge,
  NotThere,
  RefusedConnection,
  RemoteError,
  TimedOut,
  UnexpectedAnswer,
} from './transport/failures.ts';
export type { PodErrorCode, WireErrorObject } from './protocol/errors.ts';
export type { Delivery, MethodName, Params, ParamsIn, Result } from './protocol/methods.ts';
export type { PodStatus, StatusResult } from './protocol/status-result.ts';
export type { PodEvent, PodEventKind, SentPodEvent, Usage } from './protocol/pod-event.ts';
export type { Entry, EntryBody } from './session/facts/entries.ts';
