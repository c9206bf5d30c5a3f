/** Apart from what makes folders: a program's compiler reads it, which knows nothing of Node. */
import { PodkinError } from '../../std/podkin-error.ts';

/** The name is another pod's that still exists. */
export class NameTaken extends PodkinError {
  readonly podName: string;

  constructor(podName: string) {
    super(`there is a pod "${podName}" already`);
    this.name = 'NameTaken';
    this.podName = podName;
  }
}
