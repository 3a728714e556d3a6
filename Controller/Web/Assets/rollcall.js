"use strict";
// Keeps the numbers of an open page as they are now. Lists are not moved under anybody's hand: where there is something
// new, a link to load the page again appears. Everything works without this.
for (const root of document.querySelectorAll("[data-live]")) {
  const news = root.querySelector("[data-news]");
  // It stands there from the beginning, so that what comes into it is read out.
  const following = document.querySelector("[data-following]");
  let source = null;

  const show = (event) => {
    const values = JSON.parse(event.data);
    for (const place of root.querySelectorAll("[data-value]")) {
      const value = values[place.dataset.value];
      if (value !== undefined && place.textContent !== String(value)) place.textContent = String(value);
    }
    if (news) {
      const version = String(values.version);
      if (version !== root.dataset.version) news.hidden = false;
    }
  };
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource(root.dataset.live);
    source.addEventListener("values", show);
    source.addEventListener("over", end);
    // A stream that ended by itself is asked for again; one that was refused is not.
    source.addEventListener("error", () => {
      if (source && source.readyState === EventSource.CLOSED) end();
    });
    if (following) following.replaceChildren();
  };
  const end = () => {
    close();
    if (!following) return;
    const words = document.createElement("p");
    words.className = "notice";
    const again = document.createElement("a");
    again.href = location.href;
    again.textContent = "Load it again";
    words.append("This page is not kept up to date any more. ", again);
    following.replaceChildren(words);
  };
  const close = () => {
    if (source) source.close();
    source = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  open();
}
