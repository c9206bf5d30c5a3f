/**
 * The tools that a host outside is offered: what its model reads of each, and what is taken. Absent: a tool
 * that answers a question, and one that gives a pod more than this server's flags.
 */
import * as z from 'zod';
import { mailboxBounds } from '../../protocol/mailbox.ts';
import { usdMax } from '../../protocol/limits.ts';
import { podNamePattern } from '../../protocol/names.ts';
import { minutesMax } from '../../session/settings/demands.ts';
import { once } from '../../std/once.ts';

const { labelCharsMax, requestCharsMax, acknowledgedMax, identityCharsMax } = mailboxBounds;
/** A task, a message, instructions: a line of a log has to hold it. */
const textCharsMax = 1_000_000;
const pathsMax = 200;
const waitSecondsMax = 600;
/** Below the time that hosts give a tool which they do not know. */
const waitSecondsDefault = 50;

const podNameField = once(() =>
  z
    .string()
    .regex(podNamePattern, 'a name is 1 to 63 of a-z, 0-9 and "-", beginning with a letter or digit')
    .describe('Name of one of your pods'),
);
const request = once(() =>
  z
    .string()
    .min(1)
    .max(requestCharsMax)
    .optional()
    .describe(
      'An id of your own for this call: given again with it, nothing is done twice and the answer is the same',
    ),
);
const paths = once(() => z.array(z.string().min(1).max(4_096)).max(pathsMax));
const minutes = once(() => z.number().positive().max(minutesMax).optional());
const longText = once(() => z.string().min(1).max(textCharsMax));

const spawnInput = once(() =>
  z.strictObject({
    name: podNameField().describe('Name for the new pod: a-z, 0-9 and "-", not used yet'),
    task: longText().describe('Everything that the pod needs to know; it sees nothing of this conversation'),
    write: paths()
      .optional()
      .describe(
        'Paths that it may change, inside what this server was given; each means all below it. None: it may only read',
      ),
    read: paths().optional().describe('Paths that it may read; default: all that this server was given'),
    wait: z
      .boolean()
      .optional()
      .describe('If another pod holds one of the paths to write, begin when it is free'),
    model: z.string().min(1).max(300).optional().describe('provider/model; default: the one of this server'),
    instructions: longText().optional().describe('Standing instructions beside the task'),
    maxCost: z.number().positive().max(usdMax).optional().describe('US dollars that it may spend at most'),
    timeoutMinutes: minutes().describe('End its work after so long'),
    idleMinutes: minutes().describe('End its work after so long without a sign of it'),
    result: z
      .record(z.string(), z.any())
      .optional()
      .describe('JSON Schema of its final answer, which its report then holds as data'),
    label: z
      .string()
      .min(1)
      .max(labelCharsMax)
      .optional()
      .describe('A word of yours that its reports bring back, to tell conversations apart'),
    request: request(),
  }),
);

const sendInput = once(() =>
  z.strictObject({
    name: podNameField(),
    message: longText().describe('What it is to do next'),
    request: request(),
  }),
);

const stopInput = once(() => z.strictObject({ name: podNameField(), request: request() }));

const ids = once(() => z.array(z.string().min(1).max(identityCharsMax)).max(acknowledgedMax).optional());

const waitInput = once(() =>
  z.strictObject({
    ack: ids().describe('First, as pods_inbox does: ids of reports that you have dealt with'),
    names: z
      .array(podNameField())
      .max(100)
      .optional()
      .describe('End the waiting only with a report of one of these'),
    timeoutSeconds: z
      .number()
      .positive()
      .max(waitSecondsMax)
      .default(waitSecondsDefault)
      .describe(`At most so long, up to ${waitSecondsMax}; call again to wait on`),
  }),
);

const inboxInput = once(() =>
  z.strictObject({
    ack: ids().describe('Ids of reports that you have dealt with: they are not shown again'),
  }),
);

const readInput = once(() =>
  z.strictObject({
    name: podNameField(),
    cursor: z
      .string()
      .max(300)
      .optional()
      .describe('From the last answer: goes on behind it; left out, from the beginning'),
  }),
);

export const toolTable = {
  spawn_pod: {
    input: spawnInput,
    isReadOnly: false,
    description:
      'Start an agent of its own, a "pod", on a task. It works by itself in a process of its own, also when this session ends. Its report comes with wait_pods or pods_inbox. Start what you need, then wait.',
  },
  send_to_pod: {
    input: sendInput,
    isReadOnly: false,
    description:
      'Give one of your pods something more to do. While it is working this waits for its turn; where its process has ended it is started again from its log. Its report comes as with spawn_pod.',
  },
  wait_pods: {
    input: waitInput,
    isReadOnly: true,
    description:
      'Wait until a pod has reported, none is working any more, or the time is over. Answers the reports like pods_inbox. Call it again to go on waiting: nothing is lost in between.',
  },
  pods_inbox: {
    input: inboxInput,
    isReadOnly: false,
    description:
      'The reports of your pods that you have not acknowledged. Each stays until you give its id in "ack", over restarts of everything: acknowledge it once you have dealt with it.',
  },
  read_pod_output: {
    input: readInput,
    isReadOnly: true,
    description:
      'Read what a pod has written, from a cursor on, and whether it is working. For more than its report shows; not for waiting.',
  },
  stop_pod: {
    input: stopInput,
    isReadOnly: false,
    description:
      'End one of your pods and those below it. Its log stays readable, and send_to_pod starts it again. Unfinished work does not go on by itself.',
  },
  list_pods: {
    input: once(() => z.strictObject({})),
    isReadOnly: true,
    description: 'List your pods: name, status, task, and whether a report is still to come.',
  },
} as const;

export type ToolName = keyof typeof toolTable;
export type ToolInput<N extends ToolName> = z.output<ReturnType<(typeof toolTable)[N]['input']>>;

export function isToolName(called: string): called is ToolName {
  return Object.hasOwn(toolTable, called);
}

/** For a host: each with the JSON Schema of its input. */
export function offeredTools(): {
  name: string;
  description: string;
  inputSchema: { type: 'object'; [key: string]: unknown };
  annotations: { readOnlyHint: boolean; destructiveHint: boolean; openWorldHint: boolean };
}[] {
  return Object.entries(toolTable).map(([called, { description, input, isReadOnly }]) => {
    const { $schema: _, ...schema } = z.toJSONSchema(input(), { io: 'input' });
    return {
      name: called,
      description,
      inputSchema: { ...schema, type: 'object' as const },
      annotations: { readOnlyHint: isReadOnly, destructiveHint: called === 'stop_pod', openWorldHint: false },
    };
  });
}
