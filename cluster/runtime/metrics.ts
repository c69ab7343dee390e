/**
 * Prometheus metrics of one process, over prom-client, with what it leaves to discipline made a
 * rule:
 *
 * - Metrics are declared as data, beside what they measure, and come alive in a registry that
 *   somebody owns: two daemons in one process (tests, the simulator) do not count into each other.
 * - Series are bounded. A label whose values a client can choose would otherwise grow memory
 *   without end; beyond `seriesMax` a metric counts under the label value "other".
 * - A gauge is asked at scrape time, so the number lives in one place and cannot drift from what it
 *   describes.
 */
import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from "prom-client";
import { assert } from "../base/assert.ts";

export const SERIES_MAX = 200;
export const LABEL_LENGTH_MAX = 128;
export const OTHER = "other";

const NAME_PREFIX = "kelp_";

export interface MetricDeclaration<Label extends string> {
  /** Without the prefix: "client_operations_total", "queue_bytes". */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
  /** How many combinations of label values are told apart. */
  readonly seriesMax?: number;
}

export interface HistogramDeclaration<Label extends string> extends MetricDeclaration<Label> {
  /** Upper bounds, rising; for durations in seconds. */
  readonly buckets: readonly number[];
}

/** Nothing to pass where there are no labels; all of them where there are. */
type LabelArguments<Label extends string> = [Label] extends [never]
  ? []
  : [labels: Readonly<Record<Label, string>>];

export interface Counter<Label extends string> {
  add(amount: number, ...labels: LabelArguments<Label>): void;
}

export interface Histogram<Label extends string> {
  observe(value: number, ...labels: LabelArguments<Label>): void;
}

export interface Gauge<Label extends string> {
  /**
   * From now on, a scrape calls this to learn the values. What it does not set is not exposed; what
   * it sets beyond the bound adds up.
   */
  read(source: (set: (value: number, ...labels: LabelArguments<Label>) => void) => void): void;
}

/** A declared metric, and how it comes alive in a registry. */
export interface Metric<Live> {
  create(registry: Registry): Live;
}

export type LiveMetrics<Table extends Readonly<Record<string, Metric<unknown>>>> = {
  readonly [Key in keyof Table]: Table[Key] extends Metric<infer Live> ? Live : never;
};

export function counter<Label extends string = never>(
  declaration: MetricDeclaration<Label>,
): Metric<Counter<Label>> {
  return {
    create(registry) {
      const series = new SeriesBound(declaration);
      const metric = new PromCounter(configure(declaration, registry));
      return {
        add(amount, ...labels) {
          assert(amount >= 0, `${declaration.name} only counts up, not by ${amount}`);
          metric.inc(series.bound(labels[0]), amount);
        },
      };
    },
  };
}

export function histogram<Label extends string = never>(
  declaration: HistogramDeclaration<Label>,
): Metric<Histogram<Label>> {
  return {
    create(registry) {
      const series = new SeriesBound(declaration);
      const buckets = [...declaration.buckets];
      const metric = new PromHistogram({ ...configure(declaration, registry), buckets });
      return {
        observe(value, ...labels) {
          metric.observe(series.bound(labels[0]), value);
        },
      };
    },
  };
}

export function gauge<Label extends string = never>(
  declaration: MetricDeclaration<Label>,
): Metric<Gauge<Label>> {
  return {
    create(registry) {
      let source: Parameters<Gauge<Label>["read"]>[0] = () => {};
      new PromGauge({
        ...configure(declaration, registry),
        collect() {
          this.reset();
          // A reset leaves a gauge without labels at 0, a value that nobody has set.
          if (!declaration.labels?.length) this.remove();
          const series = new SeriesBound(declaration);
          source((value, ...labels) => {
            const bound = series.bound(labels[0]);
            if (isOther(bound)) this.inc(bound, value);
            else this.set(bound, value);
          });
        },
      });
      return {
        read(next) {
          source = next;
        },
      };
    },
  };
}

export class Metrics {
  readonly #registry = new Registry();

  /**
   * Memory, CPU, event loop and garbage collection of the whole process: for its one outermost
   * registry.
   */
  addProcessMetrics(): void {
    collectDefaultMetrics({ register: this.#registry, prefix: NAME_PREFIX });
  }

  /** Declaring a name twice is a bug and throws. */
  add<const Table extends Readonly<Record<string, Metric<unknown>>>>(
    table: Table,
  ): LiveMetrics<Table> {
    const live = Object.entries(table).map(([key, metric]) => [key, metric.create(this.#registry)]);
    return Object.fromEntries(live) as LiveMetrics<Table>;
  }

  /** The body of a scrape and its Content-Type. */
  async expose(): Promise<{ readonly contentType: string; readonly text: string }> {
    const text = await this.#registry.metrics();
    // prom-client writes "Nan", which is not how the exposition format spells it.
    const spelt = text.replaceAll(/^([^#\n].*) Nan$/gm, "$1 NaN");
    return { contentType: this.#registry.contentType, text: spelt };
  }
}

type LabelValues = Readonly<Record<string, string>>;

/** Which combinations of label values a metric has shown; later ones are "other". */
class SeriesBound {
  readonly #labels: readonly string[];
  readonly #seriesMax: number;
  readonly #seen = new Set<string>();

  constructor(declaration: MetricDeclaration<string>) {
    this.#labels = declaration.labels ?? [];
    this.#seriesMax = declaration.seriesMax ?? SERIES_MAX;
  }

  bound(labels: LabelValues | undefined): LabelValues {
    if (labels === undefined) return {};
    const values = this.#labels.map((label) => (labels[label] ?? "").slice(0, LABEL_LENGTH_MAX));
    const series = JSON.stringify(values);
    const isKnown = this.#seen.has(series);
    if (!isKnown && this.#seen.size < this.#seriesMax) this.#seen.add(series);
    else if (!isKnown) values.fill(OTHER);
    return Object.fromEntries(this.#labels.map((label, index) => [label, values[index] as string]));
  }
}

function isOther(labels: LabelValues): boolean {
  const values = Object.values(labels);
  return values.length > 0 && values.every((value) => value === OTHER);
}

function configure<Label extends string>(
  declaration: MetricDeclaration<Label>,
  registry: Registry,
): { name: string; help: string; labelNames: string[]; registers: Registry[] } {
  const { name, help, labels } = declaration;
  return {
    name: NAME_PREFIX + name,
    help,
    labelNames: [...(labels ?? [])],
    registers: [registry],
  };
}
