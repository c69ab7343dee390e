/** Directories that LevelDB itself has written, to look at and to damage. */
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { present } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { openLevelStore } from "../../../cluster/kv/level-store.ts";

export class LevelFiles {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Closed, with several tables of what `count` writes left, and a log. */
  static async make(count: number, options: { compression?: boolean } = {}): Promise<LevelFiles> {
    const files = new LevelFiles(await mkdtemp(join(tmpdir(), "kelp-level-files-")));
    for (let life = 0; life < 3; life++) {
      const store = await openLevelStore({ directory: files.directory, ...options });
      for (let index = 0; index < count; index++) {
        const key = utf8(`key-${(index * 7919) % count}`);
        const value = utf8(`${life}`.padEnd(20 + (index % 50), "abcdefg"));
        await store.batch([{ type: "put", key, value }], { durable: false });
      }
      await store.close();
    }
    return files;
  }

  /** By falling size. */
  async tables(): Promise<string[]> {
    const names = (await readdir(this.directory)).filter((name) => name.endsWith(".ldb"));
    const sized = names.map(async (name) => ({ name, size: (await stat(this.path(name))).size }));
    return (await Promise.all(sized))
      .sort((left, right) => right.size - left.size)
      .map(({ name }) => name);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  async read(name: string): Promise<Uint8Array> {
    return new Uint8Array(await readFile(this.path(name)));
  }

  async largestTable(): Promise<Uint8Array> {
    return await this.read(present((await this.tables())[0], "a table"));
  }

  async manifest(): Promise<Uint8Array> {
    return await this.read((await readFile(this.path("CURRENT"), "utf8")).trim());
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}
