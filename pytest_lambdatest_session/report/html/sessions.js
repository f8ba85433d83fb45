(function (block) {
  "use strict";
  const root = document.documentElement;
  // Up to here all rows are drawn at once; of more those that may be in view, and the others when they come there, each
  // with those below it, up to so many pixels.
  const FEW = 200;
  const IN_VIEW = 50;
  const AHEAD = 4000;
  const PAGE = 25;
  const SESSIONS_SHOWN = 8;
  const TESTS_SHOWN = 6;

  // pytest-html is white whatever the reader prefers, unless the suite's own --css says otherwise. So the page is looked
  // at, not the preference.
  function isDark() {
    const colour = [document.body, root].map(function (element) {
      return getComputedStyle(element).backgroundColor.match(/^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/);
    }).filter((found) => found && found[4] !== "0")[0];
    if (colour) return 0.299 * colour[1] + 0.587 * colour[2] + 0.114 * colour[3] < 128;
    const scheme = getComputedStyle(root).colorScheme || "";
    return /dark/.test(scheme) && (!/light/.test(scheme) || preference.matches);
  }
  function paint() { root.classList.toggle("lt-dark", isDark()); }
  const preference = matchMedia("(prefers-color-scheme: dark)");
  paint();
  addEventListener("load", paint);
  preference.addEventListener("change", paint);

  // pytest-html asks for no width: a phone would show its page as a desktop's, shrunk.
  if (!document.querySelector("meta[name=viewport]")) {
    document.head.append(element("meta", { name: "viewport", content: "width=device-width" }));
    document.body.classList.add("lt-fits");
  }

  // The page's table, see page.py and view.py: what stands where in it.
  const [ID, TEST_ID, VIEW, USED_BY] = [0, 1, 2, 3];
  const [STATUS, TONE, LINKS, LOGS, NOTE, REMARKS, NAME, BROWSER, GROUPS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const [TIME, FACTS] = [9, 10];
  const [NODEID, ATTEMPT, SESSIONS, USES, REFUSALS] = [0, 1, 2, 3, 4];
  const [OUTCOME, OUTCOME_TONE, NUMBER, FAILURE] = [0, 1, 2, 3];
  const [TITLE, DISAGREEMENT, STARTS_AT, ENDS_AT, FRAGMENT, EVIDENCE, CLIP] = [0, 1, 2, 3, 4, 5, 6];

  const holder = block.querySelector("script[data-lt-table]");
  const { sessions, attempts, shared } = JSON.parse(holder.textContent);

  const plain = (said) => (typeof said === "number" ? shared[said] : said);
  /** What a view says: numbers refer to what is shared, and marks in texts to the ids of the session. */
  function read(said, session) {
    const value = plain(said);
    if (typeof value !== "string") return value.map((part) => read(part, session));
    return session ? value.replace(/\{~[12]\}/g, (mark) => session[mark === "{~1}" ? ID : TEST_ID]) : value;
  }
  /** One part of what is said of a session. The first element of a view holds all that many sessions have alike. */
  function partOf(session, place) {
    const view = plain(session[VIEW]);
    return plain(place < TIME ? plain(view[0])[place] : view[place - GROUPS]);
  }
  const told = (session, place) => read(partOf(session, place), session);
  const tellsOf = (attempt, place) => read(plain(attempt[ATTEMPT])[place]);

  // Elements. Texts go in as texts.

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value) made.setAttribute(key, value);
    made.append(...children.flat());
    return made;
  }
  /** Children with a space between each two. */
  const spaced = (children) => children.flatMap((child, place) => (place ? [" ", child] : [child]));
  function isHarmless(address) {
    try {
      const url = new URL(address, location.href);
      return ["http:", "https:"].includes(url.protocol) || (url.protocol === "file:" && location.protocol === "file:");
    } catch (error) {
      return false;
    }
  }
  function link(name, address) {
    if (!isHarmless(address)) return name;
    // `noreferrer` implies `noopener`: https://html.spec.whatwg.org/#link-type-noreferrer
    return element("a", { href: address, target: "_blank", rel: "noreferrer" }, name);
  }
  const badge = (tone, text, title) => element("b", { class: `lt-badge lt-${tone}`, title }, text);
  const badges = (session, disagreement) =>
    spaced([badge(told(session, TONE), told(session, STATUS)), ...(disagreement ? [badge("warn", "disagrees", disagreement)] : [])]);

  /** The player's page, at an attempt's failure. */
  function playerAt(address, attempt) {
    const number = attempt ? /\d+/.exec(tellsOf(attempt, NUMBER)) : null;
    return attempt ? `${address}#test=${encodeURIComponent(attempt[NODEID])}${number ? `&attempt=${number[0]}` : ""}` : address;
  }
  const playerOf = (session) => (told(session, LINKS).find(([name]) => name === "player") || [])[2];
  const entered = (full, address, fragment, attempt) =>
    full === "Player" ? playerAt(address, attempt) : full === "Video" ? address + fragment : address;

  function shortLinks(session, fragment, attempt, clip) {
    const links = told(session, LINKS).filter(([name]) => name).map(function ([name, full, address]) {
      const made = link(name, entered(full, address, fragment, attempt));
      return name === "player" || name === "video" ? element("strong", {}, made) : made;
    });
    if (clip) links.unshift(link("clip", clip));
    const logs = told(session, LOGS).map(([name, , address]) => link(name, address));
    if (logs.length) links.push(element("span", { title: told(session, NOTE) }, "logs: ", ...spaced(logs)));
    return spaced(links);
  }
  function fullLinks(session, fragment, attempt, clip) {
    const links = told(session, LINKS).map(([, full, address]) => link(full, entered(full, address, fragment, attempt)));
    if (clip) links.unshift(link("Clip of this test", clip));
    const logs = told(session, LOGS).map(([, full, address]) => link(full, address));
    const note = logs.length && told(session, NOTE);
    return spaced([...links, ...logs, ...(note ? [element("i", {}, `(${note[0].toLowerCase()}${note.slice(1)})`)] : [])]);
  }

  // Rows of the results

  const COLUMNS = ["col-ltstatus", "col-ltduration", "col-links col-ltlinks"];

  /** What the cells of a row say: of each session its status, time and links. */
  function rowLines(attempt) {
    const used = attempt[SESSIONS];
    const lines = used.slice(0, SESSIONS_SHOWN).map(function (place, at) {
      const session = sessions[place];
      const use = read(attempt[USES][at], session);
      const whose = use[TITLE].replace(/^[: ]+/, "");
      const links = shortLinks(session, use[FRAGMENT], attempt, use[CLIP]);
      return [badges(session, use[DISAGREEMENT]), [told(session, TIME)],
        used.length > 1 ? [element("i", { title: whose }, whose), " ", ...links] : links];
    });
    if (used.length > SESSIONS_SHOWN) lines.push([[`and ${used.length - SESSIONS_SHOWN} more`], [], ["in the details"]]);
    const times = plain(attempt[REFUSALS]).length;
    if (times) lines.push([[badge("bad", times > 1 ? `refused ${times} times` : "refused")], [], []]);
    return lines;
  }
  /** What stands in a column; several lines have an element each, so that they read across the columns. */
  const inColumn = (lines, column) => (lines.length === 1 ? lines[0][column] : lines.map((line) => element("div", {}, ...line[column])));

  /** The cells of a row: empty ones if its test used no session. */
  function rowCells(attempt) {
    const lines = attempt ? rowLines(attempt) : [];
    return COLUMNS.map(function (name, column) {
      const cell = element("td", { class: name }, ...inColumn(lines, column));
      // pytest-html listens to the cells that it made itself.
      if (column < 2) cell.addEventListener("click", () => switchOf(cell.parentNode).click());
      return cell;
    });
  }
  /** What unfolds a row by a click. */
  const switchOf = (row) => row.querySelector(".col-result, .collapsible td:not(.col-links, [class*=col-lt])");

  let areStretched = false;
  /** Gives each column the width of the longest that will be drawn in it, so that it keeps it. */
  function stretchColumns() {
    if (areStretched) return;
    areStretched = true;
    const lengthOf = (session, place) => partOf(session, place).map((one) => plain(plain(one)[0])).join(" ").length;
    const longest = COLUMNS.map(() => [0]);
    const compare = function (column, length, attempt) {
      if (length > longest[column][0]) longest[column] = [length, attempt];
    };
    for (const attempt of attempts) {
      attempt[SESSIONS].slice(0, SESSIONS_SHOWN).forEach(function (place, at) {
        const [session, use] = [sessions[place], plain(attempt[USES][at])];
        compare(0, told(session, STATUS).length + (plain(use[DISAGREEMENT]) ? 12 : 0), attempt);
        compare(1, told(session, TIME).length, attempt);
        const whose = attempt[SESSIONS].length > 1 ? plain(use[TITLE]).length : 0;
        compare(2, lengthOf(session, LINKS) + lengthOf(session, LOGS) + whose, attempt);
      });
    }
    document.querySelectorAll("#results-table-head .lt-head").forEach(function (head, column) {
      const attempt = longest[column][1];
      if (attempt) head.append(element("div", { class: `lt-widest ${COLUMNS[column]}`, "aria-hidden": "true" }, ...inColumn(rowLines(attempt), column)));
    });
  }

  // What an unfolded row shows

  function details(attempt) {
    const blocks = attempt[SESSIONS].map((place, at) => [sessions[place], read(attempt[USES][at], sessions[place])]);
    const why = tellsOf(attempt, FAILURE);
    const all = why ? [element("section", { class: "lt-details lt-why" }, element("pre", {}, why))] : [];
    all.push(...blocks.slice(0, SESSIONS_SHOWN).map(([session, use]) => sessionDetails(session, use, attempt)));
    const rest = blocks.slice(SESSIONS_SHOWN);
    if (rest.length) {
      const title = element("summary", {}, counted(rest.length, "more session"));
      all.push(folded(title, () => rest.map(([session, use]) => sessionDetails(session, use, attempt))));
    }
    const refused = read(attempt[REFUSALS]).map(([hub, error]) => element("section", { class: "lt-details" },
      element("h3", {}, "No LambdaTest session ", badge("bad", "refused")),
      element("p", {}, `${hub} refused it (${error}).`)));
    return [...all, ...refused];
  }
  function sessionDetails(session, use, attempt) {
    const facts = told(session, FACTS);
    if (use[STARTS_AT]) facts.unshift(["This test starts at", use[STARTS_AT] + use[ENDS_AT]]);
    return element("section", { class: "lt-details" },
      element("h3", {}, `LambdaTest session${use[TITLE]} `, ...badges(session, use[DISAGREEMENT])),
      use[DISAGREEMENT] ? element("p", {}, use[DISAGREEMENT]) : [],
      element("div", { class: "lt-evidence" }, ...use[EVIDENCE].flatMap((part) => evidencePart(part, session, attempt))),
      told(session, REMARKS).map(([name, text]) => element("p", {}, `${name}: ${text}`)),
      element("p", { class: "lt-links" }, ...fullLinks(session, use[FRAGMENT], attempt, use[CLIP])),
      element("dl", {}, ...facts.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, ...breakable(text))])));
  }
  /** What leads to the player at the moment of the failure, with a picture of it where there is one. */
  function poster(kind, address, caption, session, attempt) {
    const made = link(element("span", {}, `\u25b6 ${caption}`), playerAt(playerOf(session), attempt));
    if (typeof made === "string" || made.localName !== "a") return [];
    made.className = "lt-poster";
    if (!kind || !(address.startsWith("data:image/") || isHarmless(address))) return [made];
    const picture = kind === "image" ? element("img", { src: address, alt: "" })
      : element("video", { src: address, preload: "metadata", tabindex: "-1" });
    // A server that sends no parts of files shows the first frame in place of the one asked for: then better none.
    picture.addEventListener("loadeddata", function () {
      if (Math.abs(picture.currentTime - Number(address.split("#t=")[1])) > 2 && picture.currentTime < 0.1) picture.remove();
    });
    picture.addEventListener("error", () => picture.remove());
    made.prepend(picture);
    return [made];
  }
  function evidencePart([kind, first, second, rows], session, attempt) {
    if (kind === "note") return [element("p", {}, element("i", {}, first))];
    if (kind === "log") return [element("details", {}, element("summary", {}, first), element("pre", {}, second))];
    if (kind === "picture") return poster(first, second, rows, session, attempt);
    const head = element("tr", {}, ...second.map((name) => element("th", {}, name)));
    const lines = rows.map(([cells, error, tone]) => element("tr", { class: tone && `lt-${tone}` },
      ...cells.map((text, at) => element("td", {}, text,
        error && at === cells.length - 1 ? [element("br", {}), error] : []))));
    return [element("h3", {}, first), element("table", {},
      second.length ? element("thead", {}, head) : [], element("tbody", {}, ...lines))];
  }
  /** A fold whose content is made once it is opened. */
  function folded(title, content) {
    const fold = element("details", {}, title);
    fold.addEventListener("toggle", () => { if (fold.children.length === 1) fold.append(...content()); });
    return fold;
  }
  function counted(count, noun) {
    return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  }

  /** Draws what a marker stands for: an attempt's cells, and its details if the row is unfolded. */
  function draw(marker, attempt) {
    const home = marker.parentNode;
    if (home.matches(".col-ltlinks")) home.replaceChildren(...inColumn(rowLines(attempt), 2)); // pytest-html 3
    else if (home.localName !== "tr") marker.replaceWith(...details(attempt));
    else {
      marker.replaceWith(...rowCells(attempt));
      const unfolded = home.parentNode.querySelector(".extras-row:not(.hidden, :has(.lt-details)) .extraHTML");
      if (attempt && unfolded) unfolded.append(...details(attempt));
    }
  }

  // Comments stand in the page for what is to be drawn. pytest-html makes all rows anew whenever one is folded or all are
  // sorted, and the comments in them.
  if (!window.ltTables) {
    const tables = (window.ltTables = new Map());
    const MARKER = /^lt (\w+)\.(\d*)$/;
    const markersIn = function (home) {
      const comments = document.createTreeWalker(home, NodeFilter.SHOW_COMMENT);
      const found = [];
      while (comments.nextNode()) if (MARKER.test(comments.currentNode.data)) found.push(comments.currentNode);
      return found;
    };
    const homesOf = (markers) => [...new Set(markers.map((marker) => marker.parentNode.closest("tbody") || marker.parentNode))];
    const drawIn = function (home) {
      for (const marker of markersIn(home)) {
        const [, token, number] = MARKER.exec(marker.data);
        if (tables.has(token)) tables.get(token).draw(marker, number);
      }
    };
    /** Whether it is to be drawn with what is above it: each drawing has the browser lay out the whole table. */
    const isSoonInView = function (home) {
      if (!home || !markersIn(home).length) return false;
      const { top, height } = home.getBoundingClientRect();
      return height > 0 && top < innerHeight + AHEAD;
    };
    const inView = new IntersectionObserver(function (seen) {
      for (const { isIntersecting, target } of seen) {
        const homes = isIntersecting && markersIn(target).length ? [target] : [];
        for (let next = target.nextElementSibling; homes.length && isSoonInView(next); next = next.nextElementSibling) homes.push(next);
        homes.forEach((home) => inView.unobserve(home));
        homes.forEach(drawIn);
      }
    }, { rootMargin: "400px" });
    /** Takes in a new table of results. */
    const take = function (table) {
      const markers = markersIn(table);
      const homes = homesOf(markers);
      for (const one of homes.length ? tables.values() : []) one.stretchColumns();
      const drawn = homes.length > FEW ? IN_VIEW : FEW;
      homes.slice(0, drawn).forEach(drawIn);
      homes.slice(drawn).forEach((home) => inView.observe(home));
      if (markers.some((marker) => !tables.has(MARKER.exec(marker.data)[1]))) noteMerged();
    };
    /** Says once what a page lacks that has rows of runs whose tables it has not. */
    const noteMerged = function () {
      if (block.querySelector(".lt-merged")) return;
      block.querySelector(".lt-counts").before(element("p", { class: "lt-merged" },
        element("strong", {}, "Merged of several runs. "),
        "Sessions are those of one of them; those of the other rows stand in the reports that these came from."));
    };
    // pytest-html fills its table before the page is shown for the first time: so does this, or all is laid out twice.
    new MutationObserver(function (changes) {
      for (const { addedNodes } of changes) for (const node of addedNodes) if (node.id === "results-table") take(node);
    }).observe(document.body, { childList: true });
    addEventListener("DOMContentLoaded", function () {
      for (const home of document.querySelectorAll("article")) inView.observe(home);
    });
    addEventListener("beforeprint", () => homesOf(markersIn(document.body)).forEach(drawIn));
  }
  window.ltTables.set(holder.dataset.ltTable, { draw: (marker, number) => draw(marker, attempts[number]), stretchColumns });

  // The summary

  const HEADS = ["Tests", "LambdaTest", "Duration", "Links", "Browser"];

  function summaryRow(place) {
    const session = sessions[place];
    // Of a test with several sessions its line says whose this one is.
    const isNamed = session[USED_BY].length && session[USED_BY].every((number) => attempts[number][SESSIONS].length > 1);
    const name = isNamed ? "" : told(session, NAME);
    const disagrees = told(session, GROUPS).includes("d");
    return element("tr", {},
      element("td", {}, ...usedBy(session, place), name ? element("div", {}, element("i", {}, name)) : []),
      element("td", {}, ...badges(session, disagrees)),
      element("td", {}, told(session, TIME)),
      element("td", {}, ...shortLinks(session, "")),
      element("td", {}, told(session, BROWSER)));
  }
  const FAILURES = ["failed", "error"];
  const isOfPytestHtml = document.querySelector("#environment, input[data-test-result]") !== null;
  const hasFailed = (attempt) => FAILURES.includes(tellsOf(attempt, OUTCOME));
  /** The tests that used a session; of many those that failed, and how many others. */
  function usedBy(session, place) {
    const all = session[USED_BY].map((number) => attempts[number]);
    if (!all.length) return [element("i", {}, "no test used it")];
    const shown = all.length <= TESTS_SHOWN ? all : all.filter(hasFailed).slice(0, TESTS_SHOWN);
    const rest = all.length <= TESTS_SHOWN ? [] : all.filter((attempt) => !shown.includes(attempt));
    const line = (attempt) => testLine(attempt, place, all.length > 1);
    if (!rest.length) return shown.map(line);
    const counts = new Map();
    for (const attempt of rest) {
      const outcome = tellsOf(attempt, OUTCOME);
      counts.set(outcome, (counts.get(outcome) || 0) + 1);
    }
    const ordered = [...counts].sort((one, other) => other[1] - one[1]);
    const told = ordered.map(([outcome, count]) => `${count.toLocaleString("en")} ${outcome}`).join(", ");
    const title = element("summary", {}, `${counted(rest.length, shown.length ? "more test" : "test")}: ${told}`);
    return [...shown.map(line), folded(title, () => rest.map(line))];
  }
  function testLine(attempt, place, isShared) {
    const outcome = tellsOf(attempt, OUTCOME);
    const use = read(attempt[USES][attempt[SESSIONS].indexOf(place)], sessions[place]);
    const which = element("i", {}, use[TITLE].replace(/^: /, "").replace(/^ /, "session "));
    const line = element("div", {}, element("b", { class: `lt-${tellsOf(attempt, OUTCOME_TONE)}` }, outcome), " ",
      ...testName(attempt[NODEID], outcome), ...(attempt[SESSIONS].length > 1 ? [" ", which] : [tellsOf(attempt, NUMBER)]));
    // Where in the video a failure of a shared session is to be found.
    const startsAt = isShared && hasFailed(attempt) && use[STARTS_AT];
    const player = startsAt && playerOf(sessions[place]);
    if (startsAt) line.append(" ", element("i", {}, player ? link(`from ${startsAt}`, playerAt(player, attempt)) : `from ${startsAt}`));
    return line;
  }

  /** A name that breaks between its words. */
  function breakable(name) {
    const words = name.split(/(?<=::|[_/,-])(?=[^:_/,-])|(?=\[)/);
    return words.flatMap((word, place) => (place ? [element("wbr", {}), word] : [word]));
  }
  /** A node id that leads to the test's row. */
  function testName(nodeid, outcome) {
    const name = breakable(nodeid);
    // A page of pytest-html has rows of all outcomes that it knows, one that we make by ourselves has those of failures.
    const hasRow = isOfPytestHtml ? !["unfinished", "unreported"].includes(outcome) : FAILURES.includes(outcome);
    if (!hasRow) return name;
    const jump = element("a", { href: addressOf(nodeid) }, ...name);
    jump.addEventListener("click", () => { jump.href = addressOf(unfoldRow(nodeid, outcome)); });
    return [jump];
  }
  const addressOf = (id) => `#${encodeURI(id).replace(/#/g, "%23")}`;
  const byId = (id) => document.getElementById(id);
  /** Unfolds and marks a test's row, and returns its id: pytest-html 4 puts the phase of an error behind the node id. */
  function unfoldRow(nodeid, outcome) {
    const ids = outcome === "error" ? [`${nodeid}::setup`, `${nodeid}::teardown`, nodeid] : [nodeid];
    const box = document.querySelector(`input[data-test-result="${outcome}"]:not(:checked)`);
    // Rows of other outcomes are not there, with pytest-html 3 they are hidden.
    if (box && !ids.some((id) => byId(id) && !byId(id).closest("[hidden]"))) box.click();
    const id = ids.find(byId) || nodeid;
    // With pytest-html 3 it is a cell that has the id.
    const rowOf = () => byId(id) && (byId(id).closest("tbody") || byId(id));
    if (rowOf() && rowOf().querySelector(".extras-row.hidden, tr.collapsed")) {
      // pytest-html 4 draws all rows anew.
      switchOf(rowOf()).click();
    }
    for (const marked of document.querySelectorAll(".lt-marked")) marked.classList.remove("lt-marked");
    if (rowOf()) rowOf().classList.add("lt-marked");
    return id;
  }

  /** Draws sessions into `home`, so many at a time. */
  function drawTable(home, places, label) {
    const body = element("tbody", {});
    const more = element("button", { type: "button", class: "lt-more" });
    let drawn = 0;
    const drawNext = function () {
      body.append(...places.slice(drawn, drawn + PAGE).map(summaryRow));
      drawn = Math.min(places.length, drawn + PAGE);
      const left = places.length - drawn;
      more.textContent = `Show ${Math.min(PAGE, left)} more of ${left.toLocaleString("en")}`;
      more.hidden = !left;
    };
    more.addEventListener("click", drawNext);
    drawNext();
    const heads = HEADS.map((name) => element("th", { scope: "col" }, name));
    const table = element("table", { "aria-label": label }, element("thead", {}, element("tr", {}, ...heads)), body);
    home.replaceChildren(...(places.length ? [table, more] : []));
  }

  const open = block.querySelector("[data-lt-open]");
  const rest = block.querySelector("[data-lt-rest]");
  const everything = sessions.map((_, place) => place);
  const isOpen = open ? Number(open.dataset.ltOpen) : 0;
  const fold = rest && rest.parentNode;
  const drawOpen = () => open && drawTable(open, everything.slice(0, isOpen), open.getAttribute("aria-label"));
  drawOpen();
  if (fold) {
    fold.addEventListener("toggle", function () {
      if (fold.open && !rest.firstChild) drawTable(rest, everything.slice(isOpen), rest.getAttribute("aria-label"));
    });
  }

  const controls = block.querySelector(".lt-filter");
  if (!controls) return;
  const find = controls.querySelector("input");
  const choice = controls.querySelector("select");
  const answer = controls.querySelector("output");
  let texts = null;
  let drawnAs = "";

  /** Once somebody is about to type: what can be found of each session. */
  function prepare() {
    texts = texts || sessions.map((session) => [
      ...session[USED_BY].map((number) => `${tellsOf(attempts[number], OUTCOME)} ${attempts[number][NODEID]}`),
      told(session, NAME), told(session, STATUS), told(session, GROUPS).includes("d") ? "disagrees" : "",
      told(session, TIME), told(session, BROWSER), session[ID], session[TEST_ID],
    ].join("\n").toLowerCase());
  }
  function isChosen(session) {
    const wanted = choice.value;
    if (!wanted) return true;
    if (wanted[0] !== "=") return told(session, GROUPS).includes(wanted);
    const status = told(session, STATUS);
    return status === wanted.slice(1) || status.startsWith(`${wanted.slice(1)}: `);
  }
  function filter() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const isFiltering = words.length > 0 || choice.value !== "";
    // Hidden, not removed, it would have Chromium compute all styles of the page anew.
    if (fold && isFiltering) fold.remove();
    else if (fold) open.after(fold);
    if (!isFiltering) {
      answer.textContent = "";
      drawnAs = "";
      drawOpen();
      return;
    }
    prepare();
    const found = everything.filter((place) =>
      isChosen(sessions[place]) && words.every((word) => texts[place].includes(word)));
    // Most keys change nothing of what is seen.
    const drawAs = `${found.length}: ${found.slice(0, PAGE)}`;
    if (drawAs !== drawnAs) drawTable(open, found, "Sessions found");
    drawnAs = drawAs;
    answer.textContent = `${found.length.toLocaleString("en")} of ${counted(sessions.length, "session")}`;
  }

  find.addEventListener("focus", prepare);
  find.addEventListener("input", filter);
  choice.addEventListener("change", filter);
  controls.hidden = false;
})(document.currentScript.parentNode);
