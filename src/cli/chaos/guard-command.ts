/** Started by `podkin chaos` alone, and listed nowhere. */
export const guardCommand = '__chaos-guard';
