import * as api from "./api.js";

const EVERY_MS = 2000;

/** Asks the server now and then what changed; long work is polled, not streamed. */
export function follow(since, onStatus) {
  let version = since;
  let timer = null;
  const ask = async () => {
    clearTimeout(timer);
    try {
      const status = await api.status(version);
      await onStatus(status);
      version = status.version;
    } catch {
      // the saver says it when the server is gone; here nothing is lost, as it is asked for again
    }
    timer = setTimeout(ask, document.hidden ? 5 * EVERY_MS : EVERY_MS);
  };
  ask();
  return ask;
}
