/**
 * What becomes of a request for a child on this host: its own directory, models, sandbox and denies are this
 * machine's; of the parent come the names, the rules, the limits. What the host allows bounds all of it.
 */
import { join, resolve } from 'node:path';
import { type Configuration, loadConfiguration } from '../configuration/configuration.ts';
import { readUserFile } from '../configuration/configuration-files.ts';
import { deniesOf, isDirectory, realPath } from '../configuration/real-paths.ts';
import { checkModelName, isPriced } from '../model/create.ts';
import { WireError } from '../protocol/errors.ts';
import type { ChildRequest } from '../protocol/host-methods.ts';
import { narrow } from '../scope/paths/narrow.ts';
import { realScope } from '../scope/paths/real-path.ts';
import { parseRule } from '../scope/permissions/permission-rules.ts';
import { keyDenies } from '../library/roots/key-denies.ts';
import { userHome } from '../session/home/places.ts';
import { schemaVersion, type PathScope } from '../session/facts/entries.ts';
import type { Home, PodSpec } from '../session/home/home.ts';
import { demandsOf, withDemands } from '../session/settings/demands.ts';
import { efforts } from '../session/settings/effort.ts';
import { engineNameIn } from '../session/settings/engine-settings.ts';
import { permissionModes } from '../session/settings/permissions.ts';
import { stricterMode } from '../session/settings/profiles.ts';
import { limitsSchema } from '../session/settings/settings.ts';
import { asJson, isJsonObject, type JsonObject } from '../std/json.ts';
import { version } from '../version.ts';

/** Throws `WireError` with what to do. */
export async function specOfChild(
  home: Home,
  environment: NodeJS.ProcessEnv,
  request: ChildRequest,
): Promise<PodSpec> {
  const own = readUserFile(join(home.config, 'config.toml'), { mustExist: false }).host;
  if (own?.directory === undefined)
    throw refused('takes no children yet: set directory in [host] of the config.toml there');
  const directory = realPath(own.directory);
  if (!isDirectory(directory)) throw refused(`names ${own.directory} as its directory, which is none`);
  const configuration = await loadConfiguration({ environment, cwd: directory, flags: {} });
  const model = modelFor(request, configuration, { environment, directory });
  const scope = await scopeFor(request, {
    directory,
    write: own.write ?? [],
    configuration,
    person: userHome(environment),
  });
  const most = own.mode ?? 'default';
  if (!permissionModes.some((mode) => mode === request.mode)) throw refused('knows no such permission mode');
  return {
    schema: schemaVersion,
    podkin: version,
    name: request.name,
    instance: request.instance,
    parent: request.parent,
    root: request.root,
    depth: request.depth,
    cwd: directory,
    model,
    instructions: request.instructions,
    permissionMode: stricterMode(request.mode, most),
    scope,
    settings: settingsFor(request, configuration),
  };
}

export function refused(text: string): WireError {
  return new WireError('forbidden', `The host ${text}.`);
}

function modelFor(
  { model, limits, budget }: ChildRequest,
  { models }: Configuration,
  { environment, directory }: { environment: NodeJS.ProcessEnv; directory: string },
): string {
  if (engineNameIn(model) !== null) throw refused('drives no other agents for parents of other machines');
  if (model.startsWith('script/')) {
    // A scenario is a file, of which a problem would be told.
    const path = realPath(resolve(directory, model.slice('script/'.length)));
    if (!path.startsWith(`${directory}/`)) throw refused('plays scenarios of its own directory alone');
  }
  const problem = checkModelName(model, environment, { cwd: directory });
  if (problem !== null) throw refused(`does not have this model (${model}): ${problem}`);
  const isBound = limits['cost'] !== null || isJsonObject(budget);
  if (isBound && !isPriced(model, models?.[model]))
    throw refused(`does not know the price of ${model}, so the limit of the cost could not hold`);
  return model;
}

async function scopeFor(
  { write }: ChildRequest,
  given: {
    directory: string;
    write: readonly string[];
    configuration: Configuration;
    person: string | null;
  },
): Promise<PathScope> {
  const { directory, configuration, person } = given;
  const absolute = (paths: readonly string[]): string[] => paths.map((path) => resolve(directory, path));
  const deny = [
    ...keyDenies({ home: person, cwd: directory, named: [], roots: [directory] }),
    ...deniesOf(directory, configuration.scope.deny, 'read'),
    ...deniesOf(directory, configuration.scope.denyWrite, 'write'),
  ];
  const most = await realScope({ read: [directory], write: absolute(given.write), deny });
  const wanted = await realScope({ read: [directory], write: absolute(write) });
  const narrowed = narrow(most, wanted);
  if (narrowed.ok) return narrowed.scope;
  const outside = narrowed.outside.map(({ path }) => path).join(', ');
  const may = most.write.length === 0 ? 'nothing' : most.write.join(', ');
  throw refused(
    `works in ${directory} and lets children of other machines write ${may}; outside of it: ${outside}`,
  );
}

function settingsFor(request: ChildRequest, configuration: Configuration): JsonObject {
  const limits = limitsSchema().safeParse(request.limits);
  if (!limits.success) throw refused('does not understand these limits: run both with one version of podkin');
  const { rules, models, sandbox } = configuration;
  for (const text of [...request.rules.allow, ...request.rules.ask, ...request.rules.deny]) {
    const parsed = parseRule(text);
    if ('problem' in parsed) throw refused(`does not understand the rule ${text}: ${parsed.problem}`);
  }
  const permissions = {
    // One that both sides say: neither makes the child freer than the other would.
    allow: request.rules.allow.filter((rule) => rules.allow.includes(rule)),
    ask: [...new Set([...request.rules.ask, ...rules.ask])],
    deny: [...new Set([...request.rules.deny, ...rules.deny])],
    headless: request.headless,
  };
  const effort = efforts.find((one) => one === request.effort);
  const { timeoutMinutes, idleMinutes, result } = demandsOf({ demands: request.demands ?? null });
  return {
    ...withDemands({}, { timeoutMinutes, idleMinutes, result }),
    limits: asJson(limits.data),
    permissions,
    exclusiveScope: true,
    sandbox: asJson(sandbox),
    parentElsewhere: true,
    ...(models === undefined ? {} : { models: asJson(models) }),
    ...(effort === undefined ? {} : { effort }),
    ...(isJsonObject(request.budget) ? { budget: request.budget } : {}),
  };
}
