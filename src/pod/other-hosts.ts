/** What a pod asks of other machines, by their `podkin host`. */
import type { ChildRequest, HostParams, HostResult, PodThere } from '../protocol/host-methods.ts';
import type { PodFolder } from '../session/home/home.ts';

/** A pod that lives on another machine: who it is there, and its folder here. */
export interface PodElsewhere extends PodThere {
  readonly folder: PodFolder;
}

/**
 * Other machines, by the names that the person gave them. Each rejects with `HostSilent` where it is not
 * known what is there, and with `HostRefused`; what makes something waits for the way there to open.
 */
export interface OtherHosts {
  /** Asked again, it is made once. */
  make(host: string, request: ChildRequest): Promise<void>;
  /** Fulfils when it listens there. Rejects with `PodStartFailed` too. */
  start(host: string, params: HostParams<'start'>): Promise<void>;
  /**
   * `whileDead`: it is dead, cannot be started meanwhile, and all of its log is here; with a reason where
   * that is all that will ever be known. `unknown`: nobody can tell.
   */
  check(
    host: string,
    pod: PodElsewhere,
    whileDead: (reason?: string) => Promise<void>,
  ): Promise<'alive' | 'dead' | 'unknown'>;
  /** What its log holds there by now is here once this fulfils. */
  bringLog(host: string, pod: PodElsewhere): Promise<void>;
  /** It has linked: what was known of its end here is over. */
  noteLinked(folder: PodFolder): void;
  stop(host: string, params: HostParams<'stop'>): Promise<HostResult<'stop'>>;
  /** It is not there, and never comes. */
  discard(host: string, params: HostParams<'discard'>): Promise<void>;
}
