/** The command line and whole provider conversations. */
export const commands = {
  'accept.attach-command': 'a command that comes before the connection stands is obeyed',
  'accept.attach-detach': '/detach that comes before the connection stands leaves at once',
  'accept.empty-input': 'a run without any text is refused, and the pod takes nothing in',
  'accept.home-not-made': 'a home that cannot be made is told, without waiting or going round',
  'accept.limit-unknown': 'a variable that looks like a limit and is none is told, and nothing fails for it',
  'accept.limit-values':
    'a limit that cannot be names its option or variable, the value, and what is possible',
  'accept.notice-shown': 'the session shows what a notice says',
  'accept.output-parts':
    'an output that is read in parts is the same as the whole, and no part is longer than asked for',
  'accept.wait-stopped': 'wait fails for it and names restore, whatever an earlier turn ended with',
  'attach.died':
    'attach says of a pod that has died that it does not run and how it is started again, and gives back on leaving what was typed and not sent',
  'attach.commands': 'a lone word behind a slash is a command, a path or two slashes begin a text',
  'completion.names': 'names are completed from the disk alone, each as a command takes it',
  'completion.shells':
    'bash, zsh and fish complete commands, flags, values and names, and run nothing of what was typed or found',
  'completion.table': 'every command, flag and value of the table is known to the completion',
  'completion.values': 'what is offered is what may come next at that place',
  'cli.task-alone':
    'a task of several words needs no command, and a single word that is no command starts nothing',
  'run.removed':
    'a tree that is removed while it is being started is told as that, without a word of going on with it',
  'run.task-lost': 'a run that is interrupted before its pod has taken the task says to give it again',
  'prune.advice': 'what prune says of a tree that has not read everything has it read',
  'prune.own-end': 'the end of a command in the background, which begins no turn, keeps no tree from prune',
  'prune.age': 'prune --older-than leaves trees in which something was done since then',
  'prune.ended': 'prune removes trees that have ended and owe nothing, whole',
  'prune.stays':
    'prune leaves what runs, died, was cut, owes something or is kept and would be started again, and says what can be done',
  'continue.choose':
    'run --resume lists the roots of this directory, the newest first, and goes on with the one that is chosen',
  'continue.cut':
    'run -c goes on with the turn that a Ctrl+C or a death has cut, and makes none of its calls twice',
  'continue.cut-below': 'what a Ctrl+C has cut of a child is told to its parent, which goes on from there',
  'continue.cut-stays': 'what an orderly stop has cut is gone on with only where a person says so',
  'continue.detached': 'run -d -c restores the root, hands over the task and returns',
  'continue.instead': 'a task takes the place of what was cut',
  'continue.newest':
    'run -c goes on with the root of this directory that did something last, or with the one that is named',
  'continue.nothing':
    'run -c without a task, where nothing was cut, asks for one, and says of a pod that never had one that it had none',
  'continue.past':
    'a child that is only started again with its tree is no part of what a run that goes on came to',
  'continue.restored-first':
    'send, notify and attach start a pod that does not run again first: asked on a terminal, by --restore elsewhere',
  'continue.result': 'the result of a run that goes on is what this run came to',
  'continue.running': 'a tree that runs takes the task where it is, and runs on',
  'continue.usage': 'what -c cannot take is refused, with what can be done',
  'cli.deliveries': 'joins both ends and says why an event is not further',
  'cli.did-you-mean': 'a name that is nearly right is offered, a far one is not',
  'cli.help': 'help is data: it goes to stdout with status 0',
  'cli.help-unknown': 'help of a command that is none says so, with the nearest one',
  'cli.help-golden': 'each command says in its help what its golden file says',
  'cli.logs': 'gives the entries as they are, the last ones, and those from a time on',
  'cli.no-steering': 'nothing that a pod says can steer the terminal',
  'cli.no-such-pod': 'every command that takes a name ends with 3 for one that is not there',
  'cli.not-running': 'what needs a living pod names restore',
  'cli.doctor-unwritable':
    'a home in which no pod can start because it cannot be written is a failure of doctor, with the folder, the reason and what to do',
  'cli.doctor-disk':
    'doctor warns of a home on a network or user-space file system or in memory, and says what to do',
  'cli.folder-gone': 'ps names a pod that runs and whose working directory is gone',
  'cli.ps-here':
    'ps shows the trees of this directory and counts those of others, --all-directories shows them behind; -q and --json list the home',
  'cli.ps-work':
    'ps shows what a pod was asked and what it is at: its call, its provider, what it waits for; of one that has ended what its log says',
  'cli.ps-in':
    'IN counts what was sent to a pod that does not run and its model has not read, and nothing that only ended with it',
  'cli.ps-tree-use': 'a root shows what its whole tree has used, the ended pods too',
  'cli.ps-narrow':
    'in a narrow terminal the table of ps is cut and loses the least needed columns first: no row is wider, and no name is cut',
  'cli.ps-damaged': 'a damaged folder hides only itself, and doctor names it',
  'cli.ps-unreadable': 'a pod whose log cannot be read is listed, with the reason and what to do',
  'cli.ps-dead': 'tells stopped from dead, counts what waits, and names a parent that is down',
  'cli.ps-default': 'without -a: what runs, what died, and what still has to deliver',
  'cli.ps-received': 'what the parent holds of a dead pod does not wait, whatever its own log says',
  'cli.rm': 'leaves nothing but a tombstone that says how far it had come',
  'cli.rm-below':
    'rm is refused for what is owed anywhere below, by instance; with force all of that goes too, printed and recorded',
  'cli.rm-force':
    'with force a parent that does not run takes in what it was owed, and what nobody has read is printed',
  'cli.rm-linear': 'rm of many lists the home once and reads each log once',
  'cli.rm-orphan': 'a pod whose parent was removed owes nobody',
  'cli.rm-damaged':
    'rm -f of a pod whose files say nothing any more deletes nothing: they are kept aside whole, with a tombstone where its instance is known, and never while it runs',
  'cli.rm-pieces': 'what could not be read of a log, kept beside it, goes only by force and with a word',
  'cli.rm-set-aside':
    'what was set aside of a folder is never deleted with its pod: rm refuses, and with force says where it keeps it',
  'cli.rm-unread':
    'rm refuses while what people gave to the pod has not been read, with the line that goes on; with force each is printed',
  'cli.doctor-kept':
    'doctor names files of requests and of saved rules that are not what podkin wrote, and what to do; a command that meets one says so in plain words',
  'cli.rm-undelivered': 'refuses while something waits for the parent, or for the pod itself',
  'cli.rm-untold-death': 'refuses while the parent has not been told that the pod died',
  'cli.silent-is-not-dead': 'a pod whose lock is held and that does not answer is unreachable',
  'cli.stopped-in-list':
    'a list takes a pod that ended in order and whose process is gone for stopped, and does not ask its lock',
  'cli.ps-budget': 'ps shows what a tree has used of its bound, and what is left to each pod below',
  'cli.tree-instance': 'a pod is shown below its parent, never below another that has the name of it by now',
  'cli.task-behind-paths': 'a task behind --write PATH… is the task, a path is not',
  'cli.times': 'seconds, ages and times are understood, everything else is refused',
  'cli.transcript': 'colours only where they are wanted, and unknown entries are passed over',
  'cli.tree': 'children stand below their parents, and nobody is left out',
  'cli.usage': 'unknown commands, options and missing arguments end with 2, one sentence and the way to help',
  'cli.silent-said': 'attach and events say that a pod runs and does not answer, and wait keeps its timeout',
  'cli.wait-broken-off': 'a pod whose newest turn a stop has broken off is not done, also when it runs again',
  'cli.wait-dead': 'a stopped pod answers by its last turn, a dead one fails and names restore',
  'cli.wait-status': 'of several statuses the one that says most is the answer',
  'run.typed-before': 'what was typed before a question was shown answers nothing',
  'run.socket-folder': 'where the folder of the sockets cannot be had, run says so and makes nothing',
  'doctor.socket-folder':
    'a socket folder that cannot be made is told by doctor, with the variable that names it',
  'doctor.long-socket-path':
    'a folder in which no socket fits is told by doctor, and a run that fails for it leaves no pod',
  'commands.attach':
    'attach shows the history, a typed line reaches the pod and its answer the screen, each once, and leaving lets it run',
  'commands.attach-many':
    'two terminals on one pod see the same answer, and closing one of them disturbs nobody',
  'commands.terminal-back':
    'a command that sets modes of its terminal puts them back on each way out: signals and errors that nobody catches',
  'commands.color': 'colours only in a terminal, and never with NO_COLOR',
  'commands.ctrl-c':
    'Ctrl-C on podkin run stops its tree in order: in plain lines the first, on the screen a second one, which the first asks for',
  'commands.demo': 'the demo tells the whole story in under 20 s, without a key, and leaves no process',
  'commands.demo-cut':
    'a demo that is cut short, also before its first pod, ends with the status of that and leaves no process',
  'commands.denied': 'a denied tool in headless mode is status 4, named, with the answer',
  'commands.denied-shown':
    'with a person watching a denied tool is shown, and the status is that of the answer',
  'commands.follow': 'logs -f and events go on with what happens, one object a line',
  'commands.homes': 'two homes with the same names at the same time know nothing of each other',
  'commands.kill':
    'kill ends one pod at once, its parent is told that it died, and every command says how it stands',
  'commands.limit': 'a limit of steps, cost or wakes ends a run with status 5',
  'commands.look':
    'ps, inspect, logs, deliveries, verify and doctor tell of one tree the same, as data on stdout',
  'commands.name-again': 'a name that was removed can be used again, one that was not is refused',
  'commands.no-such-pod': '%j is status 3 with a sentence on stderr',
  'commands.print-text': '-p gives the answer and nothing else on stdout',
  'commands.reader-gone': 'a reader that goes away ends the tree: nothing works on for nobody',
  'commands.reader-stalled':
    'a run whose reader has stopped reading, a pipe or a terminal, is ended by a signal all the same',
  'commands.result-last': 'the last line of stdout is the result in every format, also on failure',
  'commands.output-lost':
    'an answer that cannot be written leaves no pod running and is no success: 141 where its reader is gone, 1 and a sentence where there is no room',
  'commands.quit':
    'Ctrl-\\ on podkin run, at an approval too, stops its tree in order and leaves the terminal as it was; on attach it detaches',
  'commands.restore-late':
    'restore waits for a pod that is slow to listen, and says so after spawnMs, with how to end it',
  'commands.rm': 'rm refuses what runs and what is owed, says how to go on, and forgets the rest',
  'commands.root-dies':
    'a root that dies ends the run with 1 and what to do next, and nothing of its tree goes on',
  'commands.run': 'without options the work goes by on stdout, the summary on stderr',
  'commands.scope':
    '--write and --read bound what the tools may touch, also for paths that are not there yet',
  'commands.same-signal': 'a signal that is delivered twice at once ends a run in order',
  'commands.second-signal': 'a second Ctrl-C does not wait for a tree that does not answer',
  'commands.send': 'send and notify reach a pod; --wait prints the answer to what was sent and its status',
  'commands.signal':
    "a signal in the middle of a tree ends it with the signal's status and leaves nothing running",
  'commands.stdin': 'the task may come on stdin and arrives word for word',
  'commands.start-hangs':
    'a root whose process hangs in its start fails the run within spawnMs; a signal ends it before that; nothing of it is left',
  'commands.steer': 'pause, resume and cancel act on the running turn and answer where the pod stands',
  'commands.stop':
    'stop ends a tree from the deepest up, and restore --tree brings all of it back and passes over what runs',
  'commands.stop-frozen': 'stop asks those below a pod that does not answer, in order, and kills that one',
  'commands.stream-json': 'stream-json gives every entry of every pod in its order and the result last',
  'commands.error-line':
    'an error is one line whatever a path or a name in it holds: line ends, control and hidden characters stand there as their numbers',
  'commands.usage': 'bad usage is status 2 with a sentence on stderr, and nothing is made',
  'commands.wait-limit': 'wait answers 5 where a limit ended the work',
  'commands.wake-budget': 'a tree past its wake budget ends the run with 5, and the alert is shown once',
  'commands.watch-closes': 'a watch that is closed while it connects to a pod lets go of it',
  'commands.window-closed': 'closing the window of podkin run stops its tree',
  'commands.xdg': 'without PODKIN_HOME, configuration, state and sockets are where the XDG variables say',
  'config.errors': 'names file or variable, key and what is wrong',
  'config.all-problems':
    'all problems of a configuration file are said at once, in our words, each with its line and column and the nearest valid key',
  'config.settings':
    'one list has every setting with its default in force and who may set it: user, project, variable, option',
  'config.reference': 'docs/configuration.md is made of that list and is up to date',
  'config.shown':
    'podkin config shows each setting in force and where it comes from, no secret, and the JSON Schema of a file',
  'models.listed':
    'podkin models lists what is known of models, with prices, what a person says of them, and what is missing to use each here',
  'profile.root':
    'a role of the person gives a root what it says, a flag of the command outweighs it, and an unknown one is refused with the nearest',
  'profile.child': 'what a spawn leaves open comes from its profile, of which a call may ask for less',
  'profile.demands':
    'a check, its tries, a result and minutes of a profile are asked of a pod of it; its command is allowed or not as the pod’s shell would be, of a child before the spawn, where a person sees it, and of a root only in a sandbox where a project has written it',
  'profile.no-more': 'no profile gives a child a freer mode, more tools or other paths than its parent has',
  'profile.offered':
    'a model that may spawn reads the name and the purpose of each profile, as committed in its log',
  'profile.project':
    'an agent file of a project is a role with the usual front matter, which only takes away: mode, tools, paths, cost and effort of a root and of a child, and a model that the person has named',
  'profile.project-gives':
    'a role of a project gives a root nothing that is always read-only, and lifts no deny of keys',
  'profile.project-odd':
    'an agent file that is a pipe, a link out, too large, denied, no YAML, a bomb, or bounds in a way that is not understood is left out and said; what is no bound is passed over and said',
  'profile.unknown': 'a profile that is not there, or not understood, is refused with those that are',
  'config.places': 'every key and element of a TOML text has its line and column, whatever its form',
  'config.file': '--config stands in for the user file',
  'config.order':
    "a flag outweighs the environment, that the user's file; a project's narrowing all but the flags",
  'config.project-above':
    "every project file from the working directory up to the repository's root counts, each narrowing, with its relative paths and patterns from its own project's folder; none from above that root or the home",
  'config.project-flags':
    "a flag of this command overrides a project's mode, limit or permission and says which; variables and the user's file do not",
  'config.variable-paths':
    'a path or pattern that names a variable is refused with what to write, wherever a person gives it',
  'config.project-limits-table':
    'a project lowers only a limit of which a smaller value lets pods do less and nothing else; its value for any other is ignored and said',
  'config.project-limits': 'a project file lowers a limit of the user or a default, and raises none',
  'config.project-mode': 'a project file makes the permission mode stricter and never less strict',
  'config.project-odd':
    'a project file that is a pipe, a device, a link that leads out, too large, denied or not ours is never waited for, and said',
  'config.project-safe': "a project file cannot set base URLs, hooks or the sandbox's program",
  'config.project-trust':
    'model, instructions and sandbox of a project file count only after a person has trusted that very text, asked once',
  'config.trust-pages':
    "a project's text that is longer than the screen is shown in pages, and there is no yes before the last of them; back from Ctrl-Z a page is shown again",
  'config.scope': 'both files add denies, none allows anything, and a mistake names file, key and path',
  'demo.scenario': "the demo's scenario is one that the scripted model takes",
  'home.cwd-gone': 'a working directory that is gone hinders only what begins in it',
  'home.named': 'PODKIN_HOME with ~/ is below the home of the user, and a relative one is refused',
  'home.nobody':
    'a user without a name or HOME has all commands that need no home, and is told where one would be',
  'home.above':
    'a home is refused where anybody else could put another in its place, by a folder or a link anywhere on the way to it',
  'home.not-ours':
    'a home that belongs to another user or that others may write is neither obeyed nor believed, by doctor neither',
  'provider.interrupted': 'an interrupted run lets go of the provider in the middle of its answer',
  'provider.key-kept':
    'a key that is refused is named by its variable and stands nowhere, also where the provider repeats it',
  'provider.notice':
    'what a child reports stands in the history and, word for word, in the last message of the next request',
  'provider.notice-refused': 'a notice turn that cannot succeed is tried once and ends the run as failed',
  'provider.notice-retried': 'a notice whose request fails is in every try and in the history once',
  'provider.order':
    'a report that comes while a tool runs stands behind the results, never between a call and its result',
  'provider.passes':
    'a provider failure that passes leaves nothing behind: the call is run once and the tries are told',
  'provider.retry-after': 'the wait that a provider asks for is kept',
  'provider.retry-alert':
    'a retry anywhere in the tree is an alert in the stream of the run, whose last line is the result',
  'provider.retry-once':
    'run and run -p show each retry once, also one that goes into the log because it lasts',
  'provider.stays': 'a provider failure that stays ends the run as failed after as many requests as can help',
  'provider.tool-once': 'a failure behind a tool result asks again without running the tool again',
  'provider.tree':
    'a parent hands work to two children that edit files, is called back, and its answer is the result',
  'provider.upward': 'reaches the parent as errored, once, and the parent goes on',
  'run.child-outcome':
    'a child whose process ended without having stopped is told as died, and none that runs on',
  'run.child-turns': 'a turn that was begun before a run came to its tree counts where it ends',
  'run.died-names-restore':
    'a root that died is told with its reason and with the command that starts it again',
  'run.exit-status': 'the exit status tells how it ended, and a denied tool is never a silent 0 with -p',
  'run.path-mistakes': 'an empty path and a pattern are no paths of a scope, a last /* is',
  'run.person-no':
    "after a person's own no the end of a run says so and advises no wider rights; where nobody was asked it names the options that widen",
  'run.result-denials': 'a denial anywhere in the tree is in the result, with the pod and the tool',
  'run.result-once': 'an entry that is read a second time counts once',
  'doctor.model': 'doctor says what is missing where run would refuse the configured model',
  'run.denied-advice':
    'what is advised about a denied call would help: a deny is named and no flag against it, a missing right by its flag',
  'keep.killed':
    'a kept tree that is killed as a whole at any moment goes on by one command: nothing lost, nothing told or done twice',
  'keep.asked':
    'restore --kept starts what ended with the machine or its session, and leaves down what somebody has stopped',
  'keep.bound':
    'a kept tree that ends three times within ten minutes stays down and says why, until it is kept again',
  'keep.marks': 'keep marks roots, takes the mark away and lists; without a mark nothing starts by itself',
  'keep.service':
    'keep --install writes a service of the user that starts kept trees, switches it on or says how, and --uninstall takes it away',
  'rest.next':
    'of a list of models the next is asked, and said, where one has reached a limit for longer than a turn waits, takes no key or model any more, or fails at every try; the first again in its time',
  'rest.compact':
    'a compaction asks the next model where the first one has reached a limit or is gone, and fails only where none answers',
  'rest.gone':
    'neither credit nor a server is waited for: where no model is left the turn ends with what was said',
  'rest.wait':
    'where every model has reached a limit the pod waits until the first comes back, visibly and holding nothing, and goes on by itself; pause and cancel end that',
  'rest.print': 'with -p no limit is waited for: status 1, and until when',
  'rest.lies': 'a rest is at most a day, whatever a provider says',
  'rest.refused':
    'a model of a list that cannot be asked, or not within the limit of the cost, is refused at the start',
  'rest.reasoning': 'what the model of another provider thought is not sent',
  'week.terminal':
    'run, Ctrl-C, -c, a reboot, -c, a second project with the same names of children, a pipe, a bare task, a repeated request and prune follow each other in one shell of a real terminal',
  'answer.own':
    'run, run -c, send --wait and notify --wait print what their own submission came to, whatever the pod was given beside it, before or since',
  'request.since':
    'a repeated request prints the answer and ends with the status of the first, whatever its pod has done since',
  'request.once':
    'a run that is given again with its --request id prints the answer and ends with the status of the first, and does nothing more',
  'request.other': 'an id of a request that was used for something else is status 6, and nothing is done',
  'request.together': 'of two commands with one request id the second waits for the same answer',
  'request.death':
    'a run with a request id goes on, when it is given again, from wherever a death has left it: one pod, one task, no call twice',
  'request.removed': 'what a request has made and a person removed is not made again',
  'request.refused':
    'a command that was refused has used up no request id, and an id that cannot be one is refused',
  'request.detached': 'run -d with a request id prints the same name again, and gives the task once',
  'request.send': 'send and notify with a request id send what the pod has had no second time',
  'request.stop': 'a repeated stop with a request id leaves alone what was started since',
  'request.hostile': 'a damaged file of a request is told with its folder, and nothing is run',
  'request.kept': 'a request is kept as long as its pod, and seven days',
  'run.piped':
    'run, send and notify add what a pipe or a file holds to their words, and take it as the text where no words are given; no terminal, /dev/null or closed stdin is read',
  'run.piped-endless':
    'words wait --stdin-wait, 3 s by itself, for a stdin that stays silent, and for the end of one that has begun; at most 1 MiB of it is taken',
  'run.result-sums': 'tokens and cost are sums over the tree, and an unknown price is not taken for none',
  'run.root-denies':
    'denied paths stand in the scope of the root, a link under its own name and where it leads, and are kept on disk',
  'run.root-name': 'roots are named root, root-2, root-3 …, and a free number is used again',
  'run.root-name-refused': 'a name that is taken or cannot be one is refused with what to do',
  'run.typed-left':
    'a text in the input when a run has settled is not lost: Enter sends it on, Ctrl-C ends the run and prints it, a long one as the file that has it',
  'run.asked-first':
    'a question before the run begins takes nothing from the keyboard of those that come later',
  'run.starting-place':
    'in a home directory, in / and in a folder of temporary files itself a run is asked about on a terminal and refused elsewhere, unless a path was given',
  'run.root-scope':
    'without paths the working directory may be read and written; paths narrow it, as real paths',
  'run.root-spec': 'a root is its own root, has no parent, and keeps the limits that were in force',
  'stream.after-header':
    'entries that come in the same read as the answer are handed over after it, in order',
  'stream.each-once': 'an entry that is sent again, or that had been seen before, is not handed over',
  'stream.reset':
    'where the place does not fit the log any more, everything is handed over from the beginning',
  'typing.edit':
    'in attach keys without a character show nothing and change nothing, Ctrl-L clears the screen; a character, a word or the line can be taken back',
  'typing.paste':
    'several lines that are pasted into attach are one text and one run, sent by Enter, and no key to an approval; nothing of them steers the terminal',
  'typing.sequences': 'what a terminal sends is taken apart the same wherever it is cut',
  'view.no-steering': 'what a pod says cannot steer the terminal, in whatever pieces it comes',
  'view.no-streaming': 'off a terminal only whole messages are written',
  'view.nothing-twice': 'text streamed in any pieces, with repeats, holes or none at all, stands there once',
  'view.one-line': 'an entry of a child is one line, whatever is in it',
  'view.retry-voids': 'what was streamed of an answer that the provider cut is followed by the whole new one',
  'view.unknown-passes': 'an event or entry that a newer pod sends is passed over',
  'view.whole-lines': 'a line of another pod never stands inside a line that is being streamed',
  'tree.below-counts':
    'wait and run take a tree for settled only where every live pod of it is, whoever gave it its work',
  'tree.last-word':
    'the pod itself is asked again behind those below it: one that was called back meanwhile is not settled',
} as const;
