/** Homes and pods of other builds. */
export const upgrades = {
  'upgrade.homes':
    'A home that any build has written since the first that ran a pod opens, complete, and nothing in it is moved or rewritten by that.',
  'upgrade.older-parent':
    "A living parent of an older build takes in a newer child's end, whatever it says that the parent does not know.",
} as const;
