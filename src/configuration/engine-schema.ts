/** `[engines.NAME]` of a person's own file: a project's could start any program and name any variable. */
import * as z from 'zod';
import { engineNamePattern, enginesMax } from '../session/settings/engine-settings.ts';
import { once } from '../std/once.ts';

const text = once(() => z.string().min(1).max(8_192));
const dollars = once(() => z.number().nonnegative());

const engineSchema = once(() =>
  z
    .strictObject({
      command: text()
        .optional()
        .describe('The program of the agent, in place of the one that is known or installed.'),
      args: z
        .array(z.string().max(8_192))
        .max(256)
        .optional()
        .describe('Its arguments, in place of those that are known.'),
      env: z
        .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a variable'))
        .max(64)
        .optional()
        .describe(
          'Names of your variables that it is given, in place of those that are known; each of its commands can read them.',
        ),
      mode: text().optional().describe("Its own name of the mode that it is set to, in place of the pod's."),
      restorable: z
        .boolean()
        .optional()
        .describe('Whether its sessions can be loaded again; as it says itself where not set.'),
      failureText: z
        .array(text())
        .max(32)
        .optional()
        .describe('Texts by which a turn is known as failed that the agent ends as done.'),
      login: z
        .literal('share')
        .optional()
        .describe('Shows it the folder of your login with its vendor, which each of its commands can read.'),
      price: z
        .strictObject({
          input: dollars().describe('US dollars per million tokens that it reports as read.'),
          output: dollars().describe('US dollars per million tokens that it reports as written.'),
        })
        .optional(),
      costPerTurn: dollars()
        .optional()
        .describe('US dollars that a limit of the cost charges for each of its turns.'),
    })
    .refine(({ args, command }) => args === undefined || command !== undefined, 'has args without a command'),
);

export const enginesSchema = once(() =>
  z
    .record(
      z.string().regex(engineNamePattern, 'is not a name: use 1 to 32 of a-z, 0-9 and "-", no "-" first'),
      engineSchema(),
    )
    .refine((engines) => Object.keys(engines).length <= enginesMax, `has more than ${enginesMax} engines`),
);
