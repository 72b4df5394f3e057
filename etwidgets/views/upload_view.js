// Sends files in pieces, each after the one before has been written, and shows how far it is.

const PIECE = 2 * 1024 * 1024;
const size = (n) => (n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : `${(n / 1e6).toFixed(1)} MB`);

function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "etw-upload";
  const input = document.createElement("input"), invitation = document.createElement("span"), label = document.createElement("label");
  input.type = "file"; input.multiple = true; input.accept = model.get("endings").join(",");
  label.textContent = "Upload files…";
  label.title = "Choose a file with the tilts together with the series";
  label.append(input);
  invitation.textContent = model.get("invitation");
  invitation.className = "etw-upload-words";
  const words = document.createElement("span"), bar = document.createElement("progress"), stop = document.createElement("button");
  stop.textContent = "Cancel"; stop.className = "etw-upload-cancel";
  bar.hidden = stop.hidden = true;
  box.append(label, invitation, bar, stop, words);
  el.appendChild(box);

  // each choice of files has a number, which its answers bear: those of a choice that was cancelled are not heard
  let files = [], index = 0, sent = 0, before = 0, total = 0, busy = false, choice = 0, unread = "";
  const tell = (content, buffers) => model.send({ ...content, choice }, undefined, buffers);
  const say = (text) => { words.textContent = text; invitation.hidden = !!text; };
  const end = () => { busy = false; bar.hidden = stop.hidden = true; input.disabled = false; input.value = ""; };

  function begin(chosen) {
    if (busy) return;
    const known = chosen.filter((file) => model.get("endings").some((ending) => file.name.toLowerCase().endsWith(ending)));
    const others = chosen.length - known.length;
    files = known;
    const skipped = others ? ` ${others} unsupported ${others > 1 ? "files" : "file"} skipped.` : "";
    if (others) say(skipped.trim());
    unread = skipped;
    total = files.reduce((sum, file) => sum + file.size, 0);
    if (!files.length) return;
    if (total > model.get("limit")) {
      say(`${size(total)} is more than the ${size(model.get("limit"))} that a page takes; copy the file to the machine instead.`);
      input.value = "";
      return;
    }
    busy = true; index = 0; before = 0; choice += 1;
    bar.hidden = stop.hidden = false; input.disabled = true;
    bar.max = total; bar.value = 0;
    next();
  }
  function next() {
    sent = 0;
    tell({ type: "begin", name: files[index].name, size: files[index].size });
  }
  async function piece() {
    const file = files[index], mine = choice;
    if (sent >= file.size) { tell({ type: "end" }); return; }
    let part;
    try { part = await file.slice(sent, sent + PIECE).arrayBuffer(); } catch (error) {
      if (busy && mine === choice) { give_up(); say(`${file.name} cannot be read any more (${error.message}); nothing was kept of it.`); }
      return;
    }
    if (!busy || mine !== choice) return;
    tell({ type: "piece", offset: sent }, [part]);
    sent += part.byteLength;
    bar.value = before + sent;
    say(`${file.name}: ${size(before + sent)} of ${size(total)}`);
  }
  function receive(content) {
    if (!busy || content.choice !== choice) return;
    if (content.type === "go") piece();
    else if (content.type === "refused") { end(); say(content.why); }
    else if (content.type === "kept") {
      before += files[index].size;
      index += 1;
      if (index < files.length) { next(); return; }
      tell({ type: "all" });
      end();
      const names = files.slice(0, 3).map((file) => file.name).join(", ");
      say(`${names}${files.length > 3 ? ` and ${files.length - 3} more` : ""}: ${size(total)} uploaded.${unread}`);
    }
  }
  // what is dropped: files, and those directly in a folder
  async function inside(entry) {
    if (entry.isFile) return [await new Promise((found, failed) => entry.file(found, failed))];
    const reader = entry.createReader(), found = [];
    for (;;) {   // a reader gives a hundred at a time
      const part = await new Promise((read, failed) => reader.readEntries(read, failed));
      if (!part.length) break;
      for (const each of part) if (each.isFile) found.push(...await inside(each));
    }
    return found;
  }
  async function dropped(event) {
    if (!takes(event)) return;
    event.preventDefault();
    place().classList.remove("etw-upload-over");
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const entries = items.map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const plain = [...event.dataTransfer.files];
    try {
      begin(entries.length ? (await Promise.all(entries.map(inside))).flat() : plain);
    } catch (error) { say(`The files could not be read: ${error.message}`); }
  }
  // files may be dropped on the whole of what this is a part of
  const place = () => (model.get("area") && box.closest("." + model.get("area"))) || box;
  const takes = (event) => event.dataTransfer?.types.includes("Files") && place().contains(event.target);
  const over = (event) => {
    place().classList.toggle("etw-upload-over", takes(event));
    if (takes(event)) event.preventDefault();
  };
  const left = (event) => { if (!place().contains(event.relatedTarget)) place().classList.remove("etw-upload-over"); };
  const heard = { dragover: over, dragleave: left, drop: dropped };
  for (const [name, action] of Object.entries(heard)) document.addEventListener(name, action);
  input.onchange = () => begin([...input.files]);
  const give_up = () => { end(); tell({ type: "stop" }); };
  stop.onclick = () => { give_up(); say("Upload cancelled; nothing was kept of this file."); };
  model.on("msg:custom", receive);
  return () => {
    model.off("msg:custom", receive);
    for (const [name, action] of Object.entries(heard)) document.removeEventListener(name, action);
    if (busy) tell({ type: "stop" });
  };
}

export default { render };
