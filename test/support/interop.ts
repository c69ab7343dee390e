/**
 * Suites that need a program which is no package of npm. Where it is missing, a laptop shows the
 * suite as skipped with what to install; CI fails, because a suite that is skipped everywhere
 * guards nothing.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { describe, test } from "vitest";

/** Who needs it, and where to get it. */
export type InteropTool = {
  /** Looked for in PATH, or a file, by its absolute path, that the package brings. */
  readonly command: string;
} & (
  | {
      /** Must also stand in .ci/debian-packages. */
      readonly debianPackage: string;
    }
  | {
      /** Must also be among those that .ci/run installs beside the project. */
      readonly npmPackage: string;
    }
);

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
  const { command } = tool;
  const { install, place } = remedies(tool);
  if (isCi) return (name) => fail(name, `${command} is not installed; add ${place}`);
  return (name, body) => skip(`${name} (needs ${command}: ${install})`, body);
}

/** What somebody without the tool is to type, and what is missing if CI is without it. */
function remedies(tool: InteropTool): { readonly install: string; readonly place: string } {
  if ("npmPackage" in tool) {
    const { npmPackage } = tool;
    return {
      install: `npm install ${npmPackage} in a folder that KELP_ZOOKEEPER_CLIENTS names`,
      place: `${npmPackage} to what .ci/run installs`,
    };
  }
  const { debianPackage } = tool;
  return {
    install: `apt-get install ${debianPackage}`,
    place: `${debianPackage} to .ci/debian-packages`,
  };
}

function isInstalled(command: string, path: string): boolean {
  if (isAbsolute(command)) return isThere(command, constants.R_OK);
  return path
    .split(delimiter)
    .some((folder) => folder !== "" && isThere(join(folder, command), constants.X_OK));
}

function isThere(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
