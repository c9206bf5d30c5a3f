/**
 * `podkin attach`: one pod's history and its work as plain text, and what is typed goes to it. Detaching
 * stops nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { thrownText } from '../../std/thrown-text.ts';
import { AlertsOnce } from '../../client/alerts-once.ts';
import { compactionWords } from '../../client/compaction-words.ts';
import { AttachedPod, type AttachmentEnd } from '../../client/attached-pod.ts';
import { NotConnected, PodNotRunning, PodOutOfReach } from '../../client/errors.ts';
import { findPod, type FoundPod, treeOf } from '../../client/find-pod.ts';
import { isPodRunning, probePod } from '../../client/pod-probe.ts';
import type { LiveEvent, PodStream } from '../../client/pod-stream.ts';
import { treeState } from '../../client/settled-tree.ts';
import { scopeText } from '../../session/settings/scope-text.ts';
import { monotonicMs } from '../../std/clock.ts';
import { type Deferred, deferred } from '../../std/deferred.ts';
import type { Client } from '../../transport/client.ts';
import { answerApproval } from '../approvals/answer-approval.ts';
import { ruleSaver } from '../approvals/save-rule.ts';
import { ApprovalDesk } from '../approvals/approval-desk.ts';
import { ApprovalInput, type TypedAnswer } from '../approvals/approval-input.ts';
import { LiveView } from '../format/live-view.ts';
import { oneLine, visible } from '../format/printable.ts';
import { renderEntry } from '../format/transcript.ts';
import { canAsk } from '../invocation/ask-person.ts';
import { type CommandContext, exitStatus, screenOf } from '../invocation/context.ts';
import { restoredFirst } from './restored-first.ts';
import { type AttachAction, attachHelp, parseAttachLine } from './attach-line.ts';

const settledPollMs = 250;

/** Throws `NoSuchPod`, `PodNotRunning` or `PodOutOfReach`, the last two after showing the history. */
export async function attachCommand(
  context: CommandContext,
  called: string,
  options: { restore: boolean } = { restore: false },
): Promise<number> {
  const pod = findPod(context.home, called);
  await restoredFirst(context, pod, options);
  return await attachTo(context, pod);
}

/** To a pod as it is. Throws as `attachCommand`. */
export async function attachTo(context: CommandContext, pod: FoundPod): Promise<number> {
  const name = pod.label;
  const screen = new AttachScreen(context, pod);
  const probed = await probePod(pod).catch(() => null);
  const outOfReach = probed?.kind === 'silent' && probed.elsewhere;
  if (outOfReach || !(await isPodRunning(pod))) {
    await screen.showLog();
    throw outOfReach ? new PodOutOfReach(name) : new PodNotRunning(name);
  }
  // It may only be busy: this waits, but not without a word.
  if (probed?.kind === 'silent') context.stderr.write(`${silentText(name)}\n`);
  return await screen.stay();
}

function silentText(name: string): string {
  return `"${name}" is running and does not answer: this waits until it does; "podkin doctor" checks why, Ctrl+C detaches.`;
}

class AttachScreen {
  readonly #context: CommandContext;
  readonly #pod: FoundPod;
  readonly #attached: AttachedPod;
  readonly #view: LiveView;
  readonly #alerts = new AlertsOnce();
  readonly #desk: ApprovalDesk;
  #input: ApprovalInput | null = null;
  readonly #end: Deferred<number> = deferred();
  #hasEnded = false;
  #inputEnded = false;
  /** Submissions that were typed on this terminal: their texts are on it already. */
  readonly #typedHere = new Set<string>();

  constructor(context: CommandContext, pod: FoundPod) {
    this.#context = context;
    this.#pod = pod;
    this.#desk = new ApprovalDesk({
      color: context.color,
      keyboard: canAsk(context) ? 'keys' : 'lines',
      texts: true,
      screen: () => screenOf(context),
    });
    this.#view = new LiveView({
      write: (text) => context.stdout.styled(text),
      streaming: context.isTerminal,
      color: context.color,
      // An open approval is shown as one; of the others the call and the answer are enough.
      render: (entry) =>
        entry.type === 'approval' && entry.state === 'asked'
          ? null
          : renderEntry(entry, { color: context.color }),
    });
    this.#attached = new AttachedPod(pod, {
      deltas: context.isTerminal,
      onEvent: (event) => this.#show(event),
      onGreeting: (header) => this.#greet(header),
      onBack: () => this.#say(`"${pod.name}" is back.`),
      onDied: () =>
        this.#say(
          `"${pod.name}" has died. This waits until somebody starts it again: podkin restore ${pod.label}`,
        ),
      waitsForRestore: () => this.#isAttended(),
      onRejected: (error) => this.#say(`It was not taken: ${messageOf(error)}`),
    });
  }

  /** The history of a pod that does not run. */
  async showLog(): Promise<void> {
    await this.#attached.readLog();
    await this.#context.stdout.drained();
  }

  async stay(): Promise<number> {
    const detach = (): void => this.#detach();
    const signals = ['SIGINT', 'SIGTSTP', 'SIGQUIT'] as const;
    for (const signal of signals) process.on(signal, detach);
    const input = new ApprovalInput({
      stdin: this.#context.stdin,
      desk: this.#desk,
      editsLines: canAsk(this.#context),
      echo: (text) => this.#context.stderr.styled(text),
      say: (text) => this.#say(text),
      answer: (typed) => this.#answer(typed),
      onText: (line) => void this.#obey(parseAttachLine(line)),
      onEnd: () => (isPersons(this.#context) ? this.#detach() : void this.#onInputEnd()),
    });
    this.#input = input;
    try {
      const followed = this.#attached.follow().then((end) => this.#sayEnd(end));
      // A defect there must end this command, not hang it.
      followed.catch(() => undefined);
      const status = await Promise.race([this.#end.promise, followed]);
      this.#view.finish();
      await this.#context.stdout.drained();
      return status;
    } finally {
      this.#hasEnded = true;
      for (const signal of signals) process.off(signal, detach);
      this.#attached.close();
      input.close();
    }
  }

  #detach(): void {
    const { name, label } = this.#pod;
    this.#say(
      this.#attached.hasDied
        ? `Detached; "${name}" is not running. Start it again from its log with: podkin restore ${label}`
        : `Detached; "${name}" keeps running. Attach again with: podkin attach ${label}`,
    );
    this.#sayUnsent();
    this.#attached.close();
    this.#end.resolve(exitStatus.done);
  }

  /** Word for word: whoever typed it may want it again. */
  #sayUnsent(): void {
    for (const text of this.#attached.unsent) this.#say(`This was not sent: ${visible(text)}`);
  }

  #greet(header: PodStream['header']): void {
    const { name, cwd, model, scope, tools } = header.greeting;
    const { reads, writes, denied } = scopeText(scope);
    const rights = `reads ${reads}; writes ${writes}${denied === '' ? '' : `; ${denied}`}`;
    this.#say(`${name} (${header.status}), ${model}, in ${cwd}`);
    this.#say(`${oneLine(rights, 300)}; tools: ${tools.join(', ')}`);
    this.#say('What you type is sent to it; /help lists the commands, Ctrl+D or Ctrl+C detaches.');
  }

  /** Answers the exit status. */
  #sayEnd(end: AttachmentEnd): number {
    const { label: name } = this.#pod;
    if (end !== 'closed') this.#sayUnsent();
    switch (end) {
      case 'closed':
        return exitStatus.done;
      case 'stopped':
        this.#say(`"${name}" has ended. Start it again with: podkin restore ${name}`);
        return exitStatus.done;
      case 'died':
        this.#say(`"${name}" has died. Start it again from its log with: podkin restore ${name}`);
        return exitStatus.failed;
    }
  }

  #isAttended(): boolean {
    return this.#context.isTerminal && !this.#inputEnded;
  }

  #show(event: LiveEvent): void {
    if (event.type === 'entry' && event.entry.type === 'userMessage') {
      if (this.#typedHere.delete(event.entry.submission)) return;
    }
    if (this.#alerts.isNews(this.#pod.name, event)) this.#view.showMain(event);
    this.#input?.event(event);
  }

  async #answer(typed: TypedAnswer): Promise<void> {
    await this.#call(`answering ${typed.approval.pod}`, async (client) =>
      this.#say(await answerApproval(client, this.#desk, { typed, save: ruleSaver(this.#context) })),
    );
    // Without a connection it was not sent, and the approval waits on.
    this.#desk.settled(typed.approval.request, monotonicMs(), { open: true });
  }

  async #obey(action: AttachAction): Promise<void> {
    switch (action.kind) {
      case 'nothing':
        return;
      case 'say': {
        const submission = this.#attached.send(action.text);
        if (this.#isAttended()) this.#typedHere.add(submission);
        if (this.#attached.hasDied) {
          const { name, label } = this.#pod;
          this.#say(
            `"${name}" is not running: this is sent when it is (podkin restore ${label}), if you stay.`,
          );
        }
        return;
      }
      case 'detach':
        this.#detach();
        return;
      case 'help':
        this.#say(attachHelp);
        return;
      case 'unknown':
        this.#say(`There is no command ${oneLine(action.word, 40)}. ${attachHelp}`);
        return;
      case 'compact': {
        const { instructions } = action;
        await this.#call('compact', async (client) => {
          const { when } = await client.call('compact', instructions === undefined ? {} : { instructions });
          this.#say(compactionWords[when]);
        });
        return;
      }
      case 'set': {
        const { options } = action;
        const { typedSet } = await import('./typed-set.ts');
        await this.#call('set', async (client) => this.#say(await typedSet(this.#context, options, client)));
        return;
      }
      case 'method':
        await this.#call(action.method, (client) => client.call(action.method, {}));
    }
  }

  async #call(what: string, work: (client: Client) => Promise<unknown>): Promise<void> {
    try {
      await this.#attached.call(work);
    } catch (error) {
      this.#say(
        error instanceof NotConnected
          ? 'Not connected at the moment; try again when it is back.'
          : `${what}: ${messageOf(error)}`,
      );
    }
  }

  /** A pipe has ended: what was typed is carried out to its end. */
  async #onInputEnd(): Promise<void> {
    this.#inputEnded = true;
    while (!this.#hasEnded) {
      await sleep(settledPollMs);
      if (this.#attached.isBusy) continue;
      const state = await treeState(treeOf(this.#pod), this.#pod);
      if (state.kind === 'settled') this.#end.resolve(exitStatus.done);
      if (state.kind === 'overBudget') this.#end.resolve(exitStatus.limit);
    }
  }

  #say(text: string): void {
    this.#view.finish();
    this.#context.stderr.styled(`${text}\n`);
  }
}

/** Somebody types: the end of that is Ctrl+D, which leaves. */
function isPersons({ stdin }: Pick<CommandContext, 'stdin'>): boolean {
  return 'isTTY' in stdin && stdin.isTTY === true;
}

function messageOf(error: unknown): string {
  return thrownText(error);
}
