/** An open approval as it is shown: who asks, for what, and what the answers would mean. Pure. */
import { type ApprovalRequest, inputCharsMax } from '../../protocol/approval.ts';
import { type Approval, type Facts, sessionOf } from '../../session/facts/facts.ts';

/** Inputs of one list, in characters: what is behind them is shown by its summary alone. */
const inputsCharsMax = 1_000_000;

/** `path`: of this pod. */
export function requestOf(facts: Facts, approval: Approval, path: string): ApprovalRequest {
  const { request, tool, summary, why, askedAt, offers, call, form } = approval;
  const { name, instance } = sessionOf(facts);
  return {
    request,
    pod: { name, instance },
    tool,
    summary,
    why,
    askedAt,
    ...(offers === undefined ? {} : { offers }),
    call,
    path,
    ...(form === undefined
      ? {
          ...inputOf(facts.turn?.dangling.get(call)?.input),
          always: alwaysText(approval),
          ...sandboxOf(approval),
        }
      : { form }),
  };
}

function inputOf(input: ApprovalRequest['input']): Pick<ApprovalRequest, 'input' | 'inputChars'> {
  if (input === undefined) return {};
  const inputChars = JSON.stringify(input).length;
  return inputChars > inputCharsMax ? { inputChars } : { input, inputChars };
}

/** What a child said of an input is not believed: only its length here counts. */
export function bounded(approval: ApprovalRequest): ApprovalRequest {
  const { input, inputChars: said, ...rest } = approval;
  if (input !== undefined) return { ...rest, ...inputOf(input) };
  return said === undefined ? rest : { ...rest, inputChars: said };
}

/** The inputs of the first ones that fit into one message. */
export function fitting(open: readonly ApprovalRequest[]): ApprovalRequest[] {
  let left = inputsCharsMax;
  return open.map((approval) => {
    const { input, ...rest } = approval;
    if (input === undefined) return approval;
    left -= approval.inputChars ?? 0;
    return left < 0 ? rest : approval;
  });
}

function alwaysText({ tool, always }: Approval): string {
  if (tool !== 'Bash')
    return `this very input of ${tool}, leading to the same place, is not asked about again in this pod`;
  const where = always.outside ? 'also where no sandbox holds it' : 'inside a sandbox';
  return `this very command is not asked about again in this pod, ${where}`;
}

function sandboxOf({ tool, always }: Approval): Pick<ApprovalRequest, 'sandbox'> {
  if (always.outside) return { sandbox: 'outside' };
  return tool === 'Bash' ? { sandbox: 'inside' } : {};
}
