/** What stands in a map text, before names are looked up and weights are computed. */
import type { Integer, Word } from "./text-scanner.ts";

export interface NumberedName {
  readonly id: Integer;
  readonly name: Word;
}

export interface TunableLine {
  readonly name: Word;
  readonly value: Integer;
}

export interface DeviceLine extends NumberedName {
  readonly deviceClass: Word | undefined;
}

export interface ItemLine {
  readonly name: Word;
  readonly weight: Word | undefined;
  readonly position: Integer | undefined;
}

/** `id <n>` is the bucket's own id, `id <n> class <c>` that of its shadow for the class. */
export interface BucketIdLine {
  readonly id: Integer;
  readonly deviceClass: Word | undefined;
}

export interface BucketBlock {
  readonly type: Word;
  readonly name: Word;
  readonly ids: readonly BucketIdLine[];
  readonly alg: Word;
  readonly hash: number;
  readonly items: readonly ItemLine[];
}

export type StepLine =
  | { readonly kind: "take"; readonly item: Word; readonly deviceClass: Word | undefined }
  | {
      readonly kind: "choose";
      readonly at: number;
      readonly op: number;
      readonly count: number;
      readonly type: Word;
    }
  | { readonly kind: "plain"; readonly op: number; readonly argument: number };

export interface RuleBlock {
  readonly at: number;
  readonly name: Word | undefined;
  readonly id: Integer;
  readonly type: number;
  readonly minSize: number;
  readonly maxSize: number;
  readonly steps: readonly StepLine[];
}

export interface BucketArgsBlock {
  readonly bucketId: Integer;
  readonly weightSets: readonly (readonly Word[])[];
  readonly ids: readonly number[] | undefined;
}

export interface ChooseArgsBlock {
  /** As it is written: keys are cut to 32 bits, not limited to them. */
  readonly key: Word;
  readonly buckets: readonly BucketArgsBlock[];
}

export interface TextTree {
  readonly tunables: readonly TunableLine[];
  readonly devices: readonly DeviceLine[];
  readonly types: readonly NumberedName[];
  readonly buckets: readonly BucketBlock[];
  readonly rules: readonly RuleBlock[];
  readonly chooseArgs: readonly ChooseArgsBlock[];
}
