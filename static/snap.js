/** Finds the quietest place near a moment, so that an edge does not fall into a sound. */

const WINDOW_S = 0.005;
const REACH_S = 0.04;

/** Loudness of a sound in steps of 5 ms, as near as whole samples come: sum of squares over all channels. */
export function loudness(buffer) {
  const step = Math.max(1, Math.round(WINDOW_S * buffer.sampleRate));
  const energies = new Float32Array(Math.ceil(buffer.length / step));
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const samples = buffer.getChannelData(channel);
    for (let i = 0; i < samples.length; i++) energies[(i / step) | 0] += samples[i] * samples[i];
  }
  return { energies, stepS: step / buffer.sampleRate };
}

/**
 * Seconds on the clip's clock of the quietest 15 ms within 40 ms of `timeS`; among equals the nearest.
 * `beforeS` seconds of the sound lie before the clip.
 */
export function quietest({ energies, stepS }, timeS, beforeS) {
  const at = (timeS + beforeS) / stepS;
  const reach = REACH_S / stepS;
  let best = at;
  let least = Infinity;
  for (let i = Math.max(1, Math.ceil(at - reach)); i <= Math.min(energies.length - 2, at + reach); i++) {
    const energy = energies[i - 1] + energies[i] + energies[i + 1];
    const closer = Math.abs(i - at) < Math.abs(best - at);
    if (energy < least || (energy === least && closer)) [least, best] = [energy, i];
  }
  return best === at ? timeS : (best + 0.5) * stepS - beforeS;
}
