// Monitors the kernel behind the page by asking the server; needs neither the kernel nor a widget.
// window.etwidgets: session, page, base; busy and heard are written by the widget PageWatch.
(() => {
  const EVERY_MS = 1500, SILENT_MS = 30000, LOADING_MS = 60000, LOST_AFTER = 2;
  const here = window.etwidgets;
  here.busy = false; here.heard = null;
  let leaving = 0, misses = 0, banner = null;
  const loaded = performance.now();

  // Voila would stop the kernel here: it goes on instead, and reloading comes back to it. So ours is the first listener.
  window.addEventListener("beforeunload", (event) => {
    event.stopImmediatePropagation();
    leaving = performance.now();
    if (here.busy) { event.preventDefault(); event.returnValue = ""; }
  });

  const make = (tag, parent, className = "") => {
    const made = document.createElement(tag);
    made.className = className;
    parent.append(made);
    return made;
  };
  const show = (words, choices, blocks = true) => {
    if (!document.body) return;
    if (!banner) {
      const shade = make("div", document.body, "etw-shade"), bar = make("div", document.body, "etw-banner");
      bar.setAttribute("role", "alert");
      banner = { shade, bar, said: "" };
    }
    if (banner.said !== words) {
      banner.said = words;
      banner.bar.replaceChildren();
      make("span", banner.bar).textContent = words;
      for (const [label, action] of Object.entries(choices)) {
        const button = make("button", banner.bar);
        button.textContent = label; button.onclick = action;
      }
    }
    banner.bar.hidden = false; banner.shade.hidden = !blocks;
  };
  const hide = () => { if (banner) { banner.bar.hidden = true; banner.shade.hidden = true; } };
  const reload = () => { here.busy = false; window.location.reload(); };
  const cookie = (name) => (document.cookie.match("(?:^|; )" + name + "=([^;]*)") || ["", ""])[1];
  const restart = async (event) => {
    event.target.disabled = true;
    await fetch(`${here.base}sessions/${here.session}/end`, { method: "POST", headers: { "X-XSRFToken": cookie("_xsrf") } }).catch(() => {});
    reload();
  };

  const pulse = async () => {
    const left = leaving ? performance.now() - leaving : Infinity;
    if (left < 15000) return;   // the next page is on its way
    let said;
    try {
      const answer = await fetch(`${here.base}sessions/${here.session}/pulse?page=${here.page}`, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      said = await answer.json();
      misses = 0;
    } catch {
      misses += 1;
      if (misses >= LOST_AFTER) {
        show("The etwidgets server does not answer: it was stopped, or this computer was asleep. Your steps are saved, but if the server was stopped, a running step is lost. "
          + "If the connection does not return, start etwidgets app again, open the address it prints, and press Sessions.", { "Try again": reload });
      }
      return;
    }
    const heard = here.heard ?? loaded + LOADING_MS - SILENT_MS;   // a page that is being made may take longer
    if (said.state === "moved" && left < 120000) return;   // to this tab's own next page, which takes its time
    if (said.state === "moved") {
      here.busy = false; leaving = performance.now();
      window.location.replace(`${here.base}sessions/${here.session}/moved`);
    } else if (said.state === "dead") show(`${said.words} ${here.busy ? "The running step was lost. " : ""}${said.saved}`, { "Restart and continue": reload });
    else if (performance.now() - heard > SILENT_MS) {
      show("The kernel behind this page is not responding. It may be busy, or the connection was lost while this computer was asleep. "
        + "Your steps are saved.", { "Reload the page": reload, "Restart from the saved steps": restart }, false);
    } else hide();
  };
  setInterval(pulse, EVERY_MS);   // at once: the kernel may die before the page is whole
})();
