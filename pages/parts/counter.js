// The counter's page: opens sources at their passage, and keeps the keyboard where it is needed.
// Nothing here runs the page's script again, which would end an answer that is being written.
const TAP_PX = 10;
let turn;

export default function ({ data }) {
  window.skCounter?.abort();
  const listening = new AbortController();
  window.skCounter = listening;
  const listen = { capture: true, signal: listening.signal };
  let pressed = null;

  // An answer that grows is drawn anew many times a second: what was pressed may be gone
  // before it is let go, and then there is no click.
  document.addEventListener("pointerdown", (event) => {
    const source = event.target.closest?.("[data-source]");
    pressed = source && event.button === 0
      ? { key: source.dataset.source, x: event.clientX, y: event.clientY }
      : null;
  }, listen);
  document.addEventListener("pointerup", (event) => {
    const was = pressed;
    pressed = null;
    if (was && Math.hypot(event.clientX - was.x, event.clientY - was.y) < TAP_PX) open(was.key, data);
  }, listen);
  document.addEventListener("pointercancel", () => { pressed = null; }, listen);
  document.addEventListener("click", (event) => {
    const source = event.target.closest?.("[data-source]");
    // By the keyboard, or by software that reads the page aloud.
    if (source && event.detail === 0) open(source.dataset.source, data);
  }, listen);

  page_colour();
  matchMedia("(prefers-color-scheme: dark)").addEventListener(
    "change", () => setTimeout(page_colour, 300), { signal: listening.signal });
  back_to_the_question(data.turn);
  return () => listening.abort();
}

// What scrolls under the first column of a table must not shine through it.
function page_colour() {
  const app = document.querySelector(".stApp");
  if (app) document.documentElement.style.setProperty("--sk-page", getComputedStyle(app).backgroundColor);
}

// A button that asked is gone with the answer: the next question is typed.
function back_to_the_question(now) {
  const before = turn;
  turn = now;
  if (!now || before === undefined || before === now || matchMedia("(hover: none)").matches) return;
  setTimeout(() => {
    const lost = !document.activeElement || document.activeElement === document.body;
    if (lost) document.querySelector('[data-testid="stChatInput"] textarea')?.focus();
  }, 150);
}

async function open(key, data) {
  const sheet = sheet_element();
  const body = sheet.querySelector(".sk-sheet-body");
  if (!sheet.open) {
    const app = getComputedStyle(document.querySelector(".stApp") || document.body);
    sheet.style.background = app.backgroundColor;
    sheet.style.color = app.color;
    sheet.skBeside = false;
    sheet.showModal();
  }
  body.innerHTML = '<p class="sk-sheet-wait">Opening…</p>';
  sheet.skKey = key;
  let shown;
  try {
    const answer = await fetch(`${data.address}/${key}`, { credentials: "same-origin" });
    if (answer.ok) shown = await answer.text();
    else shown = told(answer.status === 404 || answer.status === 503 ? await answer.text() : "");
  } catch {
    shown = told("The shop cannot be reached just now. Please try again.");
  }
  if (sheet.skKey !== key) return;
  body.innerHTML = shown;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  body.querySelector("mark")?.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
}

function told(words) {
  const line = document.createElement("p");
  line.textContent = words || "This source could not be opened. Please try again.";
  return line.outerHTML;
}

function sheet_element() {
  const there = document.querySelector("dialog.sk-sheet");
  if (there) return there;
  const sheet = document.createElement("dialog");
  sheet.className = "sk-sheet";
  sheet.setAttribute("aria-label", "Source");
  sheet.innerHTML =
    '<form method="dialog"><button class="sk-sheet-close" aria-label="Close">✕</button></form>' +
    '<div class="sk-sheet-body" tabindex="0"></div>';
  // The tap that opened it is told to what lies under the finger by then: the backdrop.
  sheet.addEventListener("pointerdown", (event) => { sheet.skBeside = event.target === sheet; });
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet && sheet.skBeside) sheet.close();
  });
  document.body.appendChild(sheet);
  return sheet;
}
