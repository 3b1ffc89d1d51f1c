import { byId } from "../dom.js";

let timer = null;

/** Say one sentence for a while, aloud to a screen reader too; `tone` is "info" or "error". */
export function toast(message, tone = "info") {
  const element = byId("toast");
  bringToFront(element);
  element.textContent = message;
  element.dataset.tone = tone;
  element.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => element.classList.remove("shown"), tone === "error" ? 8000 : 3500);
}

/** A dialog covers what is not in it. */
function bringToFront(element) {
  const over = document.querySelector("dialog[open]") ?? document.body;
  if (element.parentElement !== over) over.append(element);
}

// What was said in a dialog outlives it; this event does not bubble.
document.addEventListener("close", () => bringToFront(byId("toast")), true);
