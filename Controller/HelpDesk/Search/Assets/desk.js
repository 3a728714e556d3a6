// Results as one types, and arrow keys through them. Without it the form does the same, a page at a time.
"use strict";
(() => {
  const box = document.getElementById("q");
  const results = document.getElementById("results");
  const count = document.getElementById("count");
  if (!box || !results || !count) return;
  let timer = 0;
  let asked = null;
  let shown = box.value;
  let looking = Promise.resolve();

  function look() {
    const text = box.value.trim();
    if (text === shown.trim()) return looking;
    shown = text;
    asked?.abort();
    if (text.length < 2) {
      results.replaceChildren();
      count.textContent = text ? "Type one character more." : "";
      return looking;
    }
    looking = ask(text);
    return looking;
  }

  async function ask(text) {
    asked = new AbortController();
    const district = document.getElementById("district")?.value ?? "";
    const place = district ? "district=" + encodeURIComponent(district) : "";
    const query = "?q=" + encodeURIComponent(text) + (place ? "&" + place : "");
    try {
      const answer = await fetch(box.dataset.results + query, { signal: asked.signal, credentials: "same-origin" });
      // Signed out meanwhile, or asked for a reason: the page itself leads there, and back, without what was typed.
      if (answer.redirected || answer.status === 401) return location.assign("/desk" + (place ? "?" + place : ""));
      if (answer.status >= 400 && answer.status < 500) {
        results.replaceChildren();
        count.textContent = "That cannot be looked for: take the rarest word of it, without special characters.";
        return;
      }
      if (!answer.ok) throw new Error(answer.status);
      results.innerHTML = await answer.text();
      count.textContent = results.firstElementChild?.dataset.count ?? "";
      // Who comes back from a device finds the list again; children's names stay out of the browser's list of addresses.
      history.replaceState({ q: text }, "");
      results.dataset.asked = text;
    } catch (error) {
      if (error.name === "AbortError") return;
      shown = "";
      count.textContent = "The controller does not answer. Press Enter to try again.";
    }
  }

  function move(step) {
    const hits = [...results.querySelectorAll("a.hit")];
    if (!hits.length) return false;
    const at = hits.indexOf(document.activeElement);
    const to = at + step;
    if (at < 0 && step < 0) return false;
    if (to < 0) box.focus();
    else hits[Math.min(to, hits.length - 1)].focus();
    return true;
  }

  if (!box.value && history.state?.q) {
    box.value = history.state.q;
    look();
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 120);
  });

  // Enter opens the only result, or steps to the first: a name that was typed stays out of the browser's list of addresses.
  box.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    const text = box.value;
    await look();
    if (box.value !== text) return;
    const only = results.firstElementChild?.dataset.only;
    if (only) location.assign(only);
    else if (!results.contains(document.activeElement)) move(1);
  });

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    const here = event.target === box || results.contains(event.target);
    if (event.key === "ArrowDown" && here) {
      if (move(1)) event.preventDefault();
    } else if (event.key === "ArrowUp" && here) {
      if (move(-1)) event.preventDefault();
    } else if (event.key === "Escape") {
      if (event.target === box) box.value = "";
      box.focus();
      box.select();
      event.preventDefault();
      clearTimeout(timer);
      look();
    }
  });
})();
