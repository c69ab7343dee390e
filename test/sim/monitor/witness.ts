/** Where clients write down what they asked for and were told. */
import { isClusterError } from "../../../cluster/base/error.ts";
import { isZooKeeperError } from "../../../cluster/zookeeper/zookeeper-error.ts";
import { History } from "../checker/linearizability.ts";
import type { Journal } from "./journal.ts";
import type { LockRule } from "./lock-rule.ts";
import type { RegisterOperation, RegisterOutcome } from "./register-model.ts";

export class Witness {
  readonly journal: Journal;
  readonly lock: LockRule;
  readonly violated: (reason: string) => void;
  readonly registers = new History<RegisterOperation, RegisterOutcome>();
  readonly #ephemerals = new Map<string, Set<string>>();
  /** Of writes that were made in one turn on one connection: the later never has an effect without the earlier. */
  readonly #pairs: { readonly first: string; readonly second: string }[] = [];
  readonly #acknowledged: string[] = [];
  eventCount = 0;

  constructor(journal: Journal, lock: LockRule, violated: (reason: string) => void) {
    this.journal = journal;
    this.lock = lock;
    this.violated = violated;
  }

  get acknowledgedCount(): number {
    return this.#acknowledged.length;
  }

  /** The write that carried the token was answered; with its zxid, where the answer tells it. */
  acknowledged(token: string, zxid: number | undefined): void {
    this.#acknowledged.push(token);
    const known = this.journal.zxidOf(token);
    if (known === undefined) this.violated(`${token} was acknowledged and never took effect`);
    else if (zxid !== undefined && known !== zxid) {
      this.violated(`${token} took effect as ${known} and was acknowledged as ${zxid}`);
    }
  }

  /** The write failed. What a server refused never has an effect. */
  failed(token: string, error: unknown): void {
    if (!isZooKeeperError(error) || error.code === "SESSIONEXPIRED") return;
    if (this.journal.zxidOf(token) === undefined) return;
    this.violated(`${token} took effect and was refused with ${error.code}`);
  }

  pipelined(first: string, second: string): void {
    this.#pairs.push({ first, second });
  }

  created(name: string, path: string): void {
    const paths = this.#ephemerals.get(name);
    if (paths === undefined) this.#ephemerals.set(name, new Set([path]));
    else paths.add(path);
  }

  /** Or perhaps deleted. */
  deleted(name: string, path: string): void {
    this.#ephemerals.get(name)?.delete(path);
  }

  ephemeralsOf(name: string): ReadonlySet<string> {
    return this.#ephemerals.get(name) ?? new Set();
  }

  /** At rest. */
  check(): void {
    for (const { first, second } of this.#pairs) {
      const [before, after] = [this.journal.zxidOf(first), this.journal.zxidOf(second)];
      if (after === undefined || (before !== undefined && before < after)) continue;
      this.violated(`${second} took effect as ${after}, and ${first} before it as ${before}`);
    }
  }
}

/** It was not sent, or refused: it has no effect. */
export function isWithoutEffect(error: unknown): boolean {
  return isClusterError(error, "UNREACHABLE") || isClusterError(error, "OVERLOADED");
}
