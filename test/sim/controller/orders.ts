/**
 * What operators asked for and were told. What was acknowledged is in the history, once, in the epoch that was told; what
 * was not is there at most once (C2); and what was taken back at once is as if it had never been (C8).
 */
import { isDeepStrictEqual } from "node:util";
import type { Epoch } from "../../../cluster/base/ids.ts";
import type { EpochRecord } from "../../../cluster/map/epoch-record.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { editOf, sectionOf } from "../../../cluster/map/osd-map-delta.ts";
import type { Command } from "../../../cluster/message/command.ts";
import { applyCommand } from "../../../monitor/controller/command/apply-command.ts";
import type { CommandSettings } from "../../../monitor/controller/command/command-context.ts";
import { movedBy } from "./reversals.ts";

type Answer = { readonly type: "done"; readonly epoch: Epoch } | { readonly type: "refused" };

interface Order {
  readonly command: Command;
  /** The newest; undefined if there was none, or it was asked again since to no answer. */
  answer: Answer | undefined;
}

const OF_OPERATOR = /^client\./;

export class Orders {
  readonly #settings: CommandSettings;
  readonly #orders = new Map<string, Order>();
  againCount = 0;
  undoneCount = 0;

  constructor(settings: CommandSettings) {
    this.#settings = settings;
  }

  get count(): number {
    return [...this.#orders.values()].filter(({ answer }) => answer?.type === "done").length;
  }

  given(request: string, command: Command): void {
    if (this.#orders.has(request)) this.againCount += 1;
    this.#orders.set(request, { command, answer: undefined });
  }

  answered(request: string, answer: Answer): void {
    const order = this.#orders.get(request);
    if (order !== undefined) order.answer = answer;
  }

  /** Sentences about what is not as it was told. Records from epoch 1 on, maps from epoch 0. */
  *problems(records: readonly EpochRecord[], maps: readonly OsdMap[]): Generator<string> {
    const epochs = new Map<string, Epoch>();
    for (const { epoch, requests } of records) {
      for (const request of requests) {
        const other = epochs.get(request);
        if (other !== undefined) yield `${request} was done in epochs ${other} and ${epoch}`;
        epochs.set(request, epoch);
      }
    }
    for (const [request, order] of this.#orders) {
      const { command, answer } = order;
      const done = epochs.get(request);
      if (done !== undefined && answer !== undefined) yield* misled(request, done, answer);
      if (done === undefined && answer?.type === "done") {
        const isExplained =
          this.#changesNothing(command, answer.epoch, records, maps) ||
          this.#wasTakenBack(order, epochs, maps);
        if (!isExplained) yield `${request} was acknowledged, and is in no epoch: ${command.type}`;
      }
      if (done === undefined || command.type !== "undo") continue;
      const moved = movedBy({ done: command.epoch, undone: done }, maps, records);
      this.undoneCount += Number(moved !== undefined);
      if (moved === undefined || moved === 0) continue;
      yield `epoch ${done} took back epoch ${command.epoch}, and ${moved} PGs are elsewhere (C8)`;
    }
  }

  /** One that changed nothing has no epoch of its own: by the map that it was answered with, all was so already. */
  #changesNothing(
    command: Command,
    told: Epoch,
    records: readonly EpochRecord[],
    maps: readonly OsdMap[],
  ): boolean {
    if (command.type === "undo") {
      // Later ones may have changed those rows again; right after it, there is something to take back or not.
      const rows = records[command.epoch - 1]?.rows ?? [];
      return told !== command.epoch || !rows.some(({ section }) => sectionOf(section).isIntent);
    }
    // What others did in that epoch may have hidden this.
    const others = records[told - 1]?.causes.filter(({ author }) => OF_OPERATOR.test(author));
    if ((others?.length ?? 0) > 1) return true;
    return [told - 1, told].some((epoch) => {
      const map = maps[epoch];
      return map !== undefined && this.#applied(map, command) === map;
    });
  }

  /** Two that were given together, of which one took back the other, make no epoch; each was told the one before. */
  #wasTakenBack(
    order: Order,
    epochs: ReadonlyMap<string, Epoch>,
    maps: readonly OsdMap[],
  ): boolean {
    const { command, answer } = order;
    const others = [...this.#orders].flatMap(([request, other]) => {
      const isAlike = !epochs.has(request) && isDeepStrictEqual(other.answer, answer);
      return isAlike && other !== order ? [other] : [];
    });
    // What an undo did cannot be told without its history.
    if (command.type === "undo") return others.length > 0;
    const map = answer?.type === "done" ? maps[answer.epoch] : undefined;
    const after = map && this.#applied(map, command);
    if (map === undefined || after === undefined) return false;
    return others.some((other) => {
      if (other.command.type === "undo") return true;
      const restored = this.#applied(after, other.command);
      return restored !== undefined && restored !== after && editOf(map, restored) === undefined;
    });
  }

  /** Undefined if it is refused. */
  #applied(map: OsdMap, command: Command): OsdMap | undefined {
    const result = applyCommand(map, command, {
      wallMs: 0,
      stats: { reports: () => [] },
      settings: this.#settings,
      inverseOf: () => undefined,
    });
    return result.type === "edit" ? result.map : undefined;
  }
}

function* misled(request: string, done: Epoch, answer: Answer): Generator<string> {
  if (answer.type === "refused") yield `${request} was done in epoch ${done}, and was refused`;
  else if (answer.epoch !== done) {
    yield `${request} was done in epoch ${done}, and its operator was told ${answer.epoch}`;
  }
}
