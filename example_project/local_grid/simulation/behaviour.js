// Does in a real browser what data-click and data-submit say; see behaviour.py, which does it in the simulated one.
(() => {
  const find = (selector, self) =>
    selector === "this" ? [self]
    : selector.startsWith("^") ? [self.closest(selector.slice(1))].filter(Boolean)
    : [...document.querySelectorAll(selector)];
  const value = (selector, self) => (find(selector, self)[0] || { value: "" }).value;
  const verbs = {
    add: (self, template, place) => find(place, self).forEach((one) => {
      const copy = find(template, self)[0].content.cloneNode(true);
      copy.querySelectorAll("[data-from]").forEach((to) => { to.textContent = value(to.dataset.from, self); });
      one.append(copy);
    }),
    put: (self, from, place) => find(place, self).forEach((one) => { one.textContent = value(from, self); }),
    say: (self, words, place) => find(place, self).forEach((one) => { one.textContent = words; }),
    count: (self, counted, place) =>
      find(place, self).forEach((one) => { one.textContent = find(counted, self).length; }),
    clear: (self, field) => find(field, self).forEach((one) => { one.value = ""; }),
    remove: (self, gone) => find(gone, self).forEach((one) => one.remove()),
    show: (self, shown) => find(shown, self).forEach((one) => { one.hidden = false; }),
    hide: (self, hidden) => find(hidden, self).forEach((one) => { one.hidden = true; }),
    toggle: (self, name, place) => find(place, self).forEach((one) => one.classList.toggle(name)),
  };
  const run = (steps, self) => {
    for (const step of steps.split(";")) {
      const [, verb, rest] = step.trim().match(/^(\S*)\s*(.*)$/s);
      const parts = rest.split("|").map((part) => part.trim());
      if (verb === "needs" && !find(parts[0], self).every((field) => field.value.trim())) return;
      if (verbs[verb]) verbs[verb](self, ...parts);
    }
  };
  document.addEventListener("click", (event) => {
    // The path as it was at the click: a step may remove elements from it.
    event.composedPath().forEach((one) => { if (one.dataset?.click) run(one.dataset.click, one); });
  });
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.submit === undefined) return;
    event.preventDefault();
    run(event.target.dataset.submit, event.target);
  });
})();
