"""A browser that opens whatever a page lets it open, and sees that no text there does anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Locator, Page, Request, Route, expect

from tests.payloads import EVIL

#: What nothing of ours draws: whatever is there was made of somebody's text.
_FOREIGN = (
    "iframe, object, embed, form[action], base, meta[http-equiv=refresh], .katex, "
    f'a[href*="{EVIL}"], a[href^="javascript:" i], img[src*="{EVIL}"], [src*="{EVIL}"], '
    'img[alt="Streamlit logo"], b > script'
)
#: Also in the components of ours that have a document of their own.
DRAWN = f"""() => {{
  const found = [];
  const look = root => {{
    for (const one of root.querySelectorAll({_FOREIGN!r}))
      found.push(one.outerHTML.slice(0, 300));
    for (const one of root.querySelectorAll('*')) {{
      for (const {{name, value}} of one.attributes)
        if (/^on/i.test(name)
            || value.includes('canary(') && /^(href|src|action|style)$/i.test(name))
          found.push(one.outerHTML.slice(0, 300));
      if (one.shadowRoot) look(one.shadowRoot);
    }}
  }};
  look(document);
  return found;
}}"""
#: Whatever runs is counted; and it is known when the page has last changed.
PREPARED = """
window.canary = () => { window.sung = (window.sung || 0) + 1 };
new MutationObserver(() => { window.changedAt = performance.now() })
  .observe(document, {subtree: true, childList: true, characterData: true});
"""
_STILL = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  return app && app.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid=stSkeleton]')
    && performance.now() - (window.changedAt || 0) > 200;
}"""
_OPEN_ALL = """() => {
  const shut = document.querySelectorAll('details:not([open]) > summary');
  for (const one of shut) one.click();
  return shut.length;
}"""
MENUS = "[data-testid=stSelectbox] input:enabled, [data-testid=stMultiSelect] input:enabled"
#: Of a list of equal cards, so many.
SOME = 6


@dataclass
class Watch:
    """What a browser was made to do, and what was opened in it."""

    page: Page
    dialogs: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    popovers: int = 0
    menus: int = 0
    questions: list[str] = field(default_factory=list)
    _asking: str = ""

    def open(self, url: str) -> None:
        """Open an address cold, and wait until the page is drawn to its end."""
        self.page.goto(url)
        # Of the counter, the field that questions are typed in is drawn last.
        last = ":is(h1, h2, h3), [data-testid=stChatInput]"
        expect(self.page.locator(last).first).to_be_visible()
        self.settle()

    def settle(self) -> None:
        """Wait until the page is at rest."""
        self.page.wait_for_function(_STILL, polling=40)

    def check(self, where: str, linked: bool = False) -> str:
        """See that nothing has happened; returns what is written on the page."""
        if self.page.evaluate(_OPEN_ALL):
            self.settle()
        said = self.page.locator("body").inner_text()
        drawn = [
            one
            for one in self.page.evaluate(DRAWN)
            # What a product's own page is may be linked to, where its card is.
            if not (linked and 'rel="noopener noreferrer"' in one and f"https://{EVIL}/p" in one)
        ]
        assert not drawn, (where, drawn)
        assert self.page.evaluate("window.sung") is None, where
        assert not (self.dialogs + self.foreign + self.opened), (where, self)
        for word in ("Something went wrong", "Traceback", "StreamlitAPIException"):
            assert word not in said, (where, said)
        assert not self.page.get_by_test_id("stException").count(), where
        return said

    def walk(self, where: str, asks: str = "") -> str:
        """Open every tab, popover, menu and question of the page; returns all that it said.

        Args:
            where: For whoever reads what has failed.
            asks: With what the key of a button begins that asks before it does something.
        """
        said, self._asking = [self.check(where)], asks
        tabs = self._main.get_by_role("tab").all()
        for tab in tabs:
            tab.click()
            self.settle()
            said.append(self._around(f"{where}, {tab.inner_text()}"))
        if not tabs:
            said.append(self._around(where))
        # What is loaded late, such as a picture that is none, has had the time by now.
        self.page.wait_for_timeout(300)
        return "\n".join([*said, self.check(where)])

    @property
    def _main(self) -> Locator:
        return self.page.get_by_test_id("stMain")

    def _around(self, where: str) -> str:
        said = [self.check(where)]
        said += self._menus(self._main, where)
        self._questions(self._main, where)
        shut = self._main.locator("[data-testid=stPopoverButton]:enabled:visible")
        for at in range(SOME):
            self.settle()
            # What was opened before may have changed what there is.
            if at >= shut.count():
                break
            shut.nth(at).click()
            inside = self.page.get_by_test_id("stPopoverBody")
            expect(inside.first).to_be_visible()
            self.settle()
            self.popovers += 1
            said.append(self.check(f"{where}, popover {at}"))
            said += self._menus(inside.first, f"{where}, popover {at}")
            self._questions(inside.first, where)
            if inside.count():
                self.page.keyboard.press("Escape")
            expect(inside).to_have_count(0)
        return "\n".join(said)

    def _menus(self, within: Locator, where: str) -> list[str]:
        """The menus of what can be selected."""
        said = []
        boxes = within.locator(MENUS)
        for at in range(min(boxes.count(), SOME)):
            box = boxes.nth(at)
            if not box.is_visible():
                continue
            box.click()
            self.settle()
            # Where all is chosen already, there is none.
            menu = self.page.get_by_role("listbox")
            self.menus += menu.count()
            said.append(self.check(f"{where}, menu {at}"))
            self.page.keyboard.press("Escape")
            expect(menu).to_have_count(0)
        return said

    def _questions(self, within: Locator, where: str) -> None:
        """The questions that are asked before something is lost; none is answered."""
        if not self._asking:
            return
        keyed = f'[class*="st-key-{self._asking}"] button:enabled:visible'
        asking = within.locator(keyed)
        if asking.count():
            asking.first.click()
            question = self.page.get_by_test_id("stDialog")
            expect(question).to_have_count(1)
            self.settle()
            self.questions.append(question.inner_text().splitlines()[0])
            self.check(f"{where}, question")
            self._menus(question, f"{where}, question")
            close = question.get_by_role("button", name="Close")
            if close.count():
                # From within a popover, the key would close that instead.
                close.click()
            else:
                self.page.keyboard.press("Escape")
            expect(question).to_have_count(0)
            self.settle()


@contextmanager
def watching(context: BrowserContext, address: str) -> Iterator[Watch]:
    """A page of a browser that may ask nobody but the shop."""
    page = context.new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    watch = Watch(page)

    def told(dialog: object) -> None:
        watch.dialogs.append(str(dialog))
        dialog.dismiss()  # type: ignore[attr-defined]

    def asked(route: Route, request: Request) -> None:
        if request.url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            watch.foreign.append(request.url)
            route.abort()

    page.on("dialog", told)
    page.on("popup", lambda one: watch.opened.append(one.url))
    page.route("**/*", asked)
    try:
        yield watch
    finally:
        page.close()
