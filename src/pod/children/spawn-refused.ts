import { PodkinError } from '../../std/podkin-error.ts';

/** Why a spawn was not made; the sentence is for the model. */
export class SpawnRefused extends PodkinError {
  /** This pod's rights did not allow it: a denial, as of a file. */
  readonly denied: boolean;
  /** Words of a child, a file or the system: quoted behind the sentence. */
  readonly data: string | null;

  constructor(message: string, more: { denied?: boolean; data?: string } = {}) {
    super(message);
    this.name = 'SpawnRefused';
    this.denied = more.denied ?? false;
    this.data = more.data ?? null;
  }
}
