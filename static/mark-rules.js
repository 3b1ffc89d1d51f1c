/**
 * What may be done with marks, as pure functions: lists in, lists out, no pixels.
 *
 * A mark is {start, end, kind}: seconds on the clip's own clock, half-open, `kind` "" where not said.
 * Every list returned is sorted, disjoint and inside [0, duration]; marks that touch and agree are one.
 */

/** Shortest mark: one decision of the network, in seconds. */
export const DECISION_S = 0.02;

const roundMs = (timeS) => Math.round(timeS * 1000) / 1000;
const isSliver = (start, end) => roundMs(end - start) < DECISION_S;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Make a list obey the rules above. */
export function tidy(marks, durationS) {
  const inside = marks
    .map((mark) => ({ ...mark, start: roundMs(clamp(mark.start, 0, durationS)), end: roundMs(clamp(mark.end, 0, durationS)) }))
    .filter((mark) => mark.end > mark.start)
    .sort((a, b) => a.start - b.start);
  const result = [];
  for (const mark of inside) {
    const last = result.at(-1);
    if (last && mark.start <= last.end && mark.kind === last.kind) last.end = Math.max(last.end, mark.end);
    else if (last && mark.start < last.end) result.push(...rest(mark, last));
    else result.push(mark);
  }
  return result;
}

function rest(mark, last) {
  return mark.end > last.end ? [{ ...mark, start: last.end }] : [];
}

/** Take [start, end) out of every mark; what is left of one that is shorter than a decision goes as well. */
export function erase(marks, start, end) {
  return marks.flatMap((mark) => {
    if (mark.end <= start || mark.start >= end) return [mark];
    return [{ ...mark, end: Math.min(mark.end, start) }, { ...mark, start: Math.max(mark.start, end) }]
      .filter((piece) => !isSliver(piece.start, piece.end));
  });
}

/**
 * Paint [start, end) with a kind. A stroke without a kind grows what it touches and takes its kind where
 * that is one; a stroke with a kind replaces what lies under it.
 */
export function paint(marks, { start, end, kind }, durationS) {
  if (end < start) [start, end] = [end, start];
  [start, end] = [clamp(start, 0, durationS), clamp(end, 0, durationS)];
  if (end - start < DECISION_S) end = Math.min(start + DECISION_S, durationS);
  if (end - start < DECISION_S) start = Math.max(end - DECISION_S, 0);
  if (kind === "") {
    const touched = marks.filter((mark) => mark.end >= start && mark.start <= end);
    const kinds = new Set(touched.map((mark) => mark.kind));
    kind = kinds.size === 1 ? [...kinds][0] : "";
    start = Math.min(start, ...touched.filter((mark) => mark.kind === kind).map((mark) => mark.start));
    end = Math.max(end, ...touched.filter((mark) => mark.kind === kind).map((mark) => mark.end));
  }
  // What erase would drop beside the stroke is to be removed all the same: the stroke takes it.
  const under = marks.filter((mark) => mark.start < end && mark.end > start);
  start = Math.min(start, ...under.map((mark) => mark.start).filter((timeS) => isSliver(timeS, start)));
  end = Math.max(end, ...under.map((mark) => mark.end).filter((timeS) => isSliver(end, timeS)));
  return tidy([...erase(marks, start, end), { start, end, kind }], durationS);
}

/**
 * Move one edge ("start" or "end") of mark `index`; it stops at its neighbours and leaves one decision. An edge
 * that a neighbour of another kind shares is the border of both and moves for both.
 */
export function moveEdge(marks, index, edge, timeS, durationS) {
  const at = marks[index][edge];
  const beside = marks.find((mark) => sharesBorder(mark, marks[index], edge));
  const [left, right] = edge === "start" ? [beside, marks[index]] : [marks[index], beside];
  const lowest = left ? Math.min(at, left.start + DECISION_S) : (marks[index - 1]?.end ?? 0);
  const highest = right ? Math.max(at, right.end - DECISION_S) : (marks[index + 1]?.start ?? durationS);
  const border = clamp(timeS, lowest, highest);
  return marks.map((mark) => {
    if (mark === left) return { ...mark, end: border };
    return mark === right ? { ...mark, start: border } : mark;
  });
}

/** Whether a mark ends, or begins, where that edge of another one is, and is of another kind. */
export function sharesBorder(mark, other, edge) {
  return mark[edge === "start" ? "end" : "start"] === other[edge] && mark.kind !== other.kind;
}

export function setKind(marks, index, kind) {
  return marks.map((mark, i) => (i === index ? { ...mark, kind } : mark));
}

export function indexAt(marks, timeS) {
  return marks.findIndex((mark) => mark.start <= timeS && timeS < mark.end);
}

/** Seconds that are marked to be removed; what is marked unknown is not. */
export function removedSeconds(marks) {
  return marks.reduce((sum, mark) => sum + (mark.kind === "unknown" ? 0 : mark.end - mark.start), 0);
}

/** Marks from the two lists of labels.json. */
export function marksFromLabels({ remove, unknown }) {
  const marks = [
    ...remove.map(([start, end, kind]) => ({ start, end, kind })),
    ...unknown.map(([start, end]) => ({ start, end, kind: "unknown" })),
  ];
  return marks.sort((a, b) => a.start - b.start);
}

/** The two lists of labels.json from marks. */
export function labelsFromMarks(marks) {
  const unknown = marks.filter((mark) => mark.kind === "unknown");
  const remove = marks.filter((mark) => mark.kind !== "unknown");
  return {
    remove: remove.map(({ start, end, kind }) => [start, end, kind]),
    unknown: unknown.map(({ start, end }) => [start, end]),
  };
}

export const sameMarks = (a, b) => JSON.stringify(labelsFromMarks(a)) === JSON.stringify(labelsFromMarks(b));
