/** All named defects. */
import type { Defect } from './defect.ts';
import { ofOthers } from './plays.ts';
import { ofImages } from './images.ts';
import { ofRefusals } from './refusals.ts';
import { ofEvents } from './events.ts';
import { ofHosts } from './hosts.ts';
import { ofTheLibrary } from './library.ts';
import { ofAcp } from './acp.ts';
import { ofEngines } from './engines.ts';
import { ofMcp } from './mcp.ts';
import { ofTheMachines } from './machine.ts';
import { ofTheOracle } from './oracle.ts';
import { ofNames } from './names.ts';
import { ofTheShell } from './shell.ts';
import { ofBackground } from './background.ts';
import { ofTheBudgets } from './budgets.ts';
import { ofTheCells } from './cells.ts';
import { ofTheContext } from './context.ts';
import { ofTheProject } from './project.ts';
import { ofTheSettings } from './settings.ts';
import { ofTheStorage } from './storage.ts';
import { ofWhatIsTyped } from './typed.ts';
import { ofTheWaits } from './waits.ts';

export const defects: readonly Defect[] = [
  ...ofTheMachines,
  ...ofOthers,
  ...ofNames,
  ...ofTheShell,
  ...ofTheContext,
  ...ofImages,
  ...ofRefusals,
  ...ofTheProject,
  ...ofBackground,
  ...ofTheLibrary,
  ...ofHosts,
  ...ofAcp,
  ...ofEngines,
  ...ofMcp,
  ...ofEvents,
  ...ofTheBudgets,
  ...ofTheCells,
  ...ofTheStorage,
  ...ofTheSettings,
  ...ofTheOracle,
  ...ofTheWaits,
  ...ofWhatIsTyped,
];
