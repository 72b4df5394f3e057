// Sends files in pieces, each after the one before has been written, and shows how far it is.

const PIECE = 2 * 1024 * 1024;
const size = (n) => (n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : `${(n / 1e6).toFixed(1)} MB`);

function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "etw-upload";
  const input = document.createElement("input");
  input.type = "file"; input.multiple = true; input.accept = model.get("endings").join(",");
  const words = document.createElement("span"), bar = document.createElement("progress"), stop = document.createElement("button");
  stop.textContent = "Cancel"; stop.className = "etw-upload-cancel";
  bar.hidden = stop.hidden = true;
  box.append(input, bar, stop, words);
  el.appendChild(box);

  let files = [], index = 0, sent = 0, before = 0, total = 0, busy = false;
  const say = (text) => { words.textContent = text; };
  const end = () => { busy = false; bar.hidden = stop.hidden = true; input.disabled = false; input.value = ""; };

  function begin() {
    files = [...input.files];
    total = files.reduce((sum, file) => sum + file.size, 0);
    if (!files.length) return;
    if (total > model.get("limit")) {
      say(`${size(total)} is more than the ${size(model.get("limit"))} that a page takes; copy the file to the machine instead.`);
      input.value = "";
      return;
    }
    busy = true; index = 0; before = 0;
    bar.hidden = stop.hidden = false; input.disabled = true;
    bar.max = total; bar.value = 0;
    next();
  }
  function next() {
    sent = 0;
    model.send({ type: "begin", name: files[index].name, size: files[index].size });
  }
  async function piece() {
    const file = files[index];
    if (sent >= file.size) { model.send({ type: "end" }); return; }
    const part = await file.slice(sent, sent + PIECE).arrayBuffer();
    if (!busy) return;
    sent += part.byteLength;
    model.send({ type: "piece" }, undefined, [part]);
    bar.value = before + sent;
    say(`${file.name}: ${size(before + sent)} of ${size(total)}`);
  }
  function receive(content) {
    if (!busy) return;
    if (content.type === "go") piece();
    else if (content.type === "refused") { end(); say(content.why); }
    else if (content.type === "kept") {
      before += files[index].size;
      index += 1;
      if (index < files.length) { next(); return; }
      model.send({ type: "all" });
      end();
      say(`${files.map((file) => file.name).join(", ")}: ${size(total)} uploaded.`);
    }
  }
  input.onchange = begin;
  stop.onclick = () => { end(); model.send({ type: "stop" }); say("Upload cancelled; nothing was kept of this file."); };
  model.on("msg:custom", receive);
  return () => { model.off("msg:custom", receive); if (busy) model.send({ type: "stop" }); };
}

export default { render };
