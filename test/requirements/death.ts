/** Death, return, storage, and the proofs. */
export const death = {
  'campaign.oracle':
    'each kind of damage done to the logs of a right run is found by the oracle of the campaign',
  'campaign.enough': 'fails where it has proved too little, and goes on where it was stopped',
  'campaign.cells': 'plays every point × victim × state of the parent, but those that it says why not',
  'death.campaign': 'of so many kills breaks no promise',
  'death.crash-point':
    "killed at any named point, every outcome stands once in the parent's history and nothing is left half made",
  'death.exit-code': 'an end by itself is told with its exit code and the end of its error output',
  'death.grandchild': 'works on, keeps its report, and delivers it when its parent is restored',
  'death.last-words-first': 'stands behind every event that the dead had committed',
  'death.not-own-process': 'of a child that this process of the parent did not start is told',
  'death.parent-down': 'while the parent is down is found and told when the parent is back',
  'death.quiet-is-reachable': 'a child that is only quiet is not called unreachable',
  'death.restored': 'its death is recorded silently, and its work goes on',
  'death.told-once':
    'the death of a child is told once, with its signal, whatever child and parent were doing',
  'death.unreachable': 'is unreachable once an episode, is not dead, and its finish still arrives',
  'restore.slow-disk':
    'restore and restore --tree start every dead pod of a tree again, however slow the disk',
  'restore.bad-configuration':
    'a configuration that run refuses is refused by restore, before anything is started',
  'restore.new-denies':
    'what the configuration has denied since a pod was made holds after its restore, for its children too, and in all later lives',
  'restore.no-directory': 'a working directory that is gone is said by restore and by doctor',
  'restore.no-key':
    'a pod whose model cannot be had is not restored: the variable is named, and the interrupted work waits',
  'restore.both':
    'parent and child killed at once: the outcome is told once, in whatever order they come back',
  'restore.by-both': 'a dead child that its parent and a person restore at the same moment does the work',
  'restore.commands-end':
    'a command that a killed pod left running is ended by its next incarnation, with all its processes',
  'restore.home-away':
    'a child that is missing because the whole home is away was not removed: nothing is told of it, and what it reports is told once when the home is back',
  'restore.late-work':
    'work that was given to a child behind its end is told as never begun, and nobody waits for it',
  'restore.lent-lock':
    'a lock that is only lent, to read what a dead pod left, keeps no pod from being restored',
  'restore.name-reuse': 'what an old instance still says changes nothing of its namesake',
  'restore.never-linked':
    'what a restored child committed and could not send before it died is received with its end, though it never linked',
  'restore.words-before-link':
    'the link of a restored child tells the death of its last incarnation only behind everything that one had committed',
  'restore.not-mute': 'a child restored by a person takes work from its parent and reports it',
  'restore.one-wins': 'of processes that start one pod at once one wins, the others say so and end',
  'restore.paused-work': 'work that was paused waits for the resume, is done then and reported once',
  'restore.quarantine':
    'an item during whose handling the pod died three times is put aside: shown as one line, its content kept in the log',
  'restore.removed-child': 'a child whose folder was removed under it has an end, and nobody waits for it',
  'restore.stopping': 'a pod that is stopping is waited for, said so, and started again when it has ended',
  'restore.table': 'each state at death × open assignment × dangling calls is taken up as the table says',
  'restore.three-levels': 'three levels killed at once: each recovers on its own',
  'restore.unnoted-child':
    'a child that was started and not noted before its parent died is ended, and a tombstone says so to whoever waits for it',
  'sim.histories': 'no history of kills, losses of power, full disks and cut links breaks an invariant',
  'sim.defects': 'each deliberate defect of the product is caught by the histories, which run its own shell',
  'sim.observers':
    'observers who come, read, do not read and go change nothing of a history: its logs are the same to the byte',
  'sim.pair':
    'one child, one parent: whatever is cut, killed, paused and restarted, each word is seen once and in order',
  'sim.pair-mutants': 'each deliberate defect of the pair is found by a story of few commands',
  'sim.same-seed': 'one seed is one history',
  'storage.damaged-line': 'a damaged line is set aside and told; what follows it is there',
  'storage.eio': 'a sync that fails ends the process loudly, and restore finds what was acknowledged',
  'storage.full-input': 'nothing is accepted, it says so, and goes on when there is room',
  'storage.full-parent': 'an event waits with its child until the parent has room, and is told once',
  'storage.full-turn': 'a turn whose answer finds no room is not lost: it is interrupted and resumed',
  'storage.injected':
    'a system call that fails, or is the last, at any time: what was acknowledged is there, once, and the pod recovers',
  'storage.read-only': 'is told with the file and what to do, as an ordinary user sees it',
  'storage.short-write': 'a part of an append is taken back, and the log goes on whole when there is room',
  'storage.full-home':
    'a command for which the home has no room names the file and what to do, and leaves nothing of a pod',
  'storage.start-released':
    'a start that fails behind its socket leaves no socket, no lock and no file of its own, and says what to do',
  'storage.torn': 'a torn end is cut and kept aside; everything before it is there',
  'storm.ping-pong':
    'a parent and a child that keep each other busy stop at the budget; a person goes on, nothing is dropped',
  'storm.reports':
    'a child that ends a turn every 10 ms for 10 s: each report once, in order, read; memory flat',
  'death.unknown-kind':
    'an event of another version in the log of a dead child is told as an error in its place, and the death behind it',
  'restore.half-made':
    'a folder that its parent made and did not live to reserve is removed, and its name is free; so is one that it had only begun to make',
} as const;
