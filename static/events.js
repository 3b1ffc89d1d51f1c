/** A thing that others can listen to; events are named `noun.verb`. */
export class Emitter {
  #listeners = new Map();

  /** Call `listener(detail)` on every `name`; returns the function that stops it. */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  emit(name, detail) {
    for (const listener of this.#listeners.get(name) ?? []) listener(detail);
  }
}
