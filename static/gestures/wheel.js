/** Ctrl and the wheel zoom at the pointer; the wheel alone moves along once zoomed. */
export function zoomByWheel(stage, view) {
  stage.addEventListener("wheel", (event) => {
    const x = event.clientX - stage.getBoundingClientRect().left;
    if (event.ctrlKey || event.metaKey) view.zoom(Math.exp(-event.deltaY * 0.004), view.time(x));
    else if (view.end - view.start < view.limits[1] - view.limits[0]) {
      view.pan((event.deltaX || event.deltaY) * view.secondsPerPixel);
    } else return;
    event.preventDefault();
  }, { passive: false });
}
