/**
 * Node gives this variable to every child of its own accord, unless the child's environment says otherwise.
 */
export const nothingAdded: NodeJS.ProcessEnv = { NODE_V8_COVERAGE: undefined };
