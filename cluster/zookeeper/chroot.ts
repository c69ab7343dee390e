/** Paths as a client with a chroot sees them, and as the servers do. */
import { ROOT_PATH } from "./path.ts";

export class Chroot {
  readonly #prefix: string;

  constructor(path: string) {
    this.#prefix = path === ROOT_PATH ? "" : path;
  }

  toServer(path: string): string {
    if (this.#prefix === "") return path;
    return path === ROOT_PATH ? this.#prefix : this.#prefix + path;
  }

  /** A path that is not below the chroot, such as that of a general event, stays as it is. */
  toClient(path: string): string {
    if (this.#prefix === "" || path === "") return path;
    if (path === this.#prefix) return ROOT_PATH;
    return path.startsWith(`${this.#prefix}/`) ? path.slice(this.#prefix.length) : path;
  }
}
