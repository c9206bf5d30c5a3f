/**
 * Carries out what an action has in the world: calls of pods, commands, and what is told the person of it.
 * What ends the screen, and what concerns the terminal and the input, is `screen`'s own.
 */
import { thrownText } from '../../std/thrown-text.ts';
import type { ApprovalRequest } from '../../protocol/approval.ts';
import { compactionWords } from '../../client/compaction-words.ts';
import { visible } from '../text.ts';
import type { Commands, StartSettings, Watching } from '../ports.ts';
import type { Effect, Prompt } from '../state.ts';

/** The effects that are for pods. */
export type PodEffect = Extract<
  Effect,
  {
    kind: 'send' | 'answer' | 'rule' | 'control' | 'set' | 'compact' | 'drop' | 'rules';
  }
>;

export interface EffectParts {
  readonly watching: Watching;
  readonly commands: Commands;
  readonly draft: StartSettings;
  readonly say: (text: string, how?: { readonly isError: boolean }) => void;
  readonly ask: (prompt: Prompt) => void;
  /** A root was started, and is to be shown. */
  readonly started: (instance: string) => void;
  /** The answer to that request did not arrive: it waits on. */
  readonly unanswered: (request: string) => void;
  /** A text that was not taken, and why: nothing that was typed is lost. */
  readonly giveBack: (text: string) => void;
}

/** Never rejects: what went wrong is said. */
export async function carryOut(effect: PodEffect, parts: EffectParts): Promise<void> {
  try {
    await doIt(effect, parts);
  } catch (error) {
    const text = thrownText(error);
    parts.say(text, { isError: true });
    if (effect.kind === 'answer') parts.unanswered(effect.request);
    if (effect.kind === 'send') parts.giveBack(effect.text);
  }
}

async function doIt(effect: PodEffect, parts: EffectParts): Promise<void> {
  const { watching, commands, say } = parts;
  switch (effect.kind) {
    case 'send':
      await send(effect, parts);
      return;
    case 'answer':
      await answer(effect, parts);
      return;
    case 'rule':
      rule(effect, parts);
      return;
    case 'control':
      await control(effect, parts);
      return;
    case 'set':
      say(await commands.set(effect.instance, effect.settings));
      return;
    case 'compact': {
      const { instance, instructions } = effect;
      const { when } = await watching.call(
        instance,
        'compact',
        instructions === null ? {} : { instructions },
      );
      say(compactionWords[when]);
      return;
    }
    case 'drop':
      await drop(effect, parts);
      return;
    case 'rules':
      say(await commands.rules(effect.words));
  }
}

async function send({ to, text }: Extract<Effect, { kind: 'send' }>, parts: EffectParts): Promise<void> {
  const { watching, commands, draft, started, say } = parts;
  if (to !== null) {
    watching.send(text);
    const row = watching.tree.rows.find(({ instance }) => instance === to);
    if (row?.status === 'dead' || row?.status === 'stopped')
      say(
        `"${row.name}" is not running: this is sent when it is (/restore, or podkin restore ${row.path}), if you stay.`,
      );
    return;
  }
  say('starting …');
  started(await commands.start(text, draft));
}

async function answer(effect: Extract<Effect, { kind: 'answer' }>, parts: EffectParts): Promise<void> {
  const { watching, commands, say } = parts;
  const { request, decision, reason, rule: byRule, write, content } = effect;
  const approval = openApproval(request, watching);
  const offered = write === true ? approval.offers?.write : undefined;
  const taken = await watching.call(approval.pod.instance, 'approve', {
    request,
    decision,
    ...(reason !== undefined && reason !== '' && { reason }),
    ...(byRule !== undefined && { rule: byRule.text }),
    ...(offered !== undefined && { write: offered }),
    ...(content !== undefined && { content }),
  });
  const { name } = approval.pod;
  const opened = offered === undefined ? '' : `; it may write ${visible(offered)} from now on.`;
  const done = `${name} is answered: ${decision}${opened}`;
  if (byRule === undefined) return say(done);
  if (taken.rule === undefined)
    return say(`${name}: the call alone is allowed; it was started by an older podkin, which takes no rule`);
  say(byRule.save ? await commands.saveRule(approval.pod, byRule.text) : `${done}, by ${byRule.text}`);
}

function rule({ request, text }: Extract<Effect, { kind: 'rule' }>, parts: EffectParts): void {
  const { watching, commands, say, ask } = parts;
  const { summary } = openApproval(request, watching);
  if (text === null) {
    return ask({ kind: 'rule', request, label: 'By the rule: ', text: commands.ruleFor(summary) });
  }
  const offered = commands.ruleMeaning(text, summary);
  if ('problem' in offered) return say(`Nothing was answered: ${offered.problem}`, { isError: true });
  ask({
    kind: 'ruleFor',
    request,
    label: 'Enter: for this pod and those that it starts; s: for this project too: ',
    text: '',
    about: offered.meaning,
  });
}

function openApproval(request: string, { tree }: Watching): ApprovalRequest {
  const found = tree.questions.find(({ approval }) => approval.request === request);
  if (found === undefined) throw new Error('That approval request is not open any more; nothing was sent.');
  return found.approval;
}

async function control(effect: Extract<Effect, { kind: 'control' }>, parts: EffectParts): Promise<void> {
  const { watching, commands, say } = parts;
  const { method, instance } = effect;
  switch (method) {
    case 'pause':
    case 'resume':
    case 'cancel':
      await watching.call(instance, method, {});
      return;
    case 'stop':
      say('stopping …');
      say(await commands.stop(instance, { below: true }));
      return;
    case 'restore':
    case 'restoreTree':
      say('starting …');
      say(await commands.restore(instance, { tree: method === 'restoreTree' }));
      return;
    case 'remove':
      say(await commands.remove(instance));
  }
}

/** Numbered from 1, as `status.queue` has them. */
async function drop(effect: Extract<Effect, { kind: 'drop' }>, parts: EffectParts): Promise<void> {
  const { watching, say, giveBack } = parts;
  const { queue = [] } = await watching.call(effect.instance, 'status', {});
  const found = effect.which === 'last' ? queue.at(-1) : queue[effect.which - 1];
  if (found === undefined) return say('There is nothing of that number in its queue.', { isError: true });
  await watching.call(effect.instance, 'drop', { submission: found.submission });
  say('It is taken out of the queue.');
  if (found.text.length === found.textChars) giveBack(found.text);
}
