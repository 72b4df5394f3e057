// For screen readers and keys: names that ipywidgets leaves out, landmarks, arrow keys in the list of tabs.
// Labels are referred to, not copied: they may change. All is done again after the page changed, and does no harm twice.

const REST_MS = 150;   // of the page, after which it is gone through again
const TURNS = { ArrowUp: (i) => i - 1, ArrowDown: (i) => i + 1, Home: () => 0, End: () => -1 };
const LANDMARKS = [
  [".etw-header", "region", "Series"], [".etw-tabs", "navigation", "Tabs"], [".etw-middle", "main", "Panel"],
  [".etw-status", "region", "Status"], [".etw-resume", "region", "Saved sessions"], [".etw-tour", "region", "Tour"],
  [".etw-form", "group", "Controls"],
];
const PLAY = [["fa-play", "Play"], ["fa-pause", "Pause"], ["fa-stop", "Back to the first"], ["fa-retweet", "Repeat"]];

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const idOf = (element) => { element.id ||= `etw-${Math.random().toString(36).slice(2)}`; return element.id; };

// The words beside a control; where there are none, the heading above it.
function labelOf(control) {
  const box = control.closest(".widget-inline-hbox"), label = box?.querySelector(":scope > .widget-label");
  if (label?.textContent && getComputedStyle(label).display !== "none") return label;
  const above = all(":is(h2, h3, h4)", control.closest(".etw"))
    .filter((head) => head.compareDocumentPosition(control) & Node.DOCUMENT_POSITION_FOLLOWING);
  return above.at(-1) ?? null;
}

function nameBy(element, label, own = "") {
  if (!label) return;
  if (own) element.setAttribute("aria-label", own);
  element.setAttribute("aria-labelledby", own ? `${idOf(label)} ${idOf(element)}` : idOf(label));
}

function nameSliders(root) {
  for (const handle of all(".noUi-handle:not([aria-labelledby])", root)) {
    const isOneOfTwo = handle.closest(".noUi-target").querySelectorAll(".noUi-handle").length > 1;
    const end = isOneOfTwo ? (handle.classList.contains("noUi-handle-lower") ? "lower end" : "upper end") : "";
    nameBy(handle, labelOf(handle), end);
    const readout = handle.closest(".widget-inline-hbox")?.querySelector(":scope > .widget-readout");
    if (readout) handle.setAttribute("aria-describedby", idOf(readout));   // its number is a place in a list where it has words
  }
  for (const readout of all(".widget-readout[contenteditable='true']:not([role])", root)) {
    readout.setAttribute("role", "textbox");
    nameBy(readout, labelOf(readout));
  }
}

function nameControls(root) {
  for (const field of all(":is(select, input, textarea):not([aria-label], [aria-labelledby], [title], [type='file'])", root)) {
    const label = field.labels?.[0];
    if (!label?.textContent || getComputedStyle(label).display === "none") nameBy(field, labelOf(field));
  }
  for (const [icon, words] of PLAY) {
    for (const image of all(`.jupyter-button > .${icon}`, root)) {
      if (!image.parentElement.textContent) image.parentElement.setAttribute("aria-label", words);
    }
  }
  for (const button of all("button[title]:not([aria-label])", root)) {   // a single sign is no name
    if (button.textContent.trim().length < 2) button.setAttribute("aria-label", button.title);
  }
  for (const button of all(".widget-toggle-buttons button", root)) button.setAttribute("aria-pressed", String(button.classList.contains("mod-active")));
  for (const canvas of all(":is(.etw-curve, .etw-volume-picture) canvas:not([role])", root)) {
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", canvas.closest(".etw-curve") ? "Chart" : "Volume in 3-D");
  }
}

function markPlaces(root) {
  for (const [selector, role, name] of LANDMARKS) {
    for (const place of all(`${selector}:not([role])`, root)) {
      const isSecondMain = role === "main" && document.querySelector("main, [role='main']");
      place.setAttribute("role", isSecondMain ? "region" : role);
      place.setAttribute("aria-label", name);
    }
  }
  for (const said of all(".etw-status-message:not([role])", root)) said.setAttribute("role", "status");
}

// One tab can be reached with the tabulator, the others with the arrow keys.
function markTabs(root) {
  for (const list of all(".etw-tabs", root)) {
    list.onkeydown = turn;
    for (const tab of all(".etw-tab", list)) {
      const isCurrent = tab.classList.contains("etw-current");
      tab.tabIndex = isCurrent ? 0 : -1;
      if (isCurrent) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
  }
}

function turn(event) {
  const tabs = all(".etw-tab", event.currentTarget), to = TURNS[event.key]?.(tabs.indexOf(document.activeElement));
  if (to === undefined) return;
  event.preventDefault();
  tabs.at(to % tabs.length).focus();
}

function goThrough() {
  for (const root of all(".etw:not(.etw .etw)")) {
    root.dataset.lmSuppressShortcuts = "true";   // JupyterLab would take keys for its cells: x cuts one, b adds one
    nameSliders(root); nameControls(root); markPlaces(root); markTabs(root);
  }
}

function render() {
  let timer = null;
  const later = () => { timer ??= setTimeout(() => { timer = null; goThrough(); }, REST_MS); };
  const watch = new MutationObserver(later);
  watch.observe(document.body, { subtree: true, childList: true, attributeFilter: ["class"] });
  later();
  return () => { watch.disconnect(); clearTimeout(timer); };
}

export default { render };
