/**
 * The roles that a project describes in its agent files. Nobody may have looked at them: what is in one only
 * takes away. A bound that is not understood leaves the whole role out; what is no bound is passed over and
 * said. Pure.
 */
import { resolve } from 'node:path';
import type { AgentFile } from '../project/agent-files.ts';
import { pathProblem } from '../scope/paths/path-problem.ts';
import { ruledTools } from '../scope/permissions/permission-rules.ts';
import { efforts } from '../session/settings/effort.ts';
import { permissionModes } from '../session/settings/permissions.ts';
import type { Profile } from '../session/settings/profiles.ts';
import { fromTilde } from '../std/tilde.ts';
import { withoutHidden } from '../std/characters.ts';
import { agentDemands, demandFields } from './agent-demands.ts';
import { profileNamePattern } from './settings-schema.ts';
import type { NamedProfile } from './profiles.ts';

export interface AgentProfiles {
  readonly profiles: readonly NamedProfile[];
  /** One sentence for each that is none. */
  readonly leftOut: readonly string[];
}

export interface AgentRules {
  /** Models that the person has named: a project chooses among them only. */
  readonly models: ReadonlySet<string>;
  /** Roles of the person's: their names are taken. */
  readonly taken: readonly NamedProfile[];
  /** The person's; null where it is not known. */
  readonly personHome: string | null;
}

/** Of all of them together: each pod of a tree keeps a copy. */
const instructionsCharsMax = 128 * 1024;
const descriptionCharsMax = 500;

/** `files`: the nearest first, whose names win. */
export function agentProfiles(files: readonly AgentFile[], rules: AgentRules): AgentProfiles {
  const { taken } = rules;
  const profiles: NamedProfile[] = [];
  const leftOut: string[] = [];
  let chars = 0;
  for (const file of files) {
    const read = profileOf(file, rules);
    if (typeof read === 'string') {
      leftOut.push(`Left out, as ${read}: ${file.path}`);
      continue;
    }
    const same = [...taken, ...profiles].find(({ name }) => name === read.name);
    const size = read.profile.instructions?.length ?? 0;
    if (same !== undefined)
      leftOut.push(`Left out, as ${same.path} has a role ${read.name} too: ${file.path}`);
    else if (chars + size > instructionsCharsMax)
      leftOut.push(`Left out, as the texts of all roles are longer than 128 KiB: ${file.path}`);
    else {
      chars += size;
      profiles.push(read);
    }
  }
  return { profiles, leftOut };
}

/** Fields that bound what a role may do: one that is not understood must not be one that is not there. */
const bounding = [
  'tools',
  'disallowedTools',
  'mode',
  'permissionMode',
  'write',
  'read',
  'maxCost',
  ...demandFields,
  'worktree',
  'isolation',
] as const;
/** As somebody may write them: in other letters, with a hyphen. */
const folded = (field: string): string => field.toLowerCase().replaceAll(/[-_]/g, '');
const boundingFolded = new Map<string, string>(bounding.map((field) => [folded(field), field]));
const known = new Set<string>([...bounding, 'name', 'description', 'model', 'effort', 'wait']);

/** A sentence's end where it is no role. */
function profileOf(file: AgentFile, { models, personHome }: AgentRules): NamedProfile | string {
  const { fields, lists, others, body } = file.matter;
  const odd = bounding.find((field) => others.includes(field));
  if (odd !== undefined) return `its ${odd} is neither a text nor a list of texts`;
  const misspelt = [...fields.keys(), ...lists.keys(), ...others].find(
    (field) => !known.has(field) && boundingFolded.has(folded(field)),
  );
  if (misspelt !== undefined)
    return `its ${JSON.stringify(misspelt)} has to be written ${boundingFolded.get(folded(misspelt))}`;
  const name = fields.get('name')?.trim() ?? file.name;
  if (!profileNamePattern.test(name))
    return `${JSON.stringify(withoutHidden(name).slice(0, 64))} is no name of a role`;
  const remarks = [...fields.keys(), ...lists.keys(), ...others]
    .filter((field) => !known.has(field))
    .map((field) => `"${field}" means nothing to podkin`);
  const bounds = boundsOf(file, personHome);
  if (typeof bounds === 'string') return bounds;
  const demands = agentDemands(file.matter);
  if (typeof demands === 'string') return demands;
  const tools = toolsOf(file, remarks);
  const instructions = body.trim();
  const profile: Profile = {
    description: oneLine(fields.get('description') ?? ''),
    instructions: instructions === '' ? undefined : instructions,
    ...bounds,
    ...demands,
    ...(tools !== null && { tools }),
    ...chosenModel(fields.get('model')?.trim(), models, remarks),
    effort: efforts.find((one) => one === fields.get('effort')?.trim()),
    ...waitIn(fields.get('wait')?.trim(), remarks),
  };
  return { name, profile, path: file.path, isProject: true, remarks };
}

function waitIn(said: string | undefined, remarks: string[]): Pick<Profile, 'wait'> {
  if (said === 'true' || said === undefined) return said === undefined ? {} : { wait: true };
  if (said !== 'false') remarks.push(`its wait is neither true nor false`);
  return {};
}

function oneLine(text: string): string {
  const line = withoutHidden(text).replaceAll(/\s+/g, ' ').trim();
  return line.length > descriptionCharsMax ? `${line.slice(0, descriptionCharsMax).toWellFormed()}…` : line;
}

/** A list, or words between commas; undefined where the field is not there. */
function wordsOf({ matter: { fields, lists } }: AgentFile, field: string): readonly string[] | undefined {
  const list = lists.get(field) ?? fields.get(field)?.split(',');
  return list?.map((word) => word.trim()).filter((word) => word !== '');
}

function boundsOf(
  file: AgentFile,
  personHome: string | null,
): Pick<Profile, 'mode' | 'write' | 'read' | 'maxCost' | 'worktree'> | string {
  const { fields, lists } = file.matter;
  const scalar = ['mode', 'permissionMode', 'maxCost', 'worktree', 'isolation'].find((field) =>
    lists.has(field),
  );
  if (scalar !== undefined) return `its ${scalar} is a list`;
  const said = (fields.get('mode') ?? fields.get('permissionMode'))?.trim();
  const mode = permissionModes.find((one) => one === said);
  if (said !== undefined && mode === undefined) return `its mode is none of ${permissionModes.join(', ')}`;
  const cost = fields.get('maxCost')?.trim();
  const maxCost = cost === undefined ? undefined : Number(cost);
  if (maxCost !== undefined && !(maxCost > 0 && Number.isFinite(maxCost)))
    return 'its maxCost is no number above 0';
  const worktree = worktreeOf(file);
  if (worktree === null) return 'its worktree is neither true nor false';
  const [write, read] = [wordsOf(file, 'write'), wordsOf(file, 'read')];
  const problem = [...(write ?? []), ...(read ?? [])]
    .map((path) => pathProblem(path, personHome))
    .find((one) => one !== null);
  if (problem !== undefined) return `a path in it ${problem}`;
  const absolute = (paths: readonly string[] | undefined) =>
    paths?.map((path) => resolve(file.folder, fromTilde(path, personHome)));
  const own = worktree === undefined ? {} : { worktree };
  return { mode, maxCost, ...own, write: absolute(write), read: absolute(read) };
}

/** Undefined where it says nothing; null where that is not understood. Others write it as an isolation. */
function worktreeOf({ matter: { fields } }: AgentFile): boolean | undefined | null {
  const said = fields.get('worktree')?.trim();
  const isolation = fields.get('isolation')?.trim();
  if (said === undefined && isolation === undefined) return undefined;
  if (said === undefined) return isolation === 'worktree' ? true : null;
  return said === 'true' ? true : said === 'false' ? false : null;
}

/** Names of other programs for what podkin has under another one. */
const aliases: Readonly<Record<string, string>> = { task: 'SpawnPod', agent: 'SpawnPod', multiedit: 'Edit' };

/** A tool of an MCP server, or all that begin so. */
const ofServer = /^mcp__[A-Za-z0-9_-]*\*?$/;

/** Null: all that there are. A tool that there is not is none that is offered, and said. */
function toolsOf(file: AgentFile, remarks: string[]): string[] | null {
  const wanted = wordsOf(file, 'tools');
  const unwanted = new Set((wordsOf(file, 'disallowedTools') ?? []).map(toolNamed));
  const isAll = wanted === undefined || wanted.includes('*');
  if (isAll && unwanted.size === 0) return null;
  const tools = isAll ? [...ruledTools, 'mcp__*'] : wanted.map((word) => toolNamed(word) ?? word);
  const own = ruledTools.filter((tool) => tools.includes(tool) && !unwanted.has(tool));
  // One that is not wanted cannot be taken out of all.
  const isNarrowed = isAll && [...unwanted].some((tool) => tool?.startsWith('mcp__'));
  const outside = tools.filter((tool) => ofServer.test(tool) && !isNarrowed && !unwanted.has(tool));
  const offered = [...own, ...outside];
  const missing = isAll ? [] : wanted.filter((word) => toolNamed(word) === undefined);
  if (missing.length > 0) remarks.push(`podkin has no tools ${missing.map(shown).join(', ')}`);
  return offered;
}

function shown(word: string): string {
  return JSON.stringify(withoutHidden(word).slice(0, 64).toWellFormed());
}

/** Whole tools only: a pattern would be a rule, and of a project none allows. */
function toolNamed(word: string): string | undefined {
  if (ofServer.test(word)) return word;
  const lower = word.toLowerCase();
  const alias = Object.hasOwn(aliases, lower) ? aliases[lower] : undefined;
  return alias ?? ruledTools.find((tool) => tool.toLowerCase() === lower);
}

function chosenModel(
  model: string | undefined,
  models: ReadonlySet<string>,
  remarks: string[],
): Pick<Profile, 'model'> {
  if (model === undefined || model === '' || model === 'inherit') return {};
  if (models.has(model)) return { model };
  remarks.push(`its model ${shown(model)} is not used, as your config.toml does not name it`);
  return {};
}
