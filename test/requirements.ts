/**
 * Every guarantee of podkin by id, one sentence each. A test cites the ids at the start of its title;
 * `requirements.test.ts` is the gate.
 */
import { agents } from './requirements/agents.ts';
import { acp } from './requirements/acp.ts';
import { approvals } from './requirements/approvals.ts';
import { asked } from './requirements/asked.ts';
import { background } from './requirements/background.ts';
import { budgets } from './requirements/budgets.ts';
import { callback } from './requirements/callback.ts';
import { catalogue } from './requirements/catalogue.ts';
import { chaos } from './requirements/chaos.ts';
import { checkpoints } from './requirements/checkpoints.ts';
import { upgrades } from './requirements/upgrades.ts';
import { commands } from './requirements/commands.ts';
import { context } from './requirements/context.ts';
import { death } from './requirements/death.ts';
import { delivery } from './requirements/delivery.ts';
import { engines } from './requirements/engines.ts';
import { growth } from './requirements/growth.ts';
import { homeEvents } from './requirements/home-events.ts';
import { hooks } from './requirements/hooks.ts';
import { hosts } from './requirements/hosts.ts';
import { house } from './requirements/house.ts';
import { images } from './requirements/images.ts';
import { library } from './requirements/library.ts';
import { machine, plays } from './requirements/machine.ts';
import { machines } from './requirements/machines.ts';
import { mcp } from './requirements/mcp.ts';
import { mcpCommands, mcpForms } from './requirements/mcp-commands.ts';
import { model } from './requirements/model.ts';
import { names } from './requirements/names.ts';
import { outcomes } from './requirements/outcomes.ts';
import { packaged } from './requirements/package.ts';
import { plan } from './requirements/plan.ts';
import { project } from './requirements/project.ts';
import { quoting } from './requirements/quoting.ts';
import { scope } from './requirements/scope.ts';
import { screen } from './requirements/screen.ts';
import { session } from './requirements/session.ts';
import { settings } from './requirements/settings.ts';
import { shell } from './requirements/shell.ts';
import { tables } from './requirements/tables.ts';
import { tools } from './requirements/tools.ts';
import { traces } from './requirements/traces.ts';
import { transport } from './requirements/transport.ts';
import { wire } from './requirements/wire.ts';

export const requirements: Readonly<Record<string, string>> = {
  ...agents,
  ...acp,
  ...approvals,
  ...asked,
  ...background,
  ...budgets,
  ...callback,
  ...catalogue,
  ...chaos,
  ...checkpoints,
  ...upgrades,
  ...commands,
  ...context,
  ...death,
  ...delivery,
  ...engines,
  ...growth,
  ...homeEvents,
  ...hooks,
  ...hosts,
  ...house,
  ...images,
  ...library,
  ...machine,
  ...machines,
  ...mcp,
  ...mcpCommands,
  ...mcpForms,
  ...model,
  ...names,
  ...outcomes,
  ...packaged,
  ...plan,
  ...plays,
  ...project,
  ...quoting,
  ...scope,
  ...screen,
  ...session,
  ...settings,
  ...shell,
  ...tables,
  ...tools,
  ...traces,
  ...transport,
  ...wire,
};
