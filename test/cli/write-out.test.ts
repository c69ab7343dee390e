import { PassThrough, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { writeOut, writeOutSlowly } from "../../cli/write-out.ts";

function* lines(count: number): Generator<string> {
  for (let index = 0; index < count; index += 1) yield `line ${index}\n`;
}

describe("output", () => {
  test("arrives whole, in few writes, at the pace of a slow reader", async () => {
    let writes = 0;
    let size = 0;
    const output = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _, done) {
        writes += 1;
        size += chunk.length;
        setImmediate(done);
      },
    });
    await writeOut(output, lines(100_000));
    expect(size).toBe([...lines(100_000)].join("").length);
    expect(writes).toBeLessThan(30);
  });

  test("of one short piece is written too", async () => {
    const output = new PassThrough();
    await writeOut(output, ["a", "b"]);
    output.end();
    expect((await buffer(output)).toString()).toBe("ab");
  });

  test("ends early when the reader leaves", async () => {
    let taken = 0;
    function* endless(): Generator<string> {
      for (; taken < 1e7; taken += 1) yield "x".repeat(1000);
    }
    const output = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
      },
    });
    output.on("error", () => {});
    await writeOut(output, endless());
    expect(taken).toBeLessThan(1000);
  });

  test("that cannot be written fails", async () => {
    const output = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        done(new Error("no space"));
      },
    });
    await expect(writeOut(output, lines(100_000))).rejects.toThrow("no space");
  });
});

describe("output that takes time to come", () => {
  test("arrives piece by piece", async () => {
    const seen: string[] = [];
    const output = new Writable({
      write(chunk: Buffer, _, done) {
        seen.push(chunk.toString());
        done();
      },
    });
    async function* pieces(): AsyncGenerator<string> {
      yield "a";
      expect(seen).toEqual(["a"]);
      yield "b";
    }
    await writeOutSlowly(output, pieces());
    expect(seen).toEqual(["a", "b"]);
  });

  test("is not made when the reader has left", async () => {
    let made = 0;
    async function* endless(): AsyncGenerator<string> {
      for (; made < 1e6; made += 1) yield "x".repeat(1000);
    }
    const output = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
      },
    });
    output.on("error", () => {});
    await writeOutSlowly(output, endless());
    expect(made).toBeLessThan(1000);
  });
});
