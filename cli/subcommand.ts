/** A command with the same words in its parent's list and above its own help. */
import type { Command } from "commander";

export const CONFIRM_FLAG = "--yes-i-really-mean-it";

export interface Confirmed {
  readonly yesIReallyMeanIt?: true;
}

export function subcommand(parent: Command, name: string, summary: string): Command {
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  return parent.command(name).summary(summary).description(sentence);
}

/** For what cannot be undone: the controller refuses it without, and says what would come of it. */
export function takesConfirmation(command: Command): Command {
  return command.option(CONFIRM_FLAG, "do it although it cannot be undone");
}
