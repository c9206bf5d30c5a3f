/**
 * Which fold made a checkpoint: a digest of its sources and of the facts' schema, put in by the build. A run
 * from the sources has one word for all of them: nothing but tests runs so.
 */
declare const __PODKIN_FOLD__: string | undefined;
export const foldVersion: string = typeof __PODKIN_FOLD__ === 'string' ? __PODKIN_FOLD__ : 'source';
