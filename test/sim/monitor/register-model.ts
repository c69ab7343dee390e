/**
 * A node's data and version as a register: what set, set if the version fits, and sync+read must look like to all
 * clients together. The node is there from the start and is never deleted.
 */
import type { Model } from "../checker/linearizability.ts";

export type RegisterOperation =
  | { readonly type: "write"; readonly value: string; readonly version: number | undefined }
  | { readonly type: "read" };
/** A refused write found another version. */
export type RegisterOutcome =
  | { readonly type: "is"; readonly value: string; readonly version: number }
  | { readonly type: "refused" };

interface Register {
  readonly value: string;
  readonly version: number;
}

export const EMPTY_REGISTER: Register = { value: "", version: 0 };

export const registerModel: Model<Register, RegisterOperation, RegisterOutcome> = {
  initial: EMPTY_REGISTER,
  step(state, operation, outcome) {
    if (operation.type === "read") {
      const fits =
        outcome === undefined ||
        (outcome.type === "is" &&
          registerModel.stateKey(outcome) === registerModel.stateKey(state));
      return fits ? [state] : [];
    }
    const isRefused = operation.version !== undefined && operation.version !== state.version;
    if (isRefused) return outcome?.type === "is" ? [] : [state];
    const next = { value: operation.value, version: state.version + 1 };
    if (outcome === undefined) return [next];
    return outcome.type === "is" && outcome.version === next.version ? [next] : [];
  },
  isReadOnly: (operation, outcome) => operation.type === "read" || outcome?.type === "refused",
  stateKey: ({ value, version }) => `${version}:${value}`,
  describeOperation: (operation) =>
    operation.type === "read"
      ? "read"
      : `write ${operation.value} if ${operation.version ?? "any version"}`,
  describeOutcome: (outcome) =>
    outcome.type === "refused" ? "refused" : `${outcome.version}:${outcome.value}`,
};
