(function (block) {
  "use strict";
  const root = document.documentElement;
  // Up to here all rows are drawn at once; of more each is when it comes into view.
  const FEW = 200;
  const PAGE = 50;
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
  const [STATUS, TONE, TIME, LINKS, LOGS, NOTE, REMARKS, FACTS, NAME, BROWSER, GROUPS] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
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
  const told = (session, place) => read(plain(session[VIEW])[place], session);
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
  const badge = (tone, text) => element("b", { class: `lt-badge lt-${tone}` }, text);
  const badges = (session, disagreement) =>
    spaced([badge(told(session, TONE), told(session, STATUS)), ...(disagreement ? [badge("warn", "disagrees")] : [])]);

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

  function rowLinks(attempt) {
    const lines = attempt[SESSIONS].slice(0, SESSIONS_SHOWN).map(function (place, at) {
      const use = read(attempt[USES][at], sessions[place]);
      const links = shortLinks(sessions[place], use[FRAGMENT], attempt, use[CLIP]);
      const whose = use[TITLE].replace(/^[: ]+/, "");
      return attempt[SESSIONS].length > 1 ? [element("i", { title: whose }, whose), " ", ...links] : links;
    });
    if (attempt[SESSIONS].length > SESSIONS_SHOWN) lines.push(["in the details"]);
    if (plain(attempt[REFUSALS]).length) lines.push([]);
    return lines.length === 1 ? lines[0] : lines.map((line) => element("div", {}, ...line));
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

  // Rows are drawn anew by pytest-html whenever one is folded or all are sorted, and what stands in them with them.
  if (!customElements.get("lt-links")) {
    const tables = (window.ltTables = new Map());
    const drawn = new WeakSet();
    const draw = function (place) {
      const [token, number] = (place.getAttribute("n") || "").split(".");
      const found = tables.get(token);
      if (!found || drawn.has(place)) return;
      drawn.add(place);
      place.replaceChildren(...found[place.localName](number));
    };
    const inView = new IntersectionObserver(function (seen) {
      for (const { isIntersecting, target } of seen) {
        if (isIntersecting) {
          inView.unobserve(target);
          draw(target);
        }
      }
    }, { rootMargin: "400px" });
    /** Says once what a page lacks that has rows of runs whose tables it has not. */
    let isMerged = false;
    const noteMerged = function () {
      if (isMerged) return;
      isMerged = true;
      block.querySelector(".lt-counts").before(element("p", {}, element("strong", {}, "Merged of several runs. "),
        "What stands here is of one of them; rows of the others have their status, time and a link to each session."));
    };
    class Place extends HTMLElement {
      connectedCallback() {
        if (document.readyState === "loading") return; // what stands in it is yet to be parsed
        const found = tables.get((this.getAttribute("n") || "").split(".")[0]);
        if (!found) noteMerged();
        if (!found || this.closest(".hidden")) return;
        if (found.isSmall) draw(this);
        else inView.observe(this);
      }
      disconnectedCallback() { inView.unobserve(this); }
    }
    customElements.define("lt-links", Place);
    customElements.define("lt-details", class extends Place {});
    addEventListener("DOMContentLoaded", function () {
      for (const place of document.querySelectorAll("lt-links, lt-details")) place.connectedCallback();
    });
    addEventListener("beforeprint", function () {
      for (const place of document.querySelectorAll("lt-links, lt-details")) if (!place.closest(".hidden")) draw(place);
    });
  }
  window.ltTables.set(holder.dataset.ltTable, {
    isSmall: attempts.length <= FEW,
    "lt-links": (number) => rowLinks(attempts[number]),
    "lt-details": (number) => details(attempts[number]),
  });

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
      rowOf().querySelector(".col-result, .collapsible td:not(.col-links)").click();
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
    if (fold) fold.hidden = isFiltering;
    if (!isFiltering) {
      answer.textContent = "";
      drawOpen();
      return;
    }
    prepare();
    const found = everything.filter((place) =>
      isChosen(sessions[place]) && words.every((word) => texts[place].includes(word)));
    drawTable(open, found, "Sessions found");
    answer.textContent = `${found.length.toLocaleString("en")} of ${counted(sessions.length, "session")}`;
  }

  find.addEventListener("focus", prepare);
  find.addEventListener("input", filter);
  choice.addEventListener("change", filter);
  controls.hidden = false;
})(document.currentScript.parentNode);
