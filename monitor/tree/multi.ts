/**
 * multi: several writes in one transaction, all of them or none. Each part sees what those before
 * it did. If one fails, the reply still says OK, and every part has the result "error": 0 before
 * the one that failed, and RUNTIMEINCONSISTENCY, for "not tried", after it.
 */
import { ERRORS, type ErrorCode } from "../../cluster/zookeeper/error-codes.ts";
import type { MultiOp, MultiResult } from "../../cluster/zookeeper/multi-records.ts";
import type { WriteContext } from "./access.ts";
import { applyCreate, type CreateCommand, createMode, NO_TTL } from "./create.ts";
import { applyDelete } from "./delete.ts";
import { beginMulti, commitMulti, rollBackMulti } from "./rollback.ts";
import { applyCheck, applySetData } from "./set.ts";
import { statOf } from "./stat.ts";
import type { Tree } from "./state.ts";

/** Undefined if the parts make no sense together: ZooKeeper then says MARSHALLINGERROR. */
export function applyMulti(
  tree: Tree,
  context: WriteContext,
  parts: readonly MultiOp[],
): readonly MultiResult[] | undefined {
  const steps = parts.map(stepOf);
  if (!steps.every((step) => step !== undefined)) return undefined;
  const triggerCount = context.triggers.length;
  const results: MultiResult[] = [];
  beginMulti(tree);
  for (const step of steps) {
    context.part = results.length;
    const result = step(tree, context);
    if (typeof result === "number") {
      rollBackMulti(tree);
      context.triggers.length = triggerCount;
      if (result === ERRORS.MARSHALLINGERROR) return undefined;
      return failedResults(parts.length, results.length, result);
    }
    results.push(result);
  }
  commitMulti(tree);
  return results;
}

type Step = (tree: Tree, context: WriteContext) => MultiResult | ErrorCode;

function stepOf(part: MultiOp): Step | undefined {
  switch (part.type) {
    case "create":
    case "create2":
    case "createContainer":
    case "createTTL":
      return createStep(part);
    case "delete":
      return (tree, context) => applyDelete(tree, context, part) || { type: "delete" };
    case "setData":
      return (tree, context) => {
        const found = applySetData(tree, context, part);
        if (found.error !== ERRORS.OK) return found.error;
        return { type: "setData", stat: statOf(tree, found.id) };
      };
    case "check":
      return (tree, context) => applyCheck(tree, context, part).error || { type: "check" };
    case "getData":
    case "getChildren":
      return undefined;
  }
}

type CreatePart = Extract<MultiOp, { readonly flags: number }>;

/**
 * In a multi the flags say what is made, not the operation, and only what is made in a new way is
 * answered with a stat: create2 is not.
 */
function createStep(part: CreatePart): Step {
  const mode = createMode(part.flags);
  const hasTtl = mode?.hasTtl === true;
  // ZooKeeper finds this only when it gets there: it does not look past a part that failed.
  if (hasTtl && part.type !== "createTTL") return () => ERRORS.MARSHALLINGERROR;
  const makes = hasTtl ? "ttl" : mode?.isContainer === true ? "container" : "ordinary";
  const ttl = hasTtl && part.type === "createTTL" ? part.ttl : NO_TTL;
  const { path, data, acl, flags } = part;
  const command: CreateCommand = { path, data, acl, flags, ttl, makes };
  return (tree, context) => {
    const created = applyCreate(tree, context, command);
    if (created.error !== ERRORS.OK) return created.error;
    const createdPath = tree.znodes.pathOf(created.id);
    return makes === "ordinary"
      ? { type: "create", path: createdPath }
      : { type: "create2", path: createdPath, stat: statOf(tree, created.id) };
  };
}

function failedResults(count: number, failedAt: number, error: ErrorCode): MultiResult[] {
  return Array.from({ length: count }, (_, at) => ({
    type: "error",
    err: at < failedAt ? ERRORS.OK : at === failedAt ? error : ERRORS.RUNTIMEINCONSISTENCY,
  }));
}
