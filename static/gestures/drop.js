/** Files dropped anywhere on the page. `onFiles(files)` gets them; the page shows where while they hover. */
export function dropFiles(body, onFiles) {
  let depth = 0;
  const show = (change) => {
    depth = Math.max(0, depth + change);
    body.classList.toggle("dropping", depth > 0);
  };
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  body.addEventListener("dragenter", (event) => hasFiles(event) && show(1));
  body.addEventListener("dragleave", (event) => hasFiles(event) && show(-1));
  body.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  body.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show(-depth);
    onFiles([...event.dataTransfer.files]);
  });
}
