/** SpawnPod: hands a task to a new child pod. */
import * as z from 'zod';
import { withoutHidden } from '../std/characters.ts';
import { shortened } from '../std/long-path.ts';
import { once } from '../std/once.ts';
import { usdMax } from '../protocol/limits.ts';
import { podNamePattern } from '../protocol/names.ts';
import { pathProblem } from '../scope/paths/path-problem.ts';
import { checkCharsMax, minutesMax, triesDefault, triesMax } from '../session/settings/demands.ts';
import { schemaProblem } from '../session/settings/result-schema.ts';
import { userHome } from '../session/home/places.ts';
import { defineTool } from './define-tool.ts';
import type { Tool } from './tool.ts';
import type { SpawnRequest, Tree } from './tree.ts';

const pathRoot = once(() =>
  z.string().superRefine((path, context) => {
    const problem = pathProblem(path, userHome(process.env));
    if (problem !== null) context.addIssue({ code: 'custom', message: `${shortened(path)} ${problem}` });
  }),
);

/** The name comes back in sentences of ours. */
function isOneLine(text: string): boolean {
  return withoutHidden(text) === text && !/[\n\t]/.test(text);
}

const minutes = once(() => z.number().positive().max(minutesMax).optional());

/** What the model reads of each role, by name. */
export type OfferedProfiles = ReadonlyMap<
  string,
  {
    readonly description: string;
    readonly write?: readonly string[] | undefined;
    readonly check?: string | undefined;
    readonly worktree?: boolean | undefined;
  }
>;

/** What is asked of the child beside its task. */
const demands = once(() => ({
  timeoutMinutes: minutes().describe(
    'End its work after so long (approvals not counted) and report that; for work that may not end',
  ),
  idleMinutes: minutes().describe(
    'The same after so long without output or a step, while it waits for nobody; for commands that may hang',
  ),
  check: z
    .string()
    .min(1)
    .max(checkCharsMax)
    .refine((command) => !command.includes('\0'), 'a command cannot hold a NUL character')
    .optional()
    .describe(
      'Shell command that must exit with 0 once the child says it has finished, as "npm test"; podkin runs it in the child’s sandbox, tells the child what failed, and its report says whether it passed. For work that a command can judge',
    ),
  tries: z
    .int()
    .min(1)
    .max(triesMax)
    .default(triesDefault)
    .describe('How often the check is run at most, the child working on in between'),
  result: z
    .record(z.string(), z.any())
    .superRefine((schema, context) => {
      const problem = schemaProblem(schema);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    })
    .optional()
    .describe(
      'JSON Schema of the child’s final answer, which you then get as data: type, properties, required, items, enum, anyOf and bounds; no references or patterns. For answers that you work on',
    ),
  worktree: z
    .boolean()
    .optional()
    .describe(
      'Work in a git clone of its own, on a branch that you get with its report: for changes side by side in one repository; leave write out',
    ),
}));

const plainInput = once(() =>
  z.strictObject({
    name: z
      .string()
      .regex(
        podNamePattern,
        'a name is made of a-z, 0-9 and "-", begins with no "-", and has at most 63 characters',
      )
      .describe('Name of the child: a-z, 0-9 and "-", unique among the pods that exist'),
    task: z
      .string()
      .min(1)
      .describe('Everything that the child needs to know; it does not see this conversation'),
    write: z
      .array(pathRoot())
      .default([])
      .describe(
        'Paths that the child may write, inside what you may write; each means all below it, "path/*" only what lies directly in it',
      ),
    read: z
      .array(pathRoot())
      .optional()
      .describe('Paths that the child may read; default: what you may read'),
    wait: z
      .boolean()
      .optional()
      .describe(
        'If another pod holds one of the paths to write, begin when it is free, in the order of asking',
      ),
    model: z
      .string()
      .min(1)
      .refine(isOneLine, 'a model is named in one line, without invisible characters')
      .optional()
      .describe('provider/model; default: yours'),
    instructions: z.string().optional().describe('Standing instructions beside the task'),
    maxCost: z
      .number()
      .positive()
      .max(usdMax)
      .optional()
      .describe('US dollars that the child and its own children may spend in all; default: what is yours'),
    ...demands(),
  }),
);

/** Where there are other hosts, it takes the name of one. */
function inputOf(hosts: readonly string[]): ReturnType<typeof plainInput> {
  if (hosts.length === 0) return plainInput();
  const names = hosts.join(', ');
  const host = z
    .string()
    .refine((name) => hosts.includes(name), `a host is one of ${names}`)
    .optional()
    .describe(
      `Another machine to work on, one of: ${names}. It works in the directory of that machine, not in yours: write is from there, and of your files it sees none`,
    );
  return plainInput().extend({ host });
}

/** Where there are profiles, it takes the name of one. */
function inputWith(profiles: OfferedProfiles, hosts: readonly string[]): () => z.ZodType<SpawnRequest> {
  if (profiles.size === 0 && hosts.length === 0) return plainInput;
  if (profiles.size === 0) return once(() => inputOf(hosts));
  const names = [...profiles.keys()].join(', ');
  return once(() =>
    inputOf(hosts).extend({
      profile: z
        .string()
        .refine((name) => profiles.has(name), `a profile is one of ${names}`)
        .optional()
        .describe(
          `A role for the child, one of: ${names}. What you leave out comes from it; it is never given more than you have`,
        ),
    }),
  );
}

function descriptionWith(profiles: OfferedProfiles): string {
  if (profiles.size === 0) return description;
  const lines = [...profiles].map(([name, profile]) =>
    profile.description === '' ? `- ${name}` : `- ${name}: ${profile.description}`,
  );
  return [description, 'Profiles:', ...lines].join('\n');
}

const description =
  'Start a child pod on a task. It works by itself; when it finishes, fails, stops or dies you get a notice. Spawn what you need, then end your turn: do not wait or poll.';

export function spawnPodTool(
  tree: Tree,
  profiles: OfferedProfiles = new Map(),
  hosts: readonly string[] = [],
): Tool {
  return defineTool({
    name: 'SpawnPod',
    description: descriptionWith(profiles),
    input: inputWith(profiles, hosts),
    order: 'parallel',
    needs: ({ name, write, profile, check, worktree }) => {
      const role = profile === undefined ? undefined : profiles.get(profile);
      const byProfile = role?.worktree === true || (role?.write ?? []).length > 0;
      const writes = write.length > 0 || worktree === true || byProfile;
      const command = check ?? role?.check;
      return { kind: 'tree', name, writes, ...(command === undefined ? {} : { check: command }) };
    },
    run: (request, context) => tree.spawn(request, context),
  });
}
