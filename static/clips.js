import * as api from "./api.js";
import { decode } from "./player.js";
import { loudness } from "./snap.js";

const KEPT = 12;

/** Clips with all that the page draws and plays of them, fetched ahead and kept for a while. */
export class Clips {
  #loading = new Map();

  /** Promise of a clip: what the server tells of it, with `mel`, `buffer` and `loudness`. */
  get(id) {
    const known = this.#loading.get(id);
    this.#loading.delete(id);
    const loading = known ?? this.#load(id);
    this.#loading.set(id, loading);
    this.#dropOld();
    return loading;
  }

  prefetch(ids) {
    for (const id of ids) if (!this.#loading.has(id)) this.get(id).catch(() => {});
  }

  forget(id) {
    this.#loading.delete(id);
  }

  forgetAll() {
    this.#loading.clear();
  }

  /** Ask anew what goes of the clips beside these, as far as they are kept. */
  async renewNeighbours(ids) {
    await Promise.all(ids.filter((id) => this.#loading.has(id)).map((id) => this.#renew(id)));
  }

  async #renew(id) {
    try {
      const [clip, { neighbours }] = await Promise.all([this.#loading.get(id), api.clip(id)]);
      clip.neighbours = neighbours;
    } catch {
      this.forget(id);
    }
  }

  async #load(id) {
    try {
      const [clip, mel, data] = await Promise.all([api.clip(id), api.mel(id), api.sound(id)]);
      const buffer = await decode(data, clip.sample_rate);
      return { ...clip, mel, buffer, loudness: loudness(buffer) };
    } catch (error) {
      this.forget(id);
      throw error;
    }
  }

  #dropOld() {
    while (this.#loading.size > KEPT) this.#loading.delete(this.#loading.keys().next().value);
  }
}
