/** The screen: what a person sees and types. The numbers are those of its 23 requirements. */
export const screen = {
  'screen.alt-esc':
    'Esc and a character behind it are two keys, unless that character with Alt means something; `ESC ESC` is two Escs; no sequence becomes text.',
  'screen.answers':
    'A key answers a question that was on the screen, with the focus, for 400 ms; an early or a held one does not, and a yes wants the whole of it shown.',
  'screen.confirm':
    'Stopping and removing ask first, with the number of pods, and only `y` after 400 ms does it.',
  'screen.ends':
    'In `run` Ctrl+C clears the input, then asks, then stops the tree, then kills it; in `attach` and the tree leaving stops nothing.',
  'screen.focus':
    'The focus goes where a key sends it and nowhere by itself; Tab walks through the places that there are.',
  'screen.kept':
    'A frame made with what is kept of the frames before is the same as one made with nothing kept, and rows that show the same cost the writer nothing.',
  'screen.not-held':
    'That no sandbox holds a command is in sight at every size, and there is no yes to it before its text, why, and what each key would mean have been shown.',
  'screen.newest':
    '`podkin` alone shows the newest root that runs, else the newest of the directory, and `+ new` where there is neither.',
  'screen.listed-late':
    'Pods that do not answer keep nobody waiting: what has answered is listed before them, each with those above it.',
  'screen.key-names':
    'The bytes of xterm, of the kitty protocol, of tmux and of macOS mean the keys of the table.',
  'screen.key-settings':
    '`[keys]` gives an action other keys; what would be text, what belongs to the terminal, and two with one key are refused.',
  'screen.key-table':
    'Each key has words, one meaning in one place, and with Alt a second way; in the input no printable character is a key, and Ctrl+A, B, Q and S are none anywhere.',
  'screen.offers':
    'Commands, pods and files are offered as they are typed; an offer is taken by a key, and a late one for another text is dropped.',
  'screen.recalled':
    'What was sent is kept by directory, 0600, the last 1,000, whole whatever dies, by several screens at once; not with `history = false`, and no text that begins with a space.',
  'screen.rows':
    'Settled siblings are one row that opens; what failed, waits or is shown is in none; keys walk over the rows that are shown.',
  'screen.slash':
    'A slash command does what its key does; one that is not known is not taken, and stays in the input.',
  'screen.slash-alone':
    'A setting’s command alone says what holds and changes nothing, of a pod and of the root that `+ new` starts.',
  'screen.deliveries-read':
    'What has not been read yet is said to be being read: that there is none is said of what has been read.',
  'screen.run-lines':
    'What `run` says itself comes before its first frame, by the screen, or behind it; a tree that is gone on with is first shown running.',
  'screen.typed-exact':
    'What was typed and pasted leaves the input exactly, tabs too, and what Ctrl+C clears comes back.',
  'screen.long-words':
    'What is said to the person is there whole, also where the last row has no room for it.',
  'screen.sent-on':
    'what sends a stopped screen on is taken for its own stop: the frame is drawn once, and none is left behind',
  'screen.command-lines': 'the one line of a command of several lines says where each of them begins',
  'screen.file-blanks':
    'behind @ a name with blanks is offered as it is to be typed, and means that file once it is taken',
  'screen.file-offers-pod':
    'Behind @ a pod that runs says itself what is offered; else, and where it does not answer, its folder is read.',
  'screen.file-offers':
    'behind `@` files and folders of the directory of the pod are offered; no link is followed, and no name steers.',
  'screen.r01':
    'A frame never holds more lines than the terminal; the bytes of a frame at 200 and at 50,000 entries are within 10 %.',
  'screen.r02':
    '`ESC[3J` never leaves the process; the screen is erased only by a frame that takes it. The title is saved and restored and never holds text of a model.',
  'screen.r03':
    'After leaving the inline view everything committed since it opened is in the scrollback once and in order, what was left out as one line that counts it; inline moves lines by newline only.',
  'screen.r04': 'Panes, inline, panes: the entries in a capture are m to n, once each.',
  'screen.r05': 'On leaving at most 12 lines remain: pods, what waits, how to come back.',
  'screen.r06': 'Scrolled up, new output changes no visible row but the mark of new ones; End follows again.',
  'screen.r08':
    'No mouse mode is set; transcript lines have no box characters and no padding when zoomed or inline; `c` copies the source of an entry.',
  'screen.r09':
    'The echo of a key at 50,000 entries costs at most 1.5 times that at 200, and so does the first full frame.',
  'screen.r10':
    'An idle tree writes nothing; a running, silent one little; over a slow terminal a key is echoed at once, and at most one frame is unwritten.',
  'screen.r11': "The terminal's own cursor is at the caret, behind wide characters too.",
  'screen.r12': 'A paste of 100 kB with CRLF, cut at any byte, is one unsent text, exact with LF.',
  'screen.r13':
    'Every typed character lands in the input, and none answers, leaves or opens anything, whatever opens meanwhile.',
  'screen.r14':
    'The border of the input names who will read it; a sent text shows `sent`, `on disk`, `read`.',
  'screen.r15':
    'Esc never leaves; after Ctrl+Z and fg the frame is the same; on every way out each mode is reset and the terminal is as before.',
  'screen.r16':
    "The emitted bytes hold no control or bidi character of the content's; a question shows them, wrapped by the screen, and whole before it can be allowed.",
  'screen.r17':
    'Only default colours, bold, dim, inverse and 1 to 6; nothing is said by colour alone; NO_COLOR, TERM=dumb, --plain and ACCESSIBLE=1 are heeded.',
  'screen.r18':
    'One bell when a question opens while nobody looks, and when a root settles; the title counts questions and running pods.',
  'screen.r19':
    "A row shows its own and its subtree's tokens and cost, live; the root's sum equals that of `podkin ps`.",
  'screen.r20':
    'A question names pod, path, tool, whole input, why, since when and what always would mean; answering one never answers the next.',
  'screen.r21':
    'The tree is there in any state, nested as spawned and ordered by need; settled siblings fold, failed ones never; 64 pods stay readable.',
  'screen.r22':
    'A row says what its pod does and for how long; a death shows its signal within a second where the parent lives.',
  'screen.r23':
    'The feed shows texts, tools, questions, outcomes and deaths by default; machinery only where it is asked for.',
  'screen.captures':
    'Real pods on a real terminal are seen as the files have it, at three sizes: at work, asking, dead, many, late, hostile, without colours.',
  'screen.views-golden':
    'Each scene (pods at work, a question, a death, 64 pods, a late delivery, a difference, 2,000 entries, hostile text) is seen as its file has it, at three sizes, as panes and inline.',

  // protocol
  'screen.activity':
    'Who observes without each word is sent what the turn is at, at most once a second, and nothing while no turn runs.',
  'screen.approval-whole':
    'An approval request has its call, the path of its pod, the whole of a bounded input, and in words what always would mean and where a command would run.',
  'screen.complete':
    'A word behind @ is completed with at most 50 pods, files and folders that the pod may read; no link is followed.',
  'screen.drop':
    'A person takes a run of their own out of the queue; it never begins, and nothing that a parent waits for is lost by it.',
  'screen.live': 'Behind the history, and before what is new, an observer is told that it is live.',
  'screen.queue':
    'Status shows the first runs of the queue, each with its sender and the beginning of its text.',
  'screen.tree-claims':
    'What a child reports is taken of itself and of pods below it alone, bounded, and under the name that its parent knows.',
  'screen.tree-death': 'A death below is seen with its signal within a second by whoever watches above.',
  'screen.tree-deliveries':
    'A pod answers for the events of the pods below it too, each once; an observer is told how an event of a child is received, consumed and seen.',
  'screen.tree-older': 'A child that reports nothing has a row by what its parent knows of it.',
  'screen.tree-once':
    'A single question for the tree is answered with what the pods below say at that moment.',
  'screen.tree-quiet':
    'Changes of the tree come at most twice a second, none while nothing changes, and no pod reports while nobody watches.',
  'screen.tree-rows':
    'Whoever watches a pod is sent a row of each pod below it: its place, status, activity, outcome and usage.',
  'screen.tree-unlinked':
    'What is below a child that is not linked is shown as not reachable until the child reports it again.',
  'screen.frozen':
    'The row of a pod that answers nobody any more says so, whatever it said last, and is as before once it answers.',
  'screen.gone': 'Where its terminal goes, a command ends with 129 or by SIGHUP, and is not aborted by Node.',
  'screen.lent':
    'While $EDITOR or $PAGER has the terminal nothing is written to it; behind it all that came meanwhile is shown.',
  'screen.errors':
    'What is written into the error output while a screen has the terminal is shown when it has been given back, and breaks no frame.',
  'screen.watching': 'Status counts who observes the pod, the connections of one watcher once.',

  // cells
  'screen.diff':
    'A call that changes a file shows what goes, what comes and a few lines around, and counts them.',
  'screen.diff-bounded': 'No difference takes long to find, and none is longer than its bound.',
  'screen.markdown':
    'Markdown is shown as lines no wider than their place: headings, lists, quotes, code, tables, links with their address.',
  'screen.markdown-bounded': 'A long text, or one that is all marks, is read in parts or shown as it is.',
  'screen.text-bounded': 'The time for a text grows with its length, whatever it is made of.',
  'screen.text-fit': 'A line is cut or padded to exactly the width of its place.',
  'screen.text-tabs':
    'Foreign text is taken apart at every kind of line end, and its tabs go to the next stop.',
  'screen.text-width': 'A cluster takes as many cells as terminals give it that draw it as a whole.',
  'screen.text-wrap':
    'No wrapped row is wider than its place; words are kept where they fit, and nothing but blanks is left out.',

  // model: what is known, folded from events
  'screen.items':
    'Every entry of a log is one item of a transcript, also one of an unknown type; nothing of an entry can make that fail.',
  'screen.pod-fold':
    'However deltas are cut, they come to the same text, behind a hole too; committed text takes its place; a history that is sent again changes nothing, and a reset begins anew.',
  'screen.tree-fold':
    'Changes of pods, in any portions, come to the same tree, whose sums are each pod and all below it, once.',
  'screen.watch':
    'The shown pod comes with its history and its deltas, living or from its log; another one can be shown at any time; nothing comes behind `close`.',
  'screen.window':
    'Of a transcript a window is kept that counts and characters bound; an event costs the same at 50,000 entries; no value that was handed out changes.',
  'screen.writer-bytes': 'A delta costs at most 1.3 times the bytes that it costs by hand.',
  'screen.writer-cells':
    'What frames come to on a terminal are their cells, pens and caret, also after resizes; an equal frame is no bytes.',
  'screen.writer-disagreeing':
    'Where terminals disagree on the width of a cluster, all other cells are as they should be.',
  'screen.r07':
    'Over 20 resizes between 60 and 160 columns each entry is at most once in scrollback and screen.',
  'screen.writer-inline':
    'Inline, what was printed stands above the live region, and the region below it with its caret.',
  'screen.writer-options':
    'Colours, and what a terminal does with lines that become too wide, are taken from what it says of itself.',
} as const;
