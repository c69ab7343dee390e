/**
 * Suites that need a program which is no package of npm. Where it is missing, a laptop shows the
 * suite as skipped with what to install; CI fails, because a suite that is skipped everywhere
 * guards nothing.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, test } from "vitest";

export interface InteropTool {
  readonly command: string;
  /** Must also stand in .ci/debian-packages. */
  readonly debianPackage: string;
}

export type Suite = (name: string, body: () => void) => void;

/** Where the tool is looked for, and how suites are declared. */
export interface Surroundings {
  readonly path: string;
  readonly isCi: boolean;
  readonly run: Suite;
  readonly skip: Suite;
  readonly fail: (name: string, reason: string) => void;
}

const { CI, PATH = "" } = process.env;

const HERE: Surroundings = {
  path: PATH,
  isCi: Boolean(CI),
  run: (name, body) => describe(name, body),
  skip: (name, body) => describe.skip(name, body),
  fail: (name, reason) =>
    test(name, () => {
      throw new Error(reason);
    }),
};

/** `describe` for suites that run the tool. */
export function interopTool(tool: InteropTool, surroundings: Surroundings = HERE): Suite {
  const { path, isCi, run, skip, fail } = surroundings;
  if (isInstalled(tool.command, path)) return run;
  const { command, debianPackage } = tool;
  if (isCi) {
    const reason = `${command} is not installed; add ${debianPackage} to .ci/debian-packages`;
    return (name) => fail(name, reason);
  }
  return (name, body) => skip(`${name} (needs ${command}: apt-get install ${debianPackage})`, body);
}

function isInstalled(command: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return folder !== "";
    } catch {
      return false;
    }
  });
}
