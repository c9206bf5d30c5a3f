/**
 * `[hosts.NAME]` and `[host]` of a person's own file: other machines that their pods may have children
 * on, and what this one allows to parents of other machines. A project's file names no machine, and opens
 * none.
 */
import * as z from 'zod';
import { hostNamePattern } from '../session/home/host-places.ts';
import { type PermissionMode, permissionModes } from '../session/settings/permissions.ts';
import { once } from '../std/once.ts';

const hostsMax = 32;
const text = once(() => z.string().min(1).max(1_024));

export const hostsSchema = once(() =>
  z
    .record(
      z.string().regex(hostNamePattern, 'is not a name: use 1 to 32 of a-z, 0-9 and "-", no "-" first'),
      z.strictObject({
        ssh: text()
          .regex(/^[^-\s][^\s]*$/, 'is no destination: write user@machine, or a name of your ssh_config')
          .describe('Where ssh is to connect to: user@machine, or a name of your ssh_config.'),
        options: z
          .array(text())
          .max(64)
          .optional()
          .meta({ description: 'More words for ssh, before its destination.', default: [] }),
        command: text().optional().meta({
          description: 'What the shell there starts podkin with, as "env PODKIN_HOME=/srv/podkin podkin".',
          default: 'podkin',
        }),
      }),
    )
    .refine((hosts) => Object.keys(hosts).length <= hostsMax, `has more than ${hostsMax} hosts`),
);

export const ownHostSchema = once(() =>
  z.strictObject({
    directory: text()
      .regex(/^\//, 'must be absolute')
      .optional()
      .describe('Where children of parents on other machines work here; without it there are none.'),
    write: z
      .array(text())
      .max(256)
      .optional()
      .meta({ description: 'Paths that they may write, from that directory.', default: [] }),
    mode: z
      .enum(permissionModes)
      .optional()
      .meta({ description: 'The freest permission mode that they may have.', default: 'default' }),
  }),
);

export type HostSettings = {
  readonly directory: string | null;
  readonly write: string[];
  readonly mode: PermissionMode;
};

export function hostSettings(given: z.infer<ReturnType<typeof ownHostSchema>> = {}): HostSettings {
  const { directory = null, write = [], mode = 'default' } = given;
  return { directory, write, mode };
}
