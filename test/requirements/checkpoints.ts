/** A start that does not age. */
export const checkpoints = {
  'log.since':
    'what is of a time or later is found without reading what is older, also where the clock was set, lines are damaged and the end is torn',
  'log.types': 'a reader of some types gets those, and is told of the damage, as a reader of all',
  'checkpoint.fits':
    'A log with a checkpoint that fits it comes to what it comes to without, and only what is behind the checkpoint is folded.',
  'checkpoint.misfit':
    'A checkpoint that is missing, torn, of another version, another pod or another log is passed over without a word, and the log is folded from its beginning or from an older one.',
  'checkpoint.not-read':
    'Of what a checkpoint covers an opening reads the first, the last and one other piece, and of the rest what memory holds.',
  'checkpoint.pieces':
    "The checksums of a log's pieces are those of its bytes, however they were appended, taken back and appended anew.",
  'checkpoint.repair': 'What repair sets aside removes every checkpoint first.',
  'checkpoint.atomic':
    'A checkpoint is there whole under its name or not at all, for its owner alone; two are kept.',
  'checkpoint.written':
    'A pod writes a checkpoint every few megabytes of its log and when it ends in order, and its next start begins there.',
  'checkpoint.older-build':
    'A podkin that knows nothing of checkpoints may open the log and write on: what fits is still judged by what is there.',
  'checkpoint.digest':
    'The version of a checkpoint changes with every source that its fold or the form of its facts is made of.',
  'checkpoint.said':
    'What was said and memory does not hold any more is read from the log: by cursor, by the last entries, before an entry.',
  'checkpoint.doctor':
    'Doctor says which checkpoint does not fit its log, and why, and what lies in the place of one that is no file, which is never opened.',
  'checkpoint.verify': 'Verify folds each log whole and finds a checkpoint that says otherwise.',
  'entries.before':
    'Entries before an entry are answered in order, from the log, bounded in number and bytes.',
  'subscribe.last':
    'A history that is asked for by its last entries begins there, and goes on without gap or overlap.',
} as const;
