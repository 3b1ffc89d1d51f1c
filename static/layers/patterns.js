/** Each kind has a colour, a letter and a hatching, so that nobody has to tell it by colour alone. */

const SIZE = 8;

const STROKES = [
  (c) => line(c, 0, SIZE, SIZE, 0), // rising
  (c) => dot(c, SIZE / 2, SIZE / 2), // dots
  (c) => (line(c, 0, SIZE, SIZE, 0), line(c, 0, 0, SIZE, SIZE)), // crossed
  (c) => line(c, 0, SIZE / 2, SIZE, SIZE / 2), // lying
];

/** Looks of kinds by name: {colour, letter, title, pattern(context, density)}; "" is not said, "unknown" trains nothing. */
export function looks(kinds) {
  const named = kinds.map((kind, i) => [kind.name, look(kind.colour, kind.letter, kind.title, STROKES[i % STROKES.length])]);
  return Object.fromEntries(named);
}

function look(colour, letter, title, stroke) {
  const made = new Map();
  const pattern = (context, density) => {
    if (!made.has(density)) made.set(density, hatch(context, colour, stroke, density));
    return made.get(density);
  };
  return { colour, letter, title, pattern };
}

function hatch(context, colour, stroke, density) {
  const tile = new OffscreenCanvas(Math.round(SIZE * density), Math.round(SIZE * density));
  const pen = tile.getContext("2d");
  pen.scale(tile.width / SIZE, tile.height / SIZE);
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = 1;
  pen.globalAlpha = 0.75;
  stroke(pen);
  const pattern = context.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(SIZE / tile.width));
  return pattern;
}

function line(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function dot(context, x, y) {
  context.beginPath();
  context.arc(x, y, 1.2, 0, 2 * Math.PI);
  context.fill();
}
