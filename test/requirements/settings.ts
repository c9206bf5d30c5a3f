/** What a pod works with, set anew while it is there: its model, its permission mode, its effort. */
export const settings = {
  'set.fold':
    'what is set holds for a living pod and for a restored one, field by field, and says nothing of what it leaves out',
  'set.idle': 'what holds already is no entry: the same again changes nothing',
  'set.model':
    'another model is asked from the next request on, within a running turn too, and takes back the calls and results of another provider',
  'set.model-refused':
    'a model that cannot be asked, or has no price under a limit of the cost, is refused with status 2 and what to set',
  'set.model-waits': 'a turn that waits for a provider goes on with the model that a person sets meanwhile',
  'set.context': 'the context window is that of the new model: a history too long for it is compacted first',
  'set.narrow':
    'the next call of a running turn meets the stricter mode, and an approval that is open stays a question',
  'set.below':
    'living pods below a pod whose mode becomes stricter take it over, and a wider one widens none',
  'set.later':
    'a pod below that is not linked, or has died, takes a stricter mode over with its next link or start, and alone as well',
  'set.above': 'no mode above that of its parent is set, however the two cross',
  'set.unheard': 'a pod below that lives and does not say that it took a mode over is named, and links again',
  'set.persons': 'no pod sets what it or another works with',
  'set.command': 'podkin set shows what holds and sets it; ps, inspect, logs and status say the same',
  'set.start': 'run -c and restore take the same options, for a tree that does not run too',
  'set.typed': '/model, /mode and /effort set it from a terminal, bypassPermissions only a flag',
  'set.plan': 'a run in plan mode ends, for a person at a terminal, with the line that has it done',
  'set.told':
    'a model reads its mode where that is plan or was set anew, so that a prompt changes once for each change',
  'set.verify': 'verify judges a call by the modes that held from the call to its result',
  'report.switched':
    'a report says which model has answered in the place of which, and why, and the notice says it in its first line',
};
