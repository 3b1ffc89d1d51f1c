/** Finds the quietest place near a moment, so that an edge does not fall into a sound. */

const WINDOW_S = 0.005;
export const REACH_S = 0.04;

/** Loudness of a sound in steps of 5 ms: mean square over all channels, Float32Array. */
export function loudness(buffer) {
  const step = Math.max(1, Math.round(WINDOW_S * buffer.sampleRate));
  const result = new Float32Array(Math.ceil(buffer.length / step));
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const samples = buffer.getChannelData(channel);
    for (let i = 0; i < samples.length; i++) result[(i / step) | 0] += samples[i] * samples[i];
  }
  return result;
}

/**
 * Seconds on the clip's clock of the quietest 15 ms within 40 ms of `timeS`; among equals the nearest.
 * `beforeS` seconds of the sound lie before the clip.
 */
export function quietest(energies, timeS, beforeS) {
  const at = (timeS + beforeS) / WINDOW_S;
  const reach = REACH_S / WINDOW_S;
  let best = at;
  let least = Infinity;
  for (let i = Math.max(1, Math.ceil(at - reach)); i <= Math.min(energies.length - 2, at + reach); i++) {
    const energy = energies[i - 1] + energies[i] + energies[i + 1];
    const closer = Math.abs(i - at) < Math.abs(best - at);
    if (energy < least || (energy === least && closer)) [least, best] = [energy, i];
  }
  return best === at ? timeS : best * WINDOW_S - beforeS + WINDOW_S / 2;
}
