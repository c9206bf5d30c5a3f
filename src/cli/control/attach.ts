/**
 * `podkin attach`: one pod's history and its work as plain text, and what is typed goes to it. Detaching
 * stops nothing. The connection may come and go:
 * it is made again behind the last entry seen, so nothing is shown twice and nothing is left out.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readEntries } from '../../session/log/read-log.ts';
import { scopeText } from '../../session/settings/scope-text.ts';
import { monotonicMs } from '../../std/clock.ts';
import { type Deferred, deferred } from '../../std/deferred.ts';
import { uuidv7 } from '../../std/uuid.ts';
import type { Client } from '../../transport/client.ts';
import { AlertsOnce } from '../pods/alerts-once.ts';
import { notRunning } from '../pods/ask-pod.ts';
import { type AttachAction, attachHelp, parseAttachLine } from './attach-line.ts';
import { CommandFailed, type CommandContext, exitStatus, screenOf } from '../invocation/context.ts';
import { canAsk } from '../invocation/ask-person.ts';
import { findPod, type FoundPod } from '../pods/find-pod.ts';
import { LiveView } from '../pods/live-view.ts';
import { type LiveEvent, openPodStream, type PodStream } from '../pods/pod-stream.ts';
import { oneLine } from '../format/printable.ts';
import { answerQuestion } from '../approvals/answer-question.ts';
import { ApprovalDesk } from '../approvals/question-desk.ts';
import { QuestionInput, type TypedAnswer } from '../approvals/question-input.ts';
import { treeState } from '../pods/settled-tree.ts';
import { notKnown } from '../pods/pod-probe.ts';
import { runs } from './stop-pod.ts';
import { renderEntry } from '../format/transcript.ts';

const redialMs = 200;
/** Without a person to wait for a restore, how long a pod that has died may take to come back. */
const unattendedWaitMs = 3_000;
const lookAgainMs = 250;

/**
 * Throws `CommandFailed` where there is no such pod, or where it does not run (after showing its history).
 */
export async function attachCommand(context: CommandContext, name: string): Promise<number> {
  const pod = findPod(context.home, name);
  const attached = new Attached(context, pod);
  const doubt = await notKnown(pod);
  if (doubt !== null || !(await runs(pod))) {
    await attached.showLog();
    throw new CommandFailed(exitStatus.failed, doubt ?? notRunning(pod.name));
  }
  return await attached.stay();
}

/**
 * A typed text, kept until the pod has said that it is on disk: sent again under the same id, it counts once.
 */
interface Typed {
  readonly submission: string;
  readonly input: string;
}

class Attached {
  readonly #context: CommandContext;
  readonly #pod: FoundPod;
  readonly #view: LiveView;
  readonly #alerts = new AlertsOnce();
  readonly #desk: ApprovalDesk;
  #input: QuestionInput | null = null;
  readonly #end: Deferred<number> = deferred();
  #ended = false;
  #stream: PodStream | null = null;
  #seen = 0;
  /** The newest life has said that it stops. */
  #stopped = false;
  /** The present absence has been told. */
  #toldAway = false;
  #inputEnded = false;
  readonly #typed: Typed[] = [];
  /** Commands that were typed and have no answer yet. */
  #commandsOpen = 0;
  /** Piped lines arrive before the first connection does: a command among them waits for it. */
  readonly #connected: Deferred<void> = deferred();
  /** On a terminal these stand there already, as they were typed. */
  readonly #own = new Set<string>();
  #sending = false;

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
      // A question that is open is shown as one; of the others the call and the answer tell.
      render: (entry) =>
        entry.type === 'approval' && entry.state === 'asked'
          ? null
          : renderEntry(entry, { color: context.color }),
    });
    void this.#end.promise.then(() => {
      this.#ended = true;
    });
  }

  /** The history of a pod that does not run. */
  async showLog(): Promise<void> {
    for await (const { entry } of readEntries(this.#pod.folder.log)) this.#take({ type: 'entry', entry });
    await this.#context.stdout.drained();
  }

  async stay(): Promise<number> {
    const detach = (): void => this.#detach();
    const signals = ['SIGINT', 'SIGTSTP', 'SIGQUIT'] as const;
    for (const signal of signals) process.on(signal, detach);
    const input = new QuestionInput({
      stdin: this.#context.stdin,
      desk: this.#desk,
      editsLines: canAsk(this.#context),
      echo: (text) => this.#context.stderr.styled(text),
      tell: (text) => this.#tell(text),
      answer: (typed) => this.#answer(typed),
      onText: (line) => void this.#obey(parseAttachLine(line)),
      onEnd: () => void this.#onInputEnd(),
    });
    this.#input = input;
    try {
      const following = this.#follow();
      // A defect there must end this command, not hang it.
      following.catch(() => undefined);
      const status = await Promise.race([this.#end.promise, following]);
      this.#view.finish();
      await this.#context.stdout.drained();
      return status;
    } finally {
      this.#ended = true;
      for (const signal of signals) process.off(signal, detach);
      this.#stream?.close();
      input.close();
    }
  }

  #detach(): void {
    this.#tell(`Detached; "${this.#pod.name}" goes on. Back with: podkin attach ${this.#pod.name}`);
    this.#end.resolve(exitStatus.done);
  }

  /** Connection after connection, until the pod has ended for good. */
  async #follow(): Promise<number> {
    let greeted = false;
    let lostAtMs: number | null = null;
    while (!this.#ended) {
      const stream = await this.#open();
      if (stream === null) {
        lostAtMs ??= monotonicMs();
        const status = await this.#whileAway(lostAtMs);
        if (status !== null) return status;
        continue;
      }
      // Left while it was being made: it would be held open for nobody.
      if (this.#hasEnded()) {
        stream.close();
        break;
      }
      if (!greeted) this.#greet(stream);
      else if (lostAtMs !== null) this.#tell(`"${this.#pod.name}" is back.`);
      greeted = true;
      this.#toldAway = false;
      lostAtMs = null;
      void this.#sendTyped();
      this.#connected.resolve();
      await stream.closed;
      this.#stream = null;
    }
    return exitStatus.done;
  }

  async #open(): Promise<PodStream | null> {
    const { socket: path, instance } = this.#pod;
    try {
      const since = this.#seen;
      const onEvent = (event: LiveEvent): void => this.#take(event);
      this.#stream = await openPodStream({
        path,
        instance,
        since,
        deltas: this.#context.isTerminal,
        onEvent,
      });
      // The log is not the one that we knew: it comes whole, and so does what we show.
      if (this.#stream.header.reset) this.#seen = 0;
      return this.#stream;
    } catch {
      // Why it is away is found out by looking at the pod, not at the error.
      return null;
    }
  }

  #greet(stream: PodStream): void {
    const { name, cwd, model, scope, tools } = stream.header.greeting;
    const { reads, writes, denied } = scopeText(scope);
    const rights = `reads ${reads}; writes ${writes}${denied === '' ? '' : `; ${denied}`}`;
    this.#tell(`${name} (${stream.header.status}), ${model}, in ${cwd}`);
    this.#tell(`${oneLine(rights, 300)}; tools: ${tools.join(', ')}`);
    this.#tell('What you type is sent to it; /help lists the commands, Ctrl+C detaches.');
  }

  /** Null: look again. Otherwise the exit status. */
  async #whileAway(lostAtMs: number): Promise<number | null> {
    const { name } = this.#pod;
    if (!(await runs(this.#pod))) {
      await this.showLog();
      if (this.#stopped) {
        this.#tell(`"${name}" has ended. Start it again with: podkin restore ${name}`);
        return exitStatus.done;
      }
      const awayMs = monotonicMs() - lostAtMs;
      if (!this.#attended() && awayMs > unattendedWaitMs) {
        this.#tell(`"${name}" has died. Start it again from its log with: podkin restore ${name}`);
        return exitStatus.failed;
      }
      if (!this.#toldAway && this.#attended()) {
        this.#tell(`"${name}" has died. This waits until somebody starts it again: podkin restore ${name}`);
      }
      this.#toldAway = true;
    }
    await sleep(redialMs);
    return null;
  }

  /** Asked anew after each await: what ends this comes from outside the loop. */
  #hasEnded(): boolean {
    return this.#ended;
  }

  #attended(): boolean {
    return this.#context.isTerminal && !this.#inputEnded;
  }

  #take(event: LiveEvent): void {
    if (event.type === 'entry') {
      const { entry } = event;
      if (entry.seq <= this.#seen) return;
      this.#seen = entry.seq;
      if (entry.type === 'started') this.#stopped = false;
      if (entry.type === 'stopped') this.#stopped = true;
      if (entry.type === 'userMessage' && this.#own.delete(entry.submission)) return;
    }
    if (this.#alerts.isNews(this.#pod.name, event)) this.#view.showMain(event);
    this.#input?.event(event);
  }

  async #answer(typed: TypedAnswer): Promise<void> {
    await this.#command(`answering ${typed.question.pod}`, async (client) =>
      this.#tell(await answerQuestion(client, this.#desk, typed)),
    );
    // Without a connection it was not sent, and the question waits on.
    this.#desk.settled(typed.question.request, monotonicMs(), { open: true });
  }

  async #obey(action: AttachAction): Promise<void> {
    switch (action.kind) {
      case 'nothing':
        return;
      case 'say':
        this.#type(action.text);
        await this.#sendTyped();
        return;
      case 'detach':
        this.#detach();
        return;
      case 'help':
        this.#tell(attachHelp);
        return;
      case 'unknown':
        this.#tell(`There is no command ${oneLine(action.word, 40)}. ${attachHelp}`);
        return;
      case 'method':
        await this.#control(action.method);
    }
  }

  #type(input: string): void {
    const submission = uuidv7();
    this.#typed.push({ submission, input });
    if (this.#attended()) this.#own.add(submission);
  }

  async #control(method: 'pause' | 'resume' | 'cancel' | 'shutdown'): Promise<void> {
    await this.#command(method, (client) => client.call(method, {}));
  }

  async #command(what: string, work: (client: Client) => Promise<unknown>): Promise<void> {
    this.#commandsOpen += 1;
    try {
      await this.#connected.promise;
      const client = this.#stream?.client;
      if (client === undefined) this.#tell('Not connected at the moment; try again when it is back.');
      else await work(client);
    } catch (error) {
      this.#tell(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.#commandsOpen -= 1;
    }
  }

  /** In order, one at a time. What a broken connection left open is sent again over the next. */
  async #sendTyped(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let next = this.#typed[0]; next !== undefined; next = this.#typed[0]) {
        const stream = this.#stream;
        if (stream === null) return;
        try {
          await stream.client.call('run', { input: next.input, submission: next.submission });
        } catch (error) {
          if (!stream.client.connection.writable) return;
          this.#tell(`It was not taken: ${error instanceof Error ? error.message : String(error)}`);
        }
        this.#typed.shift();
      }
    } finally {
      this.#sending = false;
    }
  }

  /** Nobody types any more: what was typed is seen through to its end. */
  async #onInputEnd(): Promise<void> {
    this.#inputEnded = true;
    while (!this.#ended) {
      await sleep(lookAgainMs);
      if (this.#typed.length > 0 || this.#commandsOpen > 0 || this.#stream === null) continue;
      const state = await treeState(this.#context.home, this.#pod);
      if (state.kind === 'settled') this.#end.resolve(exitStatus.done);
      if (state.kind === 'overBudget') this.#end.resolve(exitStatus.limit);
    }
  }

  #tell(text: string): void {
    this.#view.finish();
    this.#context.stderr.styled(`${text}\n`);
  }
}
