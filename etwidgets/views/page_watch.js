// Two things that only the browser notices: that the kernel no longer answers, and double clicks on controls.

const EVERY_MS = 4000, PATIENCE_MS = 20000;

function render({ model, el }) {
  const strip = document.createElement("div"), words = document.createElement("span"), again = document.createElement("button");
  strip.className = "etw-lost"; strip.hidden = true;
  words.textContent = "The program behind this page does not answer. Your steps are saved as they are done: if it does not come back, reload the page and press Resume.";
  again.textContent = "Reload";
  again.onclick = () => window.location.reload();
  strip.append(words, again);
  el.appendChild(strip);

  let heard = null;   // before the first answer there is nothing to miss: a saved notebook has no kernel
  const receive = (content) => { if (content.type === "here") { heard = performance.now(); strip.hidden = true; } };
  const ask = () => {
    if (heard !== null && performance.now() - heard > PATIENCE_MS) strip.hidden = false;
    try { model.send({ type: "there?" }); } catch { /* the connection is gone: the strip says so */ }
  };
  const timer = model.get("watched") ? setInterval(ask, EVERY_MS) : null;
  if (timer) ask();

  const doubled = (event) => {
    for (const name of model.get("classes")) if (event.target.closest?.("." + name)) model.send({ type: "double", name });
  };
  document.addEventListener("dblclick", doubled);
  model.on("msg:custom", receive);
  return () => {
    if (timer) clearInterval(timer);
    document.removeEventListener("dblclick", doubled);
    model.off("msg:custom", receive);
  };
}

export default { render };
