"use strict";
// Keeps the numbers of an open page as they are now. Lists are not moved under anybody's hand: where there is something
// new, a link to load the page again appears. Everything works without this.
for (const root of document.querySelectorAll("[data-live]")) {
  const news = root.querySelector("[data-news]");
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
    source.addEventListener("over", close);
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
