/**
 * The differential test: one script to two servers, whose transcripts must agree. If they do not,
 * the script is made smaller, and what is left is told in words.
 *
 * Both servers get the same runs from their start on, so that what one run leaves (numbers of
 * nodes, zxids, child versions of the root) is the same for the next.
 */
import { drawScript } from "./op-stream.ts";
import { printScript, type Script } from "./script.ts";
import { runScript, type Target } from "./script-run.ts";
import { shrinkScript } from "./shrink.ts";
import {
  compareTranscripts,
  type Disagreement,
  printDisagreement,
  type Transcript,
} from "./transcript.ts";

const TRIALS_MAX = 400;

export interface Counterexample {
  readonly seed: number;
  readonly script: Script;
  readonly disagreement: Disagreement;
  /** All of it, for a person. */
  readonly text: string;
}

export interface DifferentialOptions {
  readonly reference: Target;
  readonly subject: Target;
}

export interface CheckOptions {
  readonly stepCount: number;
  readonly trialsMax?: number;
  /** Changes what the subject is seen to do: tests plant disagreements with it. */
  readonly tamper?: (transcript: Transcript) => Transcript;
}

/** One for as long as the two servers run. */
export class Differential {
  readonly #options: DifferentialOptions;
  #runCount = 0;

  constructor(options: DifferentialOptions) {
    this.#options = options;
  }

  /** Undefined if both agree about the seed's script. */
  async check(seed: number, options: CheckOptions): Promise<Counterexample | undefined> {
    const { stepCount, trialsMax = TRIALS_MAX, tamper } = options;
    const script = drawScript(seed, stepCount);
    const found = await this.run(script, tamper);
    if (found === undefined) return undefined;
    const fails = async (candidate: Script): Promise<boolean> =>
      (await this.run(candidate, tamper)) !== undefined;
    const beginning = script.slice(0, found.step + 1);
    // What does not come again cannot be made smaller, only looked for at length.
    if (!(await fails(beginning))) {
      return this.#counterexample(seed, beginning, { ...found, isFleeting: true });
    }
    const small = await shrinkScript(beginning, { fails, trialsMax });
    const shown = await this.run(small, tamper);
    return shown === undefined
      ? this.#counterexample(seed, beginning, { ...found, isFleeting: true })
      : this.#counterexample(seed, small, { ...shown, isFleeting: false });
  }

  /** Where the two disagree about a script, if they do. */
  async run(script: Script, tamper: CheckOptions["tamper"]): Promise<Disagreement | undefined> {
    this.#runCount += 1;
    const { reference, subject } = this.#options;
    const [expected, got] = await Promise.all([
      runScript(reference, script, this.#runCount),
      runScript(subject, script, this.#runCount),
    ]);
    return compareTranscripts(expected, tamper?.(got) ?? got);
  }

  #counterexample(
    seed: number,
    script: Script,
    { isFleeting, ...disagreement }: Disagreement & { readonly isFleeting: boolean },
  ): Counterexample {
    const { reference, subject } = this.#options;
    const remark = isFleeting ? " (not each time: it depends on more than the script)" : "";
    const place =
      disagreement.step < script.length
        ? `in step ${disagreement.step + 1}`
        : "in the tree as it was at the end";
    const text = [
      `seed ${seed}: ${subject.name} differs from ${reference.name} ${place}${remark}`,
      printScript(script),
      printDisagreement(disagreement),
    ].join("\n");
    return { seed, script, disagreement, text };
  }
}
