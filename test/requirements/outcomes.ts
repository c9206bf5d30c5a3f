/** No outcome is refused for its details or thrown away; what is refused for good, waits or grows is seen. */
export const outcomes = {
  'outcome.details':
    'a field of an outcome that cannot be read is taken at its neutral value, and the outcome is accepted, read by the model and closes its work',
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
  'refusal.transient':
    'a parent that takes each link and no event, or that is away for long, is backed off from, and one alert in the log says so until something is taken',
  'refusal.recorded':
    'a refusal for good stands in the log of the parent that refuses too: its status and ps say so, over its restart, and verify and doctor by it alone, until the child links or has ended',
  'refusal.stranger': 'a stranger with the name of a linked child changes nothing that is shown',
  'waiting.shown':
    'wait and send --wait say which pod of the tree waits for its provider, in its words, each once',
  'waiting.provider':
    'a pod whose provider asks for a rest says so in status, ps, inspect, logs, ListPods and ReadPodOutput: kind, since, until and reason; a rest of five seconds or more is in its log; a cancel ends it',
  'waiting.provider-silent':
    'a provider that has taken a request and sent nothing for five seconds is what the pod waits for, until it begins to answer',
  'waiting.provider-brief':
    'a retry is in the log once the failing lasts five seconds, over several tries too, and not before',
  'waiting.provider-restart': 'a restarted pod asks its provider again and waits from then on',
  'waiting.approval':
    'a pod that asks a person shows that everywhere, with the call, over a kill and restart, until it is answered',
  'waiting.children':
    'a pod that waits for its children shows that everywhere, by name and since the oldest open task, over a kill and restart, until the last report',
  'waiting.storage':
    'a pod whose log cannot be written shows that everywhere, since the first failure, and its log tells of it afterwards',
  'waiting.scope':
    'a pod of whose paths another pod holds one shows that everywhere and in its log, until the path is free',
  'waiting.budget':
    'a pod whose turns of a minute are used up shows that everywhere, with the time at which they fill again',
  'waiting.hops':
    'a chain of notices that has ended shows everywhere, over a kill and restart, until a person speaks',
  'waiting.limit':
    'a pod whose turn a limit has ended shows that everywhere, with the limit, over a kill and restart, until its next turn',
} as const;
