(function (block) {
  "use strict";
  var root = document.documentElement;

  // pytest-html is white whatever the reader prefers, unless the suite's own --css says otherwise. So the page is looked
  // at, not the preference.
  function isDark() {
    var colours = [document.body, root].map(function (element) {
      return getComputedStyle(element).backgroundColor.match(/^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/);
    });
    var colour = colours.filter(function (found) { return found && found[4] !== "0"; })[0];
    if (colour) return 0.299 * colour[1] + 0.587 * colour[2] + 0.114 * colour[3] < 128;
    var scheme = getComputedStyle(root).colorScheme || "";
    return /dark/.test(scheme) && (!/light/.test(scheme) || preference.matches);
  }
  function paint() { root.classList.toggle("lt-dark", isDark()); }
  var preference = matchMedia("(prefers-color-scheme: dark)");
  paint();
  addEventListener("load", paint);
  preference.addEventListener("change", paint);

  var controls = block.querySelector(".lt-filter");
  if (!controls) return;
  var find = controls.querySelector("input");
  var choice = controls.querySelector("select");
  var told = controls.querySelector("output");
  var tables = [].slice.call(block.querySelectorAll("table"));
  var rows = [].slice.call(block.querySelectorAll("tbody > tr"));
  var fold = [].slice.call(block.children).filter(function (child) { return child.localName === "details"; })[0];
  var wasOpen = null;
  var texts = null;

  function isChosen(row) {
    var wanted = choice.value;
    if (!wanted) return true;
    if (wanted[0] !== "=") return row.dataset.lt.includes(wanted);
    var status = row.querySelector(".lt-badge").textContent;
    return status === wanted.slice(1) || status.startsWith(wanted.slice(1) + ": ");
  }

  function filter() {
    var words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    var filtering = words.length > 0 || choice.value !== "";
    var count = 0;
    texts = texts || rows.map(function (row) { return row.textContent.toLowerCase(); });
    rows.forEach(function (row, place) {
      var isShown = isChosen(row) && words.every(function (word) { return texts[place].includes(word); });
      row.hidden = !isShown;
      if (isShown) count += 1;
    });
    tables.forEach(function (table) { table.hidden = !table.querySelector("tbody > tr:not([hidden])"); });
    if (fold) {
      // What is found shall be seen; afterwards the fold is as the reader left it.
      if (filtering && wasOpen === null) wasOpen = fold.open;
      if (filtering) fold.open = true;
      else if (wasOpen !== null) { fold.open = wasOpen; wasOpen = null; }
      fold.hidden = fold.querySelector("table").hidden;
    }
    told.textContent = filtering ? count + " of " + rows.length + " sessions" : "";
  }

  find.addEventListener("input", filter);
  choice.addEventListener("change", filter);
  controls.hidden = false;
})(document.currentScript.parentNode);
