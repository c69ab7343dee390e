/** `kelp completion`: what a shell needs to complete kelp's words. */
import { Argument, type Command } from "commander";
import { bashCompletion } from "../completion/bash.ts";
import { completionTree, type Place } from "../completion/completion-tree.ts";
import { fishCompletion } from "../completion/fish.ts";
import { zshCompletion } from "../completion/zsh.ts";
import { subcommand } from "../subcommand.ts";
import { writeOut } from "../write-out.ts";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } satisfies Record<
  string,
  (places: readonly Place[]) => string
>;

const HELP = `
For this shell, and for all that come:
  bash  eval "$(kelp completion bash)"      in ~/.bashrc
  zsh   eval "$(kelp completion zsh)"       in ~/.zshrc, after compinit
  fish  kelp completion fish | source       in ~/.config/fish/config.fish
Names of pools, OSDs and rules are completed where KELP_COORDINATOR and
KELP_KEY_FILE are set.`;

export function registerCompletion(program: Command): void {
  subcommand(program, "completion", "print what a shell needs to complete kelp's words")
    .addArgument(new Argument("<shell>").choices(Object.keys(SHELLS)))
    .addHelpText("after", HELP)
    .action(async (shell: keyof typeof SHELLS) => {
      await writeOut(process.stdout, [SHELLS[shell](completionTree(program))]);
    });
}
