/**
 * The differential test against Apache ZooKeeper, and first of all of itself: two real ones must
 * agree, and what is planted must be found. `npm run zkdiff` does the same for longer.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { interopTool } from "../../support/interop.ts";
import { Differential } from "./differential.ts";
import { type Ensemble, startEnsemble } from "./reference-ensemble.ts";
import { printScript } from "./script.ts";
import { targetOf } from "./script-run.ts";
import { APACHE, KELP, type ServerKind, whyNot } from "./server-kind.ts";
import type { Transcript } from "./transcript.ts";

const STEP_COUNT = 150;
const SEEDS = [1, 2, 3, 4];
const RANDOM_SEED = Math.floor(Math.random() * 2 ** 32);
const START_MS_MAX = 60_000;

const PLANTED = { stepCount: STEP_COUNT, trialsMax: 150 };

const suite = interopTool({ command: "java", debianPackage: "default-jre-headless" });

suite("two servers of Apache ZooKeeper", () => {
  const differential = useDifferential(APACHE, APACHE, 1);

  test.each([...SEEDS, RANDOM_SEED])("agree about seed %i", async (seed) => {
    expect((await differential().check(seed, { stepCount: STEP_COUNT }))?.text).toBeUndefined();
  });

  test.each<[what: string, tamper: (line: string) => string, smallest: RegExp]>([
    [
      "a version that is wrong after the second change",
      (line) => line.replace(/^(session.*reply.*\{ stat: \{.* version: )2,/, "$13,"),
      /setData/,
    ],
    [
      "an event that is missing",
      (line) => (/event nodeDeleted/.test(line) ? "" : line),
      /delete|close|setWatches/,
    ],
    ["an error that is another", (line) => line.replace("NOTEMPTY", "NONODE"), /delete/],
    [
      "a write that takes two zxids",
      (line) => line.replace(/(to setACL: ok zxid \+)/, "$11"),
      /setACL/,
    ],
  ])("%s is found and told in few steps", async (_, tamper, smallest) => {
    const options = { ...PLANTED, tamper: tampering(tamper) };
    for (const seed of SEEDS) {
      const found = await differential().check(seed, options);
      if (found === undefined) continue;
      expect(found.script.length).toBeLessThanOrEqual(8);
      expect(printScript(found.script)).toMatch(smallest);
      expect(found.text).toContain("expected:");
      return;
    }
    throw new Error("nothing was found");
  });

  test("an event that comes after the reply that shows the change is found", async () => {
    const late = (transcript: Transcript): Transcript =>
      transcript.map((lines) => afterReplies(lines));
    const found = await differential().check(1, { ...PLANTED, tamper: late });
    expect(found?.text).toMatch(/event/);
    expect(found?.script.length).toBeLessThanOrEqual(4);
  });
});

describe.each([1, 3] as const)("Kelp as %i", (size) => {
  const reason = whyNot(KELP) ?? whyNot(APACHE);
  if (reason !== undefined) {
    test.skip(`does what Apache ZooKeeper does (${reason})`, () => {});
    return;
  }
  const differential = useDifferential(APACHE, KELP, size);
  test.each([...SEEDS, RANDOM_SEED])(
    "does what Apache ZooKeeper does with seed %i",
    async (seed) => {
      expect((await differential().check(seed, { stepCount: STEP_COUNT }))?.text).toBeUndefined();
    },
  );
});

/** Both sides, started for a block of tests. */
function useDifferential(left: ServerKind, right: ServerKind, size: 1 | 3): () => Differential {
  const started: Ensemble[] = [];
  let differential: Differential | undefined;
  beforeAll(async () => {
    const [reference, subject] = await Promise.all(
      [left, right].map(async (kind) => {
        const ensemble = await startEnsemble({ kind, size });
        started.push(ensemble);
        return targetOf(ensemble);
      }),
    );
    differential = new Differential({
      reference: present(reference, "the reference"),
      subject: present(subject, "the subject"),
    });
  }, START_MS_MAX);
  afterAll(async () => {
    for (const ensemble of started) await ensemble.stop();
  });
  return () => present(differential, "both sides");
}

function tampering(change: (line: string) => string): (transcript: Transcript) => Transcript {
  return (transcript) => transcript.map((lines) => lines.map(change).filter((line) => line !== ""));
}

/** Within what each session saw in a step, replies first. */
function afterReplies(lines: readonly string[]): readonly string[] {
  const owner = (line: string): string => line.slice(0, line.indexOf(":"));
  const owners = [...new Set(lines.map(owner))];
  return owners.flatMap((each) => {
    const own = lines.filter((line) => owner(line) === each);
    const isEvent = (line: string): boolean => line.includes(": event ");
    return [...own.filter((line) => !isEvent(line)), ...own.filter(isEvent)];
  });
}
