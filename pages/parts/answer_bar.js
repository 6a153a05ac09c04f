// What can be done with an answer without running the page's script again: copy, judge, save.
// Kept here by answer, since the bar is drawn anew when the page is.
const writing = new Map();

export default function ({ data, parentElement }) {
  const find = (name) => parentElement.querySelector(name);
  const bar = find(".bar");
  if (!bar) return;
  const state = writing.get(data.verdict) || { feedback: data.feedback, reason: data.reason, open: false };
  state.feedback = state.sent ? state.feedback : data.feedback;
  writing.set(data.verdict, state);

  find(".copy").onclick = () => copied(find(".copy span"), data.text);
  find(".up").onclick = () => judge(state.feedback === 1 ? 0 : 1, "", false);
  find(".down").onclick = () => judge(state.feedback === -1 ? 0 : -1, "", state.feedback !== -1);
  find(".save").hidden = !data.saved;
  if (data.saved) {
    find(".html").href = `${data.saved}/html`;
    find(".md").href = `${data.saved}/md`;
  }
  const words = find("input");
  words.value = state.words || "";
  words.oninput = () => { state.words = words.value; };
  find(".reasons").onclick = (event) => {
    const chosen = event.target.closest("button[data-reason]");
    if (!chosen) return;
    state.reason = state.reason === chosen.dataset.reason ? "" : chosen.dataset.reason;
    draw();
  };
  find("form").onsubmit = (event) => {
    event.preventDefault();
    judge(-1, [state.reason, words.value.trim()].filter(Boolean).join(": "), false);
  };
  find(".close").onclick = () => { state.open = false; draw(); find(".down").focus(); };
  find("form").onkeydown = (event) => { if (event.key === "Escape") find(".close").click(); };
  draw();

  async function judge(feedback, reason, ask_why) {
    const before = state.feedback;
    Object.assign(state, { feedback, open: ask_why, sent: true });
    draw();
    if (ask_why) find(".reasons button").focus();
    try {
      const answer = await fetch(data.verdict, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ feedback, reason }),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      tell(feedback && !ask_why ? "Thank you." : "");
    } catch {
      Object.assign(state, { feedback: before, open: false });
      draw();
      tell("Not saved. Please reload the page and try again.");
    }
  }

  function draw() {
    find(".up").setAttribute("aria-pressed", String(state.feedback === 1));
    find(".down").setAttribute("aria-pressed", String(state.feedback === -1));
    find("form").hidden = !state.open;
    for (const one of parentElement.querySelectorAll("button[data-reason]"))
      one.setAttribute("aria-pressed", String(one.dataset.reason === state.reason));
  }

  function tell(words_told) {
    find(".told").textContent = words_told;
    if (words_told === "Thank you.") setTimeout(() => { find(".told").textContent = ""; }, 2500);
  }
}

// The clipboard needs https or localhost; elsewhere the old way still works.
async function copied(label, text) {
  if (navigator.clipboard && window.isSecureContext) await navigator.clipboard.writeText(text);
  else {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.appendChild(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  label.textContent = "Copied";
  setTimeout(() => { label.textContent = "Copy"; }, 1500);
}
