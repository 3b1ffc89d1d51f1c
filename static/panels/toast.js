import { byId } from "../dom.js";

let timer = null;

/** Say one sentence for a while, aloud to a screen reader too; `tone` is "info" or "error". */
export function toast(message, tone = "info") {
  const element = byId("toast");
  const over = document.querySelector("dialog[open]") ?? document.body; // a dialog covers what is not in it
  if (element.parentElement !== over) over.append(element);
  element.textContent = message;
  element.dataset.tone = tone;
  element.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => element.classList.remove("shown"), tone === "error" ? 8000 : 3500);
}
