import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createProgram } from "../../../cli/program.ts";
import { interopTool } from "../../support/interop.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kelp-completion-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function scriptOf(shell: string): Promise<string> {
  let out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
  const program = createProgram("1.2.3", { writeErr: () => {} });
  await program.parseAsync(["completion", shell], { from: "user" });
  vi.restoreAllMocks();
  return out;
}

/** What the shell itself offers at the end of a line; kelp is a stand-in that knows two pools. */
async function offered(shell: "bash" | "zsh" | "fish", line: string): Promise<string[]> {
  const script = join(folder, shell);
  writeFileSync(script, await scriptOf(shell));
  const out = execFileSync(shell, ["-c", ASK[shell](script, line)], { encoding: "utf8" });
  return out
    .split("\n")
    .map((each) => each.split("\t")[0] ?? "")
    .filter((word) => word !== "");
}

const wordsOf = (line: string): string[] => line.split(" ");

const ASK = {
  bash: (script: string, line: string): string => `
    kelp() { [[ "$*" == "pool ls" ]] && printf 'rbd\\nimages\\n'; }
    source '${script}'
    COMP_WORDS=(${wordsOf(line)
      .map((word) => `'${word}'`)
      .join(" ")})
    COMP_CWORD=${wordsOf(line).length - 1}
    _kelp
    printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: (script: string, line: string): string => `
    kelp() { [[ "$*" == "pool ls" ]] && printf 'rbd\\nimages\\n' }
    compdef() { }
    _files() { print -l FILES }
    # As zsh's own, but prints what it would offer.
    _describe() {
      local each
      for each in "\${(@P)2}"; do
        [[ "\${each%%:*}" == "\${words[CURRENT]}"* ]] && print -r -- "\${each%%:*}"
      done
      return 0
    }
    source '${script}'
    words=(${wordsOf(line)
      .map((word) => `'${word}'`)
      .join(" ")})
    CURRENT=\${#words}
    _kelp`,
  fish: (script: string, line: string): string => `
    function kelp
      test "$argv" = "pool ls"; and printf 'rbd\\nimages\\n'
    end
    source '${script}'
    complete -C '${line}'`,
};

describe.each(["bash", "zsh", "fish"] as const)("kelp completion %s", (shell) => {
  interopTool({ command: shell, debianPackage: shell })(`in ${shell}`, () => {
    test.each([
      ["kelp osd tr", ["tree"]],
      ["kelp osd tree d", ["destroyed", "down"]],
      ["kelp pg ls --stuck un", ["unclean", "undersized"]],
      ["kelp pool delete ", ["images", "rbd"]],
      ["kelp crush rule create-r", ["create-replicated"]],
      ["kelp flag set noou", ["noout"]],
      ["kelp osd out --js", ["--json"]],
    ])("completes %j", async (line, words) => {
      expect((await offered(shell, line)).sort()).toEqual(words);
    });
  });
});

test("knows three shells", async () => {
  await expect(scriptOf("csh")).rejects.toThrow(/Allowed choices are bash, zsh, fish/);
});
