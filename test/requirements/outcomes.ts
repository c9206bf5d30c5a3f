/** No outcome is refused for its details or thrown away; what is refused for good, waits or grows is seen. */
export const outcomes = {
  'outcome.details':
    'a field of an outcome that can not be read is taken at its neutral value, and the outcome is accepted, read by the model and closes its work',
  'outcome.details-pulled': 'the same from the log of a dead child',
  'outcome.said':
    'the notice, an alert and the receipt name the fields of an outcome that could not be read, and nothing of its sender can say so',
  'outcome.unknown-kind':
    'an event of a kind that this version does not know is told as an error in its place',
  'outcome.assignments-unread':
    'an end that does not say readably what it ends closes all that its sender had: nothing is waited for without an end',
  'outcome.verify':
    'a receipt may differ from what was sent in the fields that could not be read, and in no other',
} as const;
