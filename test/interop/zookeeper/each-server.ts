/**
 * Suites that every server must pass: first Apache ZooKeeper, which proves the suite, then Kelp.
 */
import { afterAll, beforeAll, describe, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { type InteropTool, interopTool } from "../../support/interop.ts";
import { type Ensemble, startEnsemble } from "./reference-ensemble.ts";
import { APACHE, KELP, whyNot } from "./server-kind.ts";

const START_MS_MAX = 60_000;

export interface ServerSuite {
  /** What it is about: "zkCli.sh". */
  readonly name: string;
  readonly size: 1 | 3;
  /** What it needs beside the servers. */
  readonly tools: readonly InteropTool[];
}

const JAVA: InteropTool = { command: "java", debianPackage: "default-jre-headless" };

export function eachServer(
  { name, size, tools }: ServerSuite,
  body: (ensemble: () => Ensemble) => void,
): void {
  for (const kind of [APACHE, KELP]) {
    const title = `${name} with ${kind.name}`;
    const reason = whyNot(kind);
    if (kind === KELP && reason !== undefined) {
      describe.skip(`${title} (${reason})`, () => test("is skipped", () => {}));
      continue;
    }
    const inside = (): void => {
      let started: Ensemble | undefined;
      beforeAll(async () => {
        started = await startEnsemble({ kind, size });
      }, START_MS_MAX);
      afterAll(() => started?.stop());
      body(() => present(started, "the ensemble"));
    };
    withTools(kind === APACHE ? [JAVA, ...tools] : tools, title, inside);
  }
}

/** Declares the suite by the first tool that is missing, or runs it. */
function withTools(tools: readonly InteropTool[], title: string, body: () => void): void {
  const [tool, ...others] = tools;
  if (tool === undefined) describe(title, body);
  else interopTool(tool)(title, others.length === 0 ? body : () => withTools(others, "runs", body));
}
