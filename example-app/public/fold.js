// On a phone the page begins folded: everything at once would be many screens long. Without scripts it stays open.
if (!window.matchMedia('(min-width: 44rem)').matches) {
  for (const part of document.querySelectorAll('details[data-fold]')) part.open = false
}
