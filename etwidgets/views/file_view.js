// A folder as a list. Rows are chosen here, by mouse and keys; the kernel reads the folder, sorts and filters.

const TYPED_MS = 800;   // between two letters of a name

function render({ model, el }) {
  const make = (kind, style = "", text = "") => Object.assign(document.createElement(kind), { className: style, textContent: text });
  const press = (text, title, action) => Object.assign(make("button", "", text), { type: "button", title, onclick: action });
  const ask = (type, what) => model.send({ type, what });
  const box = make("div", "etw-files"), bar = make("div", "etw-files-bar"), places = make("nav", "etw-files-places");
  const recent = make("div", "etw-files-recent"), list = make("div", "etw-files-list");
  const table = make("table"), head = make("thead"), body = make("tbody"), note = make("p"), filter = make("select");
  el.classList.add("etw-files-view");
  box.dataset.lmSuppressShortcuts = "true";   // a notebook would take the letters for its own
  places.setAttribute("aria-label", "folders");
  table.tabIndex = 0;
  for (const [name, value] of [["role", "grid"], ["aria-multiselectable", "true"], ["aria-label", "files"]]) table.setAttribute(name, value);
  list.style.height = list.style.minHeight = model.get("height") + "px";
  filter.setAttribute("aria-label", "which files are listed");
  filter.append(...model.get("filters").map((name) => make("option", "", name)));
  filter.hidden = model.get("filters").length < 2;
  filter.onchange = () => ask("filter", filter.selectedIndex);
  const again = press("↻", "List the folder again", () => ask("again"));
  again.setAttribute("aria-label", "List the folder again");
  bar.append(places, filter, again);
  table.append(head, body);
  list.append(table, note);
  box.append(bar, recent, list);
  el.appendChild(box);

  let rows = [], lines = [], cursor = 0, anchor = 0, typed = "", typedAt = 0;

  function draw() {
    const { rows: shown = [], places: way = [], heads = [], sorted = 0, down = false, filter: used = 0, note: said = "", at = "" } = model.get("listing");
    rows = shown;
    filter.selectedIndex = used;
    places.replaceChildren(...way.flatMap(([label, title], i) => {
      const place = press(label, title, () => ask("place", i));
      if (i === way.length - 1) place.setAttribute("aria-current", "location");
      return i ? [make("span", "", "›"), place] : [place];
    }));
    const top = make("tr");
    heads.forEach((name, i) => {
      const cell = make("th");
      cell.scope = "col";
      if (i === sorted) cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      cell.append(press(name + (i === sorted ? (down ? " ▾" : " ▴") : ""), `Sort by ${name}`, () => ask("sort", i)));
      top.append(cell);
    });
    head.replaceChildren(top);
    lines = rows.map((row, i) => line(row, i));
    body.replaceChildren(...lines);
    note.textContent = said;
    note.hidden = !said;
    cursor = anchor = Math.max(0, rows.findIndex((row) => row.name === at));
    mark();
    list.scrollTop = 0;
    if (at) show(cursor);
  }

  function line(row, i) {
    const made = make("tr", [row.folder && "etw-folder", !row.usable && "etw-dim"].filter(Boolean).join(" "));
    made.id = `${id}-${i}`;
    for (const text of [row.name, row.kind, row.size, row.changed]) made.append(Object.assign(make("td", "", text), { title: text }));
    made.onmousedown = (event) => { if (event.shiftKey) event.preventDefault(); };   // selects no text
    made.onclick = (event) => pick(i, event);
    made.ondblclick = () => ask("enter", row.name);
    return made;
  }

  function mark() {
    const chosen = new Set(model.get("value"));
    lines.forEach((each, i) => {
      each.setAttribute("aria-selected", String(chosen.has(rows[i].name)));
      each.classList.toggle("etw-cursor", i === cursor);
    });
    if (lines[cursor]) table.setAttribute("aria-activedescendant", lines[cursor].id);
    else table.removeAttribute("aria-activedescendant");
  }

  function show(i) {
    const each = lines[i], above = head.offsetHeight;
    if (!each) return;
    if (each.offsetTop < list.scrollTop + above) list.scrollTop = each.offsetTop - above;
    else if (each.offsetTop + each.offsetHeight > list.scrollTop + list.clientHeight)
      list.scrollTop = each.offsetTop + each.offsetHeight - list.clientHeight;
  }

  function choose(names) {
    model.set("value", names);
    model.save_changes();
    mark();
  }

  // with Shift all from the last place to this one, with Ctrl this one more or less, otherwise this one alone
  function pick(i, { shiftKey = false, ctrlKey = false, metaKey = false } = {}) {
    cursor = i;
    if (shiftKey) {
      choose(rows.slice(Math.min(anchor, i), Math.max(anchor, i) + 1).map((row) => row.name));
    } else if (ctrlKey || metaKey) {
      anchor = i;
      const name = rows[i].name, chosen = model.get("value");
      choose(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name]);
    } else {
      anchor = i;
      choose([rows[i].name]);
    }
    show(i);
  }

  function search(letter) {
    const now = performance.now(), goes = now - typedAt < TYPED_MS ? typed + letter : letter;
    [typed, typedAt] = [goes.toLowerCase(), now];
    for (let k = typed.length > 1 ? 0 : 1; k <= rows.length; k++) {
      const i = (cursor + k) % rows.length;
      if (rows[i].name.toLowerCase().startsWith(typed)) { pick(i); return; }
    }
  }

  const page = () => Math.max(1, Math.floor(list.clientHeight / (lines[0]?.offsetHeight || 20)) - 2);
  const STEPS = { ArrowDown: () => 1, ArrowUp: () => -1, PageDown: page, PageUp: () => -page(), Home: () => -rows.length, End: () => rows.length };

  function key(event) {
    const { key: name, shiftKey, ctrlKey, metaKey, altKey } = event, typing = performance.now() - typedAt < TYPED_MS;
    if (altKey || (!rows.length && name !== "Backspace")) return;
    if (name in STEPS) {
      const first = !model.get("value").length && !shiftKey && ["ArrowDown", "ArrowUp"].includes(name);
      const to = first ? cursor : Math.min(rows.length - 1, Math.max(0, cursor + STEPS[name]()));
      if (ctrlKey || metaKey) { cursor = to; mark(); show(to); } else pick(to, { shiftKey });
    } else if (name === "Enter") {
      if (model.get("value").length < 2) ask("enter", rows[cursor].name);
    } else if (name === "Backspace") {
      const count = places.querySelectorAll("button").length;
      if (count > 1) ask("place", count - 2);
    } else if (name === " " && !typing) {
      pick(cursor, { ctrlKey: true });
    } else if ((ctrlKey || metaKey) && name === "a") {
      choose(rows.filter((row) => !row.folder && row.usable).map((row) => row.name));
    } else if (name.length === 1 && !ctrlKey && !metaKey) {
      search(name);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function drawRecent() {
    const inner = make("div"), known = model.get("recent");
    inner.append(...known.map(({ label, about, gone }, i) => {
      const each = press(label, about + (gone ? " (missing)" : ""), () => ask("recent", i));
      each.ondblclick = () => ask("open-recent", i);
      each.disabled = gone;
      return each;
    }));
    recent.replaceChildren(make("span", "", "Recent"), inner);
    recent.hidden = !known.length;
    recent.style.display = known.length ? "" : "none";
  }

  function chosenElsewhere() {
    mark();
    const first = rows.findIndex((row) => row.name === model.get("value")[0]);
    if (first >= 0 && model.get("value").length === 1 && first !== cursor) { cursor = anchor = first; mark(); show(first); }
  }

  const changes = { "change:listing": draw, "change:recent": drawRecent, "change:value": chosenElsewhere };
  const id = `etw-file-${Math.random().toString(36).slice(2)}`;
  table.addEventListener("keydown", key);
  for (const [name, action] of Object.entries(changes)) model.on(name, action);
  draw();
  drawRecent();
  return () => { for (const [name, action] of Object.entries(changes)) model.off(name, action); };
}

export default { render };
