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
  'refusal.loud':
    'what a parent refuses for good is told by status at both ends, ps, deliveries, doctor and verify (status 1), and what doctor advises helps',
  'refusal.wait':
    'wait and send --wait end with it as failed, at the refused pod and at the one that waits for it',
  'refusal.run': 'run ends with it as failed',
  'refusal.parent-removed':
    'a child of a parent that a person removed is told so and works on; its report is final as refused, nothing waits for it, and verify finds nothing',
  'refusal.stranger': 'a stranger with the name of a linked child changes nothing that is shown',
} as const;
