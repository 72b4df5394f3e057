// What the browser tells the kernel: that the page is on the screen, and double clicks on controls.
// In a served page it also tells the page's own guard (window.etwidgets) that the kernel answers and whether a step runs.

const EVERY_MS = 4000;

function render({ model }) {
  const guard = window.etwidgets ?? {};
  const receive = (content) => {
    if (content.type === "here") guard.heard = performance.now();
    else if (content.type === "go") { guard.busy = false; window.location.assign(content.address); }   // the step goes on
  };
  const busy = () => { guard.busy = model.get("busy"); };
  const ask = () => { try { model.send({ type: "there?" }); } catch { /* the connection is gone: the guard says so */ } };
  const timer = model.get("watched") ? setInterval(ask, EVERY_MS) : null;
  if (timer) ask();
  busy();

  const doubled = (event) => {
    for (const name of model.get("classes")) if (event.target.closest?.("." + name)) model.send({ type: "double", name });
  };
  document.addEventListener("dblclick", doubled);
  model.on("msg:custom", receive);
  model.on("change:busy", busy);
  return () => {
    if (timer) clearInterval(timer);
    document.removeEventListener("dblclick", doubled);
    model.off("msg:custom", receive);
    model.off("change:busy", busy);
  };
}

export default { render };
