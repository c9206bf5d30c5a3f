/** What a root and the program that it belongs to say to each other: whose it is, and the program's tools. */
import * as z from 'zod';
import { once } from '../std/once.ts';

export const ownToolBounds = {
  toolsMax: 64,
  descriptionCharsMax: 2_000,
  /** Of one schema, as JSON, and of all that a program offers. */
  schemaCharsMax: 32_768,
  allCharsMax: 262_144,
  /** Of an answer; what a model is shown of it is less. */
  textCharsMax: 1_048_576,
} as const;

/** Of a tree: `program`, it ends with its program; `own`, it lives until it is stopped. */
const lifetimes = ['program', 'own'] as const;
export type Lifetime = (typeof lifetimes)[number];

/** Which process the program is, for a root that does not hear from it. */
const ownerProcess = once(() =>
  z.object({
    pid: z.int().positive(),
    startTime: z.string().max(128),
    bootId: z.string().max(128),
    /** In which its pid counts; null where the system has none. */
    namespace: z.string().max(128).nullable(),
  }),
);
export type OwnerProcess = z.infer<ReturnType<typeof ownerProcess>>;

/** Told to a pod with its start. */
export const ownedBySchema = once(() =>
  z.strictObject({
    tokenHash: z.string().regex(/^[0-9a-f]{64}$/),
    lifetime: z.enum(lifetimes),
    process: ownerProcess().optional(),
  }),
);
export type OwnedBy = z.infer<ReturnType<typeof ownedBySchema>>;

const ownerToken = once(() => z.string().min(1).max(256));

const ownParams = once(() =>
  z.object({
    token: ownerToken(),
    lifetime: z.enum(lifetimes).optional(),
    process: ownerProcess().optional(),
  }),
);
const ownResult = once(() => z.object({ lifetime: z.enum(lifetimes) }));
const detachParams = once(() => z.object({ token: ownerToken() }));

const offeredTool = once(() =>
  z.object({
    name: z
      .string()
      .regex(
        /^[A-Za-z][A-Za-z0-9_-]{0,63}$/,
        'a tool has 1 to 64 letters, digits, "_" and "-", a letter first',
      ),
    description: z.string().max(ownToolBounds.descriptionCharsMax),
    inputSchema: z
      .record(z.string(), z.json())
      .refine(
        (schema) => JSON.stringify(schema).length <= ownToolBounds.schemaCharsMax,
        `a schema has at most ${ownToolBounds.schemaCharsMax} characters`,
      )
      .refine(({ type }) => type === 'object', 'the schema of a tool\'s input is one of type "object"'),
  }),
);

export const offerToolsParams = once(() =>
  z.object({
    token: ownerToken(),
    tools: z
      .array(offeredTool())
      .max(ownToolBounds.toolsMax)
      .refine(
        (tools) => JSON.stringify(tools).length <= ownToolBounds.allCharsMax,
        `all tools together have at most ${ownToolBounds.allCharsMax} characters`,
      )
      .refine(
        (tools) => new Set(tools.map(({ name }) => name)).size === tools.length,
        'two tools have one name',
      ),
  }),
);
const offerToolsResult = once(() => z.object({ names: z.array(z.string()) }));

const answerToolParams = once(() =>
  z.object({
    call: z.string().max(256),
    text: z.string().max(ownToolBounds.textCharsMax),
    isError: z.boolean().default(false),
  }),
);

const nothing = once(() => z.object({}));

/** Part of the table of methods. */
export const ownerMethods = {
  own: {
    who: 'owner',
    doc: 'Makes this connection one of the program that started or restored this root, by the token that it gave with that start. With the lifetime `program` the tree ends in order 10 s after the last such connection has closed, but not while `process`, the program itself, is seen to run; `own` lives until it is stopped.',
    params: ownParams,
    result: ownResult,
  },
  detach: {
    who: 'owner',
    doc: 'The tree stays when its program ends, from now on.',
    params: detachParams,
    result: nothing,
  },
  offerTools: {
    who: 'owner',
    doc: "Tools that live in the owner's program, all that this connection offers: the model has them from its next turn on. Calls come as `toolCalled`, asked and ruled as any tool; `answerTool` answers. A name of podkin's own tools, one of MCP servers and one that another connection offers is `forbidden`. While nobody offers a tool a call of it is answered so.",
    params: offerToolsParams,
    result: offerToolsResult,
  },
  answerTool: {
    who: 'owner',
    doc: 'Answers a call that came over this connection. One that is not open here any more is `forbidden`.',
    params: answerToolParams,
    result: nothing,
  },
} as const;
