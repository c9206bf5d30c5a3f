/** Who may write where: what is handed down, what returns, and who is asked when two want the same. */
export const scope = {
  'scope.file-root':
    'a file that is a write root itself is written in place, so that it stays the same file for every sandbox that shows it',
  'scope.all-returns':
    'when every child has ended, been undone or been removed, everything is the pod’s again, reclaimed once each',
  'scope.by-log':
    'a pod has what it was given without what its children hold, each hold by its name; to read is not exclusive',
  'restrict.once':
    'what a configuration denies or asks later is added once to what a pod was made with, and nothing is taken away',
  'scope.claims-conflict':
    'a path that is another’s is refused with the owner’s name; given out of one’s own part it is not',
  'scope.claims-dead':
    'a claim whose owner and maker are gone counts for nothing and is dropped at the next change',
  'scope.claims-unknown':
    'a claim of whose owner nobody knows whether it runs holds, and what refuses it says so and what to do',
  'scope.claims-elsewhere':
    'a claim of a pod in another container holds while its pod answers or is not known to have ended, also where an older build made it; once it has ended it holds nothing',
  'scope.claims-property':
    'whatever is claimed and dies in whatever order, two living exclusive claims never overlap outside one line of giving',
  'scope.claims-shared':
    'roots without a path of their own share; what one of them hands down is held against the other',
  'scope.descendants': 'what a living grandchild holds does not return with the death of the child between',
  'scope.exclusive': 'the child writes there and its parent does not, beside it both as before',
  'scope.running-command':
    'a claim waits until running commands of others that may write there have ended, and is refused with their pod’s name where one goes on; a command that begins later is held by the claim',
  'scope.one-writer': 'after every step each path of the scope has one writer, and a person’s deny none',
  'scope.parent-restart': 'not while the child lives: a restarted parent still does not write there',
  'scope.now':
    'the scope in force, as the pod goes by it and as inspect shows it, is that of the log minus what others of the home hold',
  'scope.reclaim':
    'a path returns once with its child’s stop, death or removal, and stays returned over a restart',
  'scope.reclaim-undone': 'a spawn that fails keeps nothing',
  'scope.registry-busy': 'who holds it for longer than anybody needs is named, and nothing is changed',
  'scope.registry-damaged':
    'a file that cannot be read is kept aside, and the claims that are made then stand',
  'scope.registry-lost':
    'before anything is given out of a registry that is damaged, missing or of another version, what every living pod holds is read from the logs, also of one that is frozen; where that cannot be read, nothing is given, and the pod is named',
  'scope.registry-lost-said':
    'doctor and verify say that the registry was damaged, where it is kept, and when two running pods hold one path',
  'scope.registry-elsewhere':
    'while another container changes it nobody else does, and what a death has left there holds nobody up',
  'scope.registry-read':
    'what is read of it is what podkin writes; fields of a later version are left out, and what else stands there is not understood',
  'scope.registry-whole': 'it is written whole, by its owner alone, where something has changed',
  'scope.registry-together': 'of many who change it at once nobody loses what he wrote',
  'scope.regrant': 'holds again what it held, from its link on',
  'scope.regrant-rest': 'without what became another’s meanwhile, and is told so',
  'scope.siblings':
    'no sibling gets a part of it, the holder is named; also not when both are asked for in one step',
  'scope.spawn-denied':
    'a spawn that this pod’s rights do not allow is a denial like that of a file: listed, and status 4 with -p',
  'scope.spawn-paths': 'a pattern or an empty path in a spawn is refused with what is right',
  'scope.two-trees': 'another tree of the home neither writes there nor hands it down, until it is free',
  'scope.wait':
    'a spawn with wait returns at once and says for which path and who has it; nothing begins until the path is free, then all of the work is done',
  'scope.wait-standstill':
    'a run that nobody watches ends where nothing of its tree works and somebody waits for paths that an idle pod of it holds, and says so',
  'scope.wait-order':
    'who waits for one path gets it in the order of asking, however the one before ends; what is asked for without waiting comes behind',
  'scope.wait-seen':
    'for what a pod waits and who has it is read in ps, status, inspect, logs, ListPods and ReadPodOutput, and in the result of the spawn',
  'scope.wait-trees':
    'the holder may be of another tree: its end, also with that of its parent, gives the path on within a sweep',
  'scope.wait-ends':
    'a stop, death, cancel or removal of one that waits leaves nothing of its wait, and its parent reads that it had begun nothing',
  'scope.wait-restored':
    'one that waited, or held its paths, and is back after its end is in the queue again, behind those who waited on',
  'scope.wait-parent':
    'a death of its parent costs the one that waits no place, and while the parent is away its wait keeps nobody else from the path',
  'scope.wait-crash':
    'whatever step its parent dies at, the next start goes on: the path is given once, to one pod',
  'scope.wait-circle': 'a wait that closes a circle is refused with who is in it, and nothing of it is left',
  'scope.wait-blockers':
    'a wait is kept from its paths by living holders outside its line, and by those that came first',
  'scope.wait-place':
    'the waits of a giver are what its log says, each in the place of its time; those of the dead are dropped',
  'scope.wait-graph':
    'a circle of waits is seen over any number of pods and trees, and closed by its latest wait alone',
  'scope.wait-words':
    'what somebody waits for is one short line, with the path as the pod would write it and the pod by its path; names that lie are quoted',
  'scope.wait-steps':
    'a wait is in the queue, then holds its paths, then is over, each committed before the next; writers that still run are waited for',
  'scope.wait-begins-nothing':
    'while it waits no turn and no compaction begins, at no start either before its parent has said so; its time does not count',
  'scope.wait-cancelled':
    'a cancel of one that waits drops what it means, and with the last of it the wait; the report says so once',
  'scope.wait-log':
    'a log says who is in the queue and since when; an end, an undoing and a removal end each wait in their own append',
  'scope.wait-notice':
    'the report of a pod that has finished says who waits for a path that it holds, and how it returns',
  'scope.wait-asked':
    'the spawn’s own word, else its role’s, says whether a child waits; an agent file may say so',
  'verify.scope':
    'tells a path that two children hold, one given twice, one taken back twice, and one that an ended child keeps; a turn that began while its pod waited for paths, and a wait that ended twice or outlived its pod',
  'scope.registry-restored':
    'the registry is put back by the living when a person removes or damages it, and doctor says who holds what',
  'claims.asked-once': 'whether the holder of a claim lives is asked once for all calls of a moment',
  'scope.other-home':
    'state, sockets and configuration of the homes that this user has by default are closed to a pod of another home, for file tools and shells',
  'scope.star':
    'a folder or file that is really called `*` is no pattern: as a root of a run it is refused with what to do, elsewhere it grants nothing, and denied it takes the folder around it along',
  'scope.keys':
    "the usual places of keys in a home are denied for reading where a root holds them; one that a person names is lifted, and a person's deny wins",
  'scope.keys-held':
    'keys of a home are read by no file tool, no shell and no child, but for those that a person has named',
} as const;
