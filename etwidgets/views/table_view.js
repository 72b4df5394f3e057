// A table of numbers: a click on a head sorts by it, a click on a row chooses it. The kernel sorts.
function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "etw-table";
  box.style.height = model.get("height") + "px";
  el.appendChild(box);

  function cell(kind, text, label) {
    const made = document.createElement(kind);
    made.textContent = text;
    if (label) made.title = label;
    return made;
  }

  function draw() {
    const { heads = [], rows = [], sorted = -1, down = false, note = "" } = model.get("shown");
    const table = document.createElement("table"), top = document.createElement("tr"), at = box.scrollTop;
    heads.forEach((head, i) => {
      const made = cell("th", head + (i === sorted ? (down ? " ▾" : " ▴") : ""), "Sort by this column");
      made.onclick = () => model.send({ type: "sort", column: i });
      top.append(made);
    });
    table.append(top);
    rows.forEach(({ cells, odd }, i) => {
      const line = document.createElement("tr");
      if (odd) line.className = "etw-odd";
      line.append(...cells.map((text) => cell("td", text)));
      line.onclick = () => model.send({ type: "choose", place: i });
      table.append(line);
    });
    box.replaceChildren(...(rows.length ? [table] : [cell("p", note)]));
    box.scrollTop = at;
    mark();
  }

  function mark() {
    const lines = [...box.querySelectorAll("tr")].slice(1), chosen = lines[model.get("chosen")];
    lines.forEach((line) => line.classList.toggle("etw-chosen", line === chosen));
    return chosen;
  }

  function point() {   // only when another one is chosen: a new table begins with its first row
    const chosen = mark();
    if (!chosen) return;
    const top = chosen.offsetTop, head = box.querySelector("tr").offsetHeight;
    if (top < box.scrollTop + head || top + chosen.offsetHeight > box.scrollTop + box.clientHeight)
      box.scrollTop = top - box.clientHeight / 2;
  }

  model.on("change:shown", draw);
  model.on("change:chosen", point);
  draw();
  return () => {
    model.off("change:shown", draw);
    model.off("change:chosen", point);
  };
}

export default { render };
