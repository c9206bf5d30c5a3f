/**
 * What can go wrong between a program and a pod, as classes named after the situation, with its data as
 * fields. Absent: commands and exit statuses; whoever talks to a person says what to do next.
 */
import { PodkinError } from '../std/podkin-error.ts';

/** There is no pod of that name in this home. */
export class NoSuchPod extends PodkinError {
  readonly podName: string;
  /** The names that there are. */
  readonly known: readonly string[];

  constructor(podName: string, known: readonly string[]) {
    super(`there is no pod "${podName}" in this home`);
    this.name = 'NoSuchPod';
    this.podName = podName;
    this.known = known;
  }
}

/** Several trees have a pod of that name. Nothing was done. */
export class AmbiguousName extends PodkinError {
  readonly podName: string;
  /** What each of them can be called by: its path, or its instance where that is another's too. */
  readonly paths: readonly string[];

  constructor(podName: string, paths: readonly string[]) {
    super(`several pods have the name "${podName}": ${paths.join(', ')}`);
    this.name = 'AmbiguousName';
    this.podName = podName;
    this.paths = paths;
  }
}

/** The pod's process has ended. Nothing was sent. */
export class PodNotRunning extends PodkinError {
  readonly podName: string;

  constructor(podName: string) {
    super(`"${podName}" is not running`);
    this.name = 'PodNotRunning';
    this.podName = podName;
  }
}

/** The pod was started in another network namespace: whether it runs cannot be found out from here. */
export class PodOutOfReach extends PodkinError {
  readonly podName: string;

  constructor(podName: string) {
    super(
      `"${podName}" was started in another container or network namespace and cannot be reached from here`,
    );
    this.name = 'PodOutOfReach';
    this.podName = podName;
  }
}

/** The pod answered with an error. `code` as on the wire. */
export class CallRefused extends PodkinError {
  readonly podName: string;
  readonly code: string;
  /** The pod's own words. */
  readonly reason: string;

  constructor(podName: string, code: string, reason: string) {
    super(`"${podName}" refuses: ${reason}`);
    this.name = 'CallRefused';
    this.podName = podName;
    this.code = code;
    this.reason = reason;
  }
}

/** The pod's process runs, or may run, and no answer came. */
export class NoAnswer extends PodkinError {
  readonly podName: string;
  /** What became of the connection. */
  readonly reason: string;
  /** `no`: the call never left. `unknown`: the pod may have acted on it. */
  readonly delivered: 'no' | 'unknown';

  constructor(podName: string, reason: string, delivered: 'no' | 'unknown') {
    super(`"${podName}" runs and does not answer (${reason})`);
    this.name = 'NoAnswer';
    this.podName = podName;
    this.reason = reason;
    this.delivered = delivered;
  }
}

/** There is no connection to the pod at the moment. Nothing was sent. */
export class NotConnected extends PodkinError {
  readonly podName: string;

  constructor(podName: string) {
    super(`not connected to "${podName}" at the moment`);
    this.name = 'NotConnected';
    this.podName = podName;
  }
}

/** A path to write in is another pod's, or a command still writes there. Nothing was made. */
export class PathHeld extends PodkinError {
  constructor(message: string) {
    super(message);
    this.name = 'PathHeld';
  }
}

/** A thousand names were tried for a new root, and each is taken. Nothing was made. */
export class NoFreeName extends PodkinError {
  constructor() {
    super('no free name was found for it: give it one');
    this.name = 'NoFreeName';
  }
}

/** The pod's process could not be started. `reason`: its own word, or the system's. */
export class StartFailed extends PodkinError {
  readonly podName: string;
  readonly reason: string;

  constructor(podName: string, reason: string, options: { readonly cause?: unknown } = {}) {
    super(`"${podName}" could not be started: ${reason}`, options);
    this.name = 'StartFailed';
    this.podName = podName;
    this.reason = reason;
  }
}

/** The tree runs, and is another program's or a person's: its handle is needed to have it. */
export class TreeRunning extends PodkinError {
  readonly podName: string;

  constructor(podName: string) {
    super(`"${podName}" is running already: restore it by the handle of its tree, or stop it first`);
    this.name = 'TreeRunning';
    this.podName = podName;
  }
}

/** The home's files or sockets, or the machine, do not let it be done. `cause`: what was met. */
export class HomeFailed extends PodkinError {
  constructor(message: string, options: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'HomeFailed';
  }
}

/** Processes that the system does not let us end. */
export class NotEnded extends PodkinError {
  readonly podNames: readonly string[];

  constructor(podNames: readonly string[]) {
    super(`these pods did not end: ${podNames.join(', ')}`);
    this.name = 'NotEnded';
    this.podNames = podNames;
  }
}

/** The library was taken out of its package (a bundler), and what it starts stayed behind. */
export class NoProgram extends PodkinError {
  constructor(folder: string) {
    super(
      `pod.cjs is not beside podkin's library in ${folder}: keep the package out of the bundle, or name the command with PODKIN_COMMAND`,
    );
    this.name = 'NoProgram';
  }
}
