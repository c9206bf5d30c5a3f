/**
 * The words for each key of the table (`keys.ts`), by its binding: for the help view, the foot and
 * docs/screen.md.
 */
export interface KeyWords {
  /** '' where another row says it. */
  readonly does: string;
  /** For the foot; left out where it is not shown there. */
  readonly short?: string;
  /** How its keys are shown where that is not each by its name. */
  readonly label?: string;
}

export const keyWords = {
  Anywhere: {
    nextPlace: {
      does: 'goes on to the next place: input (where it is empty), question, tree, transcript',
      short: 'place',
    },
    previousPlace: { does: 'goes back to the place before' },
    nextQuestion: { does: 'goes to the next question that waits (also: `/approvals`)', short: 'waiting' },
    toInput: { does: 'goes back to the input; it never leaves', short: 'input' },
    previousPod: { does: 'shows the pod above it in the tree (also: `/pods NAME`)', short: 'pod' },
    nextPod: { does: 'shows the pod below it in the tree' },
    pod: { does: 'shows that row of the tree', label: 'Alt+1 … Alt+9' },
    newPod: { does: 'shows `+ new`, where a text starts a root (also: `/new`)' },
    switchView: { does: 'goes between one pod (inline) and the tree (also: `/tree`)' },
    pageUp: { does: 'scrolls a page up', short: 'scroll' },
    pageDown: { does: 'scrolls a page down' },
    end: { does: 'follows the end again; in the input while it is empty' },
    endFromInput: { does: '' },
    denyAnywhere: { does: 'answers no to the question that is shown' },
    allowAnywhere: {
      does: 'answers yes, in terminals with the kitty keyboard protocol; elsewhere the question takes `y`',
    },
    alwaysAnywhere: { does: 'answers always, in terminals with the kitty keyboard protocol' },
    repaint: { does: 'draws the screen anew' },
    suspend: { does: 'gives the terminal to the shell; `fg` comes back' },
    interrupt: {
      does: 'closes what is open, else clears the input, else asks for a second one, which leaves; in `run` it stops the tree, and a third kills it',
    },
    quit: { does: 'leaves at once, asking nothing; in `run` it stops the tree' },
    endOfInput: { does: 'leaves, with an empty input or outside of it; the pods keep running' },
    endFromEmptyInput: { does: '' },
  },
  Input: {
    complete: { does: 'takes what is offered: a command, a file behind `@`, a pod', short: 'complete' },
    escape: { does: 'twice: cancels the turn of the pod that is shown (also: `/cancel`)', label: 'Esc Esc' },
    send: {
      does: 'sends the text to the pod that the border names; behind a `\\` it is a newline',
      short: 'send',
    },
    newline: { does: 'begins a new line' },
    historyBack: { does: 'the text sent before, as ↑ at the upper edge of the text' },
    historyForward: { does: 'the text sent after it, as ↓ at the lower edge' },
    searchHistory: { does: 'searches what was sent; again: further back' },
    editor: { does: 'opens the text in `$VISUAL` or `$EDITOR`' },
  },
  Question: {
    allow: { does: 'yes, once the whole of it has been shown', short: 'yes' },
    deny: { does: 'no', short: 'no' },
    allowAlways: { does: 'yes, and always: it says for what', short: 'always' },
    denyBecause: { does: 'no, with a reason, which the pod reads', short: 'no, why' },
    allowByRule: { does: 'yes by a rule, for a shell command: a text that you may change first' },
    allowWrite: { does: 'yes, and it may write the path that it asks for, where it offers one' },
    whole: { does: 'shows the whole of it', short: 'whole' },
    questionDown: { does: 'the next one' },
    questionUp: { does: 'the one before' },
  },
  'Tree and transcript': {
    down: { does: 'the next row, or entry', short: 'down' },
    up: { does: 'the one before', short: 'up' },
    first: { does: 'the first' },
    last: { does: 'the last; the transcript follows its end' },
    open: { does: 'shows the pod, and you can write to it; the whole of the entry', short: 'open' },
    search: { does: 'searches' },
    searchNext: { does: 'the next place found' },
    searchPrevious: { does: 'the one before' },
    tree: { does: 'goes between one pod (inline) and the tree', short: 'tree' },
    zoom: { does: 'the transcript alone, and back', short: 'zoom' },
    approvals: { does: 'what waits for you, as a list', short: 'approvals' },
    deliveries: { does: 'the deliveries: each outcome, how far it is, how old', short: 'deliveries' },
    machinery: { does: 'shows the machinery too, and hides it again' },
    copy: { does: 'copies the source of the entry, and names a file that has it' },
    pager: { does: 'opens the entry, or the transcript, in `$PAGER`' },
    help: { does: 'these keys (also: `/help`)', short: 'help' },
    leave: { does: 'leaves; the pods keep running', short: 'leave' },
  },
  Tree: {
    foldRow: { does: 'hides what is below the row' },
    unfoldRow: { does: 'shows what is below it, or settled siblings' },
    toggleRow: { does: 'the other of the two' },
    pause: { does: 'pauses the pod, or resumes it (also: `/pause`, `/resume`)', short: 'pause' },
    cancelTurn: { does: 'cancels its running turn (also: `/cancel`)', short: 'cancel' },
    stop: { does: 'stops it and those below it; asks first (also: `/stop`)', short: 'stop' },
    restore: { does: 'starts it again from its log (also: `/restore`)' },
    restoreTree: { does: 'starts it again with those below it (also: `/restore tree`)' },
    remove: { does: 'removes it, where it has ended and owes nothing; asks first (also: `/remove`)' },
  },
  Transcript: {
    toTree: { does: 'goes to the tree' },
    openEntry: { does: 'the whole of the entry' },
    transcriptPage: { does: 'scrolls a page down' },
  },
  'A view': {
    close: { does: 'closes it', short: 'close' },
    viewDown: { does: 'a line down; among approvals the next one', short: 'down' },
    viewUp: { does: 'a line up; the one before', short: 'up' },
    viewPage: { does: 'a page down' },
    viewFirst: { does: 'its beginning' },
    viewLast: { does: 'its end' },
    viewWhole: { does: 'among approvals: the whole of the chosen one' },
  },
} as const satisfies Record<string, Record<string, KeyWords>>;

/** The keys that the editor of the input has by itself: not in `[keys]`. */
export const editingKeys: readonly { readonly keys: string; readonly does: string }[] = [
  { keys: '↑ ↓', does: 'within the text; at its edges what was sent before and after' },
  { keys: 'Ctrl+← Ctrl+→, Alt+B Alt+F', does: 'a word back, a word on' },
  { keys: 'Home End, Ctrl+A Ctrl+E', does: 'the ends of the line' },
  { keys: 'Ctrl+W, Alt+Backspace, Alt+D', does: 'deletes the word before, the word behind' },
  { keys: 'Ctrl+U Ctrl+K', does: 'deletes to the beginning of the line, to its end' },
  { keys: 'Ctrl+Y', does: 'puts in what was deleted last' },
  { keys: 'Ctrl+-', does: 'takes the last change back, a cleared text too' },
];
