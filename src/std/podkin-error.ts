/**
 * The base of every error that is a situation of this process and no defect. Its message is meant for people.
 * Such errors are told apart by `instanceof`, never by their names. What crosses the wire is another family:
 * `protocol/errors.ts`.
 */
export abstract class PodkinError extends Error {}
