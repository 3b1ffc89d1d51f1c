import * as api from "./api.js";

const EVERY_MS = 2000;
const PATIENCE = 2; // one question may get lost

/**
 * Asks the server now and then what changed; long work is polled, not streamed.
 *
 * `onTrouble(error)` is called when it answers no more, `onTrouble(null)` when it does again.
 */
export function follow(since, onStatus, onTrouble) {
  let version = since;
  let failures = 0;
  let told = null; // the trouble's own sentence
  const ask = async () => {
    try {
      const status = await api.status(version);
      await onStatus(status);
      version = status.version;
      failures = 0;
      if (told) onTrouble(null);
      told = null;
    } catch (error) {
      failures++; // nothing is lost, as it is asked for again
      if (failures >= PATIENCE && error.message !== told) {
        told = error.message;
        onTrouble(error);
      }
    }
    setTimeout(ask, document.hidden ? 5 * EVERY_MS : EVERY_MS);
  };
  ask();
}
