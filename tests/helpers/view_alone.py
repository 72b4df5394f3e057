"""A view without a server: its Python side in this process, its JavaScript in a page of Chromium."""

import base64
import json

from anywidget import AnyWidget

_PAGE = """<!doctype html><body style="margin: 0"><style>%s</style><div id="host"></div><script type="module">
%s
const handlers = {}, state = %s;
const call = (name, ...what) => (handlers[name] ?? []).forEach((handler) => handler(...what));
const bytesOf = (text) => new DataView(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer);
const textOf = (buffer) =>
  btoa(Array.from(new Uint8Array(buffer), (each) => String.fromCharCode(each)).join(""));
window.deliver = (content, buffers) => call("msg:custom", content, buffers.map(bytesOf));
window.setTrait = (name, value) => { state[name] = value; call(`change:${name}`); };
render({ el: document.getElementById("host"), model: {
  get: (name) => state[name],
  set: (name, value) => { window.setTrait(name, value); window.toPython({ trait: name, value }); },
  save_changes() {},
  on: (name, handler) => (handlers[name] ??= []).push(handler),
  off() {},
  send: (content, _, buffers = []) => window.toPython({ content, buffers: buffers.map(textOf) }),
} });
</script>"""


class ViewAlone:
    """A view of anywidget in a page; :meth:`exchange` carries what the two sides have said meanwhile."""

    def __init__(self, page, view):
        self.page, self.view = page, view
        self._said, self._heard, self._taken = [], [], None
        page.expose_function("toPython", lambda heard: self._heard.append(heard))
        view.send = lambda content, buffers=None: self._said.append((content, buffers or []))
        names = [name for name in view.traits(sync=True) if name[0] != "_" and not hasattr(AnyWidget, name)]
        view.observe(self._changed, names)
        traits = json.dumps({name: getattr(view, name) for name in names})
        module = str(view._esm).replace("export default { render };", "")
        page.set_content(_PAGE % (view._css, module, traits))
        self.exchange()

    def _changed(self, change):
        if (change.name, change.new) != self._taken:  # what the page said is not sent back to it
            self._said.append((change.name, change.new))

    def exchange(self, until=lambda: False, rounds=4):
        """Carry messages for some rounds, or until something holds."""
        for _ in range(rounds):
            while self._heard:
                self._take(self._heard.pop(0))
            self.deliver()
            if until():
                return
            self.page.wait_for_timeout(20)

    def deliver(self):
        """Carry what Python said, and nothing back."""
        while self._said:
            self._give(*self._said.pop(0))

    def _take(self, heard):
        if "trait" in heard:
            self._taken = heard["trait"], heard["value"]
            self.view.set_trait(*self._taken)
            self._taken = None
        else:
            self.view.receive(heard["content"], [base64.b64decode(each) for each in heard["buffers"]])

    def _give(self, what, rest):
        if isinstance(what, str):
            self.page.evaluate("([name, value]) => window.setTrait(name, value)", [what, rest])
        else:
            buffers = [base64.b64encode(bytes(each)).decode() for each in rest]
            self.page.evaluate("([content, buffers]) => window.deliver(content, buffers)", [what, buffers])
