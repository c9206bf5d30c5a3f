/** SpawnPod: hands a task to a new child pod. */
import * as z from 'zod';
import { withoutHidden } from '../std/characters.ts';
import { once } from '../std/once.ts';
import { usdMax } from '../protocol/limits.ts';
import { podNamePattern } from '../protocol/names.ts';
import { pathProblem } from '../scope/paths/path-problem.ts';
import { minutesMax } from '../session/settings/demands.ts';
import { userHome } from '../session/home/places.ts';
import { defineTool } from './define-tool.ts';
import type { Tool } from './tool.ts';
import type { SpawnRequest, Tree } from './tree.ts';

const pathRoot = once(() =>
  z.string().superRefine((path, context) => {
    const problem = pathProblem(path, userHome(process.env));
    if (problem !== null) context.addIssue({ code: 'custom', message: `${JSON.stringify(path)} ${problem}` });
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
  { readonly description: string; readonly write?: readonly string[] | undefined }
>;

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
    timeoutMinutes: minutes().describe(
      'End its work after so long (approvals not counted) and report that; for work that may not end',
    ),
    idleMinutes: minutes().describe(
      'The same after so long without output or a step, while it waits for nobody; for commands that may hang',
    ),
  }),
);

/** Where there are profiles, it takes the name of one. */
function inputWith(profiles: OfferedProfiles): () => z.ZodType<SpawnRequest> {
  if (profiles.size === 0) return plainInput;
  const names = [...profiles.keys()].join(', ');
  return once(() =>
    plainInput().extend({
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

export function spawnPodTool(tree: Tree, profiles: OfferedProfiles = new Map()): Tool {
  return defineTool({
    name: 'SpawnPod',
    description: descriptionWith(profiles),
    input: inputWith(profiles),
    order: 'parallel',
    needs: ({ name, write, profile }) => {
      const byProfile = profile === undefined ? [] : (profiles.get(profile)?.write ?? []);
      return { kind: 'tree', name, writes: write.length > 0 || byProfile.length > 0 };
    },
    run: (request, context) => tree.spawn(request, context),
  });
}
