/** What a tree may spend: handed down, returned, counted once, whatever dies or is lost. */
export const budgets = {
  'budget.bound':
    'what the pods of a tree have spent and reserved passes the bound of its root by no more than what requests took beyond their reservations, once a pod, whatever dies, is lost or said twice',
  'budget.nothing-lost':
    'once everything is quiet and returned, the root holds the bound less what was spent, to the last billionth',
  'budget.cap': 'a child draws no more than its cap, whatever it says and however often',
  'budget.reserve':
    'what a request may take is on disk before it is sent; without a response it counts as spent, at replay too',
  'budget.size':
    'what is reserved for a request is at least the dearest of the last three and what it holds beyond the last, or its own estimate where it is the first or does not go on from the last',
  'budget.wait':
    'a request that lacks a part of the budget waits for it, obeys cancel and pause, and is made anew when it is sent',
  'budget.wait-reason':
    'a pod that waits at a bound names the bound that holds now, also after a person has set another',
  'budget.summary': 'the requests of a compaction are paid out of the budget, and counted once',
  'budget.grant':
    'a child is granted half of what is left, in portions, at least what it lacks for one request, or nothing; the same need said twice grants once',
  'budget.return':
    'a pod returns what it holds above one request at the end of every turn and of a compaction between two, and all of it at its own end',
  'budget.death': 'what a child that has died had not used is its parent’s again, read from its log, once',
  'budget.restored': 'a pod that is back spends nothing before its parent has said what it holds',
  'budget.older':
    'in a tree of an older build each limit holds for its own pod until the root is restored; then it is the tree’s, and all that was spent counts',
  'budget.tree':
    'pods of a tree share what it may spend; at the bound they wait, visibly, no turn ends, and they go on to the end once a person raises it',
  'budget.tree-of-twelve':
    'twelve pods that are killed at random are never asked for more than the bound and one request each, and at the bound none holds what another lacks',
  'budget.away':
    'a pod whose parent is away goes on with what it holds, then waits, says so, and goes on when it is back',
  'budget.command':
    'podkin budget shows what a pod may spend, sets the bound of a root alone, and refuses what is no amount, each with what to do',
  'budget.not-running':
    'podkin budget and ps -a show of a pod that is not running what its log says of its budget',
  'budget.none':
    'once a person has taken a bound away, the limit of the start holds no more: not for the pod, not for what it spawns then',
  'budget.own-word':
    'a child is believed what it has used and returned, never what it was granted; at a link its parent’s word of that counts',
  'budget.lowered':
    'a bound that a person lowers holds for what was lent before, too: that is taken back, and everybody waits',
  'budget.continue': 'what a run that has ended at its bound says goes on with its work, once it was done',
  'budget.print-ends': 'with run -p the tree ends at its bound with status 5',
  'budget.child-cap':
    'at its own cap a child’s turn ends as limitReached cost, which its parent’s model reads',
  'verify.budget':
    'verify keeps books of its own: it tells a request that nothing was reserved for or that its pod did not hold, a cap that was passed, a lease whose ends differ, and a tree above its bound',
  'budget.tokens': '--max-tokens bounds a tree whose models have no price',
} as const;
