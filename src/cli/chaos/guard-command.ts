/** Started by `podkin chaos` alone, and listed nowhere. */
export const guardCommand = '__chaos-guard';
/** Its last word where the folder is to stay. */
export const keepWord = 'keep';
