/** `podkin approvals` and `podkin approve`: the approvals that wait for a person, and the answer to one. */
import { basename } from 'node:path';
import { contentProblem, contentTyped, type Form, type FormContent } from '../../protocol/form.ts';
import type { Result } from '../../protocol/methods.ts';
import { userHome } from '../../session/home/places.ts';
import { saveRules } from '../../configuration/saved-rules.ts';
import { ruledText, ruleHint, savedText, writeHint } from './ruled-text.ts';
import { bringCopies } from '../../machines/copied-logs.ts';
import { askPod } from '../../client/ask-pod.ts';
import type { CommandContext } from '../invocation/context.ts';
import { CommandFailed, exitStatus, screenOf, jsonText } from '../invocation/context.ts';
import { lookUp } from '../../client/find-pod.ts';
import { type OpenApproval, openApprovals } from '../../client/open-approvals.ts';
import type { Home } from '../../session/home/home.ts';
import { oneLine, visible } from '../format/printable.ts';
import { cutOff, approvalPages } from './approval-text.ts';
import { age } from '../format/table.ts';

export interface ApprovalsOptions {
  readonly json: boolean;
  /** Long calls whole. */
  readonly full: boolean;
}

export async function approvalsCommand(context: CommandContext, options: ApprovalsOptions): Promise<number> {
  // What a pod on another machine asks is in its log there.
  await bringCopies(context.home);
  const approvals = await openApprovals(context.home);
  if (options.json) {
    const rows = approvals.map(({ pod, whole, ...rest }) => ({
      ...rest,
      summary: options.full ? (whole ?? rest.summary) : rest.summary,
      pod: pod.name,
      path: pod.path,
      instance: pod.instance,
    }));
    context.stdout.write(jsonText(rows));
    return exitStatus.done;
  }
  if (approvals.length === 0) context.stderr.write('No pending approvals.\n');
  for (const approval of approvals) {
    const { request, pod, running, askedAt } = approval;
    const since = age(Date.now() - Date.parse(askedAt));
    const { text, isWhole } = shownText(context, approval, options.full);
    const answer = isLong(approval)
      ? isWhole
        ? `podkin approve ${request} --full (or --deny)`
        : wayToRead(approval)
      : approval.form !== undefined
        ? `podkin approve ${request}${answerHint(approval.form)}, or --deny`
        : `podkin approve ${request} [--deny]${ruleHint(approval)}${writeHint(approval)}`;
    const how = running
      ? answer
      : `"${pod.name}" is not running: podkin restore ${pod.label}, then podkin approve ${request}`;
    context.stdout.styled(`${text}\n  ${since} ago; ${how}\n`);
  }
  return exitStatus.done;
}

function answerHint({ fields }: Form): string {
  const [first, ...others] = fields;
  if (first === undefined) return '';
  return ` --answer ${first.name}=…${others.length > 0 ? ` ${others.map(({ name }) => `${name}=…`).join(' ')}` : ''}`;
}

function shownText(
  context: CommandContext,
  approval: OpenApproval,
  full: boolean,
): { text: string; isWhole: boolean } {
  const { columns } = screenOf(context);
  const { request, tool, summary, whole, why } = approval;
  const named = { request, pod: approval.pod.label, tool, why };
  const asked =
    full && whole !== null ? { ...named, summary: whole, isWhole: true as const } : { ...named, summary };
  const [page] = approvalPages(asked, { color: context.color, columns, rows: null });
  return page ?? { text: '', isWhole: false };
}

/** Of its call an approval request shows only the beginning. */
function isLong({ summary }: OpenApproval): boolean {
  return cutOff(summary).left > 0;
}

function wayToRead({ whole, request }: OpenApproval): string {
  return whole === null
    ? `its end cannot be read in the log, so it takes only a no: podkin approve ${request} --deny`
    : '"podkin approvals --full" shows all of it and says how it is answered';
}

export interface ApproveOptions {
  readonly deny: boolean;
  readonly always: boolean;
  /** A person has read all of a long call. */
  readonly full: boolean;
  readonly reason: string | undefined;
  /** A rule that is to hold from then on. */
  readonly rule: string | undefined;
  /** For later runs in the pod's project too. */
  readonly save: boolean;
  /** What the pod may write from then on. */
  readonly write: string | undefined;
  /** What a form is filled in with, `name=value` each. */
  readonly answer: readonly string[];
}

/** `meant`: an approval's id or its beginning, or the name of the pod that asks. */
export async function approveCommand(
  context: CommandContext,
  meant: string,
  options: ApproveOptions,
): Promise<number> {
  refuseContradictions(options);
  const approval = approvalMeant(await openApprovals(context.home), meant, context.home);
  const { request, pod, running } = approval;
  if (!running) {
    throw new CommandFailed(
      exitStatus.failed,
      `"${pod.name}" is not running and can take no answer: "podkin restore ${pod.label}" starts it again, its approval stays pending`,
    );
  }
  // A name and an id are known before anything was shown.
  if (!options.deny && isLong(approval) && (!options.full || approval.whole === null)) {
    throw new CommandFailed(
      exitStatus.usage,
      `the call of "${pod.name}" is longer than an approval request shows, and there is no yes before all of it was read: ${wayToRead(approval)}. Nothing was answered`,
    );
  }
  // On stderr: what was answered is the data.
  context.stderr.styled(`${shownText(context, approval, true).text}\n`);
  const decision = options.deny ? 'deny' : options.always ? 'allowAlways' : 'allow';
  const { reason, rule } = options;
  const write = options.write === undefined ? undefined : offeredPath(approval, options.write);
  const more = {
    ...(reason === undefined ? {} : { reason }),
    ...(rule === undefined ? {} : { rule }),
    ...(write === undefined ? {} : { write }),
    ...filledIn(approval, options),
  };
  const answer = await askPod(pod, 'approve', { request, decision, ...more });
  const word = { deny: 'denied', allow: 'allowed', allowAlways: 'allowed, now and always' }[answer.decision];
  context.stdout.write(
    `${answer.pod.name}: ${visible(answer.tool)} ${word}: ${oneLine(visible(answer.summary), 200)}\n`,
  );
  return rule === undefined ? exitStatus.done : await ruled(context, { rule, answer, pod }, options);
}

/** Throws `CommandFailed`: the pod would refuse it too. */
function filledIn({ form, pod }: OpenApproval, { answer, deny }: ApproveOptions): { content?: FormContent } {
  const refuse = (why: string): never => {
    throw new CommandFailed(exitStatus.usage, `${why} Nothing was answered`);
  };
  if (form === undefined)
    return answer.length === 0 ? {} : refuse(`"${pod.name}" asks about a call: --answer is for a form.`);
  if (deny) return {};
  const content = contentTyped(form, answer);
  if (typeof content === 'string') return refuse(content);
  const problem = contentProblem(form, content);
  return problem === null
    ? { content }
    : refuse(`${problem} Fill it in with --answer NAME=VALUE, or decline it with --deny.`);
}

/** The call is allowed: what came of the rule. */
async function ruled(
  context: CommandContext,
  { rule, answer, pod }: { rule: string; answer: Result<'approve'>; pod: OpenApproval['pod'] },
  { save }: ApproveOptions,
): Promise<number> {
  context.stdout.write(`${ruledText(rule, answer)}\n`);
  if (answer.rule === undefined) return exitStatus.failed;
  if (!save) return exitStatus.done;
  const at = { cwd: pod.spec.cwd, personHome: userHome(context.environment) };
  context.stdout.write(`${savedText(rule, await saveRules(context.home, at, [rule]))}\n`);
  return exitStatus.done;
}

/** By its name or its whole path. Throws `CommandFailed`. */
function offeredPath({ offers, pod }: OpenApproval, named: string): string {
  const path = offers?.write;
  if (path !== undefined && [path, basename(path)].includes(named.replace(/\/$/, ''))) return path;
  const what = path === undefined ? 'nothing to be written' : `--write ${basename(path)}`;
  throw new CommandFailed(
    exitStatus.usage,
    `the approval request of "${pod.name}" offers ${what}; start a pod with "run --write" for other paths. Nothing was answered`,
  );
}

function refuseContradictions({ deny, always, reason, rule, save, write, answer }: ApproveOptions): void {
  const refuse = (text: string): never => {
    throw new CommandFailed(exitStatus.usage, `${text}. Nothing was answered`);
  };
  if (deny && answer.length > 0) refuse('--answer fills a form in and --deny declines it: give one of them');
  if (deny && always) refuse('--always is a yes and --deny is none: give one of them');
  if (deny && rule !== undefined) refuse('--rule is a yes and --deny is none: give one of them');
  if (deny && write !== undefined) refuse('--write is a yes and --deny is none: give one of them');
  if (always && rule !== undefined)
    refuse('--always is for this very call and --rule for more: give one of them');
  if (save && rule === undefined) refuse('--save goes with --rule, which says what is saved');
  if (reason !== undefined && !deny) {
    refuse('--reason goes with --deny: the model reads it with the no; add --deny, or leave --reason out');
  }
}

function isCalled({ name, path, instance }: OpenApproval['pod'], meant: string): boolean {
  return [name, path, instance].includes(meant);
}

/**
 * The one approval that is meant: by its whole id, the name or path of the pod that asks, or the beginning of
 * the id. Throws `CommandFailed` and `AmbiguousName`.
 */
function approvalMeant(approvals: readonly OpenApproval[], meant: string, home: Home): OpenApproval {
  const exact = approvals.find(({ request }) => request === meant);
  if (exact !== undefined) return exact;
  const called = approvals.some(({ pod }) => isCalled(pod, meant)) ? lookUp(home, meant) : null;
  const asking = approvals.filter(({ pod }) => pod.instance === called?.instance);
  const matching = asking.length > 0 ? asking : approvals.filter(({ request }) => request.startsWith(meant));
  const [first, ...others] = matching;
  if (first === undefined || meant === '') {
    const isPod = lookUp(home, meant) !== null;
    throw new CommandFailed(
      isPod ? exitStatus.failed : exitStatus.noSuchPod,
      isPod
        ? `"${meant}" has no pending approval; "podkin approvals" lists them all`
        : `no pending approval has an id that begins with ${JSON.stringify(meant.slice(0, 63))}, and no pod has that name; "podkin approvals" lists them`,
    );
  }
  if (others.length > 0) {
    const ids = matching.map(({ request }) => request).join(', ');
    throw new CommandFailed(exitStatus.usage, `"${meant}" could mean ${ids}: name one of them`);
  }
  return first;
}
