(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const { duration, tests, stills } = data;
  const [AT, KIND, TEXT, ERROR, BAD, TOOK] = [0, 1, 2, 3, 4, 5];
  const events = data.events;
  const place = (id) => document.getElementById(id);
  const LEAD_SECONDS = 2;
  const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value !== "" && value != null) made.setAttribute(key, value);
    made.append(...children.flat());
    return made;
  }
  function clock(seconds, digits) {
    const whole = Math.max(0, digits ? Math.floor(seconds * 10) / 10 : Math.floor(seconds));
    const two = (value) => String(Math.floor(value)).padStart(2, "0");
    const hours = Math.floor(whole / 3600);
    const tail = digits ? `.${Math.round((whole * 10) % 10) % 10}` : "";
    return `${hours ? `${hours}:` : ""}${two((whole % 3600) / 60)}:${two(whole % 60)}${tail}`;
  }
  /** A node id that breaks where its parts end, not inside words. */
  const breakable = (text) => text.split(/(?<=::|[/_.-])|(?=\[)/).flatMap((part) => [part, document.createElement("wbr")]);
  const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  function say(text) { place("note").textContent = text; }

  // What is to be seen: each of these has seconds of the session, not of the file.

  /** Pictures of unknown times, or nothing: a clock that runs by itself. */
  function stillsStage(home) {
    const picture = stills.length ? element("img", { alt: "" }) : null;
    let second = 0, startedAt = null;
    const now = () => (startedAt === null ? second : Math.min(duration, second + (performance.now() - startedAt) / 1000));
    function show() {
      if (!picture) return;
      const number = Math.min(stills.length - 1, Math.floor((now() / duration) * stills.length));
      if (picture.getAttribute("src") !== stills[number]) picture.src = stills[number];
      picture.alt = `Screenshot ${number + 1} of ${stills.length}`;
    }
    if (picture) home.replaceChildren(picture);
    else home.replaceChildren(element("p", {}, "No video and no screenshots of this session were saved."));
    if (picture) say("Screenshots, spread evenly over the session: LambdaTest does not say when each was taken.");
    return {
      now,
      canPlay: Boolean(picture),
      isPlaying: () => startedAt !== null && now() < duration,
      seek(to) { second = to; if (startedAt !== null) startedAt = performance.now(); show(); },
      toggle() { second = now(); startedAt = startedAt === null ? performance.now() : null; show(); },
      tick: show,
    };
  }

  /** `lag`: by how many seconds the file starts later than the session. */
  function videoStage(home, source, lag) {
    const video = element("video", { src: source, preload: "auto", controls: "", playsinline: "" });
    video.controls = true;
    let wanted = null, whole = null;
    home.replaceChildren(video);
    const length = () => (Number.isFinite(video.duration) ? video.duration : duration);
    const reaches = (to) => Array.from(video.seekable, (_, part) => video.seekable.end(part)).some((end) => end >= to - 0.5);

    function apply() {
      if (wanted === null || video.readyState < 1) return;
      const target = clamp(wanted - lag, 0, Math.max(0, length() - 0.05));
      const late = wanted - lag - length();
      if (late > 1) say(`The video ends ${counted(Math.round(late), "second")} before this moment.`);
      if (target > 0.5 && !reaches(target)) return void fetchWhole();
      video.currentTime = target;
      wanted = null;
    }
    // A server that sends no parts of files, as python -m http.server, lets nobody seek: from a whole copy one can.
    async function fetchWhole() {
      if (whole) return;
      whole = true;
      if (!/^https?:$/.test(location.protocol)) return say("This video can't be entered at a second; play it from its start.");
      say("This server sends no parts of files: loading the whole video first …");
      try {
        const answer = await fetch(video.currentSrc || source);
        if (!answer.ok) throw new Error(answer.statusText);
        video.src = URL.createObjectURL(await answer.blob());
        say("");
      } catch (error) {
        say("This server sends no parts of files, and the video could not be loaded whole: it plays from its start only.");
      }
    }
    video.addEventListener("loadedmetadata", apply);
    video.addEventListener("error", function () {
      const at = stage.now();
      stage = stillsStage(home);
      stage.seek(at);
      place("play").hidden = !stage.canPlay;
      say("The saved video can't be played in this browser. " + place("note").textContent);
    });
    for (const name of ["play", "pause", "seeked", "ended"]) video.addEventListener(name, () => follow(true));
    return {
      now: () => (wanted !== null ? wanted : video.currentTime + lag),
      canPlay: true,
      isPlaying: () => !video.paused && !video.ended,
      seek(to) { wanted = to; apply(); },
      toggle() { if (video.paused) video.play().catch(() => {}); else video.pause(); },
      tick() {},
    };
  }

  // The list: only what is in view is drawn, since a session may have ten thousand rows.

  const KINDS = { command: "Commands", console: "Console", network: "Network" };
  const [ONE_LINE, TWO_LINES] = [30, 50];
  const list = place("list"), rows = place("rows");
  let shown = [], tops = [0], current = -1, touchedAt = -1e9;
  const drawn = new Map(); // the rows that are there now, by their numbers
  const searched = events.map((event) => `${event[TEXT]}\n${event[ERROR]}`.toLowerCase());
  const height = (event) => (event[ERROR] ? TWO_LINES : ONE_LINE);

  function filter() {
    const form = place("filters");
    const kinds = new Set(Array.from(form.querySelectorAll("[name=kind]:checked"), (box) => box.value));
    const onlyErrors = form.elements.errors && form.elements.errors.checked;
    const words = (form.elements.find ? form.elements.find.value : "").toLowerCase().split(/\s+/).filter(Boolean);
    shown = [];
    tops = [0];
    events.forEach(function (event, number) {
      if (!kinds.has(event[KIND]) || (onlyErrors && !event[BAD])) return;
      if (!words.every((word) => searched[number].includes(word))) return;
      shown.push(number);
      tops.push(tops[tops.length - 1] + height(event));
    });
    rows.style.height = `${tops[tops.length - 1]}px`;
    const count = form.querySelector("output");
    if (count) count.textContent = shown.length === events.length ? "" : `${shown.length.toLocaleString("en")} of ${events.length.toLocaleString("en")}`;
    drawAll();
  }
  /** The last of `sorted` at or below `value`, by bisection; -1 if none. */
  function lastUpTo(value, size, of) {
    let [low, high] = [0, size];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (of(middle) <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
  function drawAll() {
    drawn.clear();
    rows.replaceChildren();
    draw();
  }
  function draw() {
    const first = Math.max(0, lastUpTo(list.scrollTop, shown.length, (at) => tops[at]) - 5);
    const last = Math.min(shown.length, lastUpTo(list.scrollTop + list.clientHeight, shown.length, (at) => tops[at]) + 6);
    const wanted = new Set(shown.slice(first, last));
    for (const [number, one] of drawn) {
      if (!wanted.has(number)) {
        one.remove();
        drawn.delete(number);
      }
    }
    // What stays is not touched: a row that is being clicked must be the same when the button is let go.
    let following = null;
    for (let at = last - 1; at >= first; at -= 1) {
      const number = shown[at];
      let one = drawn.get(number);
      if (!one) {
        one = row(number, tops[at]);
        drawn.set(number, one);
        rows.insertBefore(one, following);
      }
      one.classList.toggle("current", number === current);
      one.setAttribute("aria-selected", String(number === current));
      following = one;
    }
    list.setAttribute("aria-activedescendant", drawn.has(current) ? `row-${current}` : "");
  }
  function row(number, top) {
    const event = events[number];
    const made = element("div", {
      id: `row-${number}`, role: "option", "data-row": number,
      class: `row ${event[KIND]}${event[BAD] ? " bad" : ""}`,
      title: event[ERROR] ? `${event[TEXT]}\n${event[ERROR]}` : event[TEXT],
    },
    element("time", {}, event[AT] === null ? "" : clock(event[AT], true)),
    element("span", { class: "kind" }, event[KIND] === "command" ? "" : event[KIND]),
    element("span", { class: "text" }, event[TEXT]),
    element("span", { class: "took" }, event[TOOK]),
    event[ERROR] ? element("span", { class: "error" }, event[ERROR]) : []);
    made.style.top = `${top}px`;
    return made;
  }
  /** Light a row; in view, unless the reader is looking elsewhere. */
  function light(number, isWanted) {
    const isNew = number !== current;
    if (isNew) {
      current = number;
      const event = events[number];
      place("detail").replaceChildren(...(event ? [element("span", {}, event[TEXT]), ...(event[ERROR] ? [element("b", {}, event[ERROR])] : [])] : []));
    }
    if (isWanted || (isNew && performance.now() - touchedAt > 4000)) {
      const at = lastUpTo(number, shown.length, (row) => shown[row]);
      if (at >= 0 && (tops[at] < list.scrollTop + 30 || tops[at + 1] > list.scrollTop + list.clientHeight - 30)) {
        list.scrollTop = tops[at] - list.clientHeight / 2;
      }
    }
    draw();
  }
  const times = [];
  events.forEach((event, number) => times.push(event[AT] === null ? times[number - 1] || 0 : event[AT]));
  const rowAt = (second) => lastUpTo(second + 0.001, times.length, (number) => times[number]);

  function openRow(number) {
    if (number < 0 || number >= events.length) return;
    if (events[number][AT] !== null) seek(events[number][AT]);
    held = number;
    touchedAt = -1e9;
    light(number, true);
  }
  /** The row above or below the current one, of those that the filter lets through. */
  function step(by) {
    const at = lastUpTo(current, shown.length, (row) => shown[row]);
    const exact = shown[at] === current;
    openRow(shown[clamp(by > 0 ? at + 1 : exact ? at - 1 : at, 0, shown.length - 1)]);
  }

  // The time line

  const percent = (second) => `${clamp((second / duration) * 100, 0, 100)}%`;
  const failures = tests.filter((test) => test.failure !== null).sort((one, other) => one.failure - other.failure);
  const nameOf = (test) => test.id + (test.attempt > 1 ? ` (attempt ${test.attempt})` : "");

  function drawTimeline() {
    const ends = [];
    for (const test of tests) {
      if (test.start === null) continue;
      let lane = ends.findIndex((end) => end <= test.start + 0.001);
      if (lane < 0) lane = Math.min(ends.length, 3);
      ends[lane] = test.end;
      const span = element("button", {
        type: "button", tabindex: "-1", class: `span ${test.severity}`,
        title: `${nameOf(test)}: ${test.outcome}, ${clock(test.start)} to ${clock(test.end)}`,
      });
      span.style.left = percent(test.start);
      span.style.width = `calc(max(3px, ${percent(test.end - test.start)} - 1px))`;
      span.style.top = `${lane * 12}px`;
      span.addEventListener("click", () => openTest(test));
      place("spans").append(span);
    }
    place("spans").style.height = `${Math.max(1, ends.length) * 12}px`;
    const marks = new Map();
    events.forEach(function (event, number) {
      if (!event[BAD] || event[AT] === null) return;
      // What falls together on a screen is one mark.
      const key = `${event[KIND]} ${Math.floor((event[AT] / duration) * 250)}`;
      if (!marks.has(key)) marks.set(key, []);
      marks.get(key).push(number);
    });
    const NOUNS = { command: "failed command", console: "console error", network: "failed request" };
    for (const numbers of marks.values()) {
      const event = events[numbers[0]];
      const count = numbers.length > 1 ? ` and ${numbers.length - 1} more` : "";
      const mark = element("button", {
        type: "button", tabindex: "-1", class: `mark ${event[KIND]}`,
        title: `${clock(event[AT])} ${NOUNS[event[KIND]]}: ${event[ERROR] || event[TEXT]}${count}`,
      });
      mark.style.left = percent(event[AT]);
      mark.addEventListener("click", () => openRow(numbers[0]));
      place("marks").append(mark);
    }
    for (const test of failures) {
      const mark = element("button", {
        type: "button", class: "failure", title: `${nameOf(test)} failed at ${clock(test.failure)}`,
        "aria-label": `${nameOf(test)} failed at ${clock(test.failure)}`,
      });
      mark.style.left = percent(test.failure);
      mark.addEventListener("click", () => openTest(test));
      place("timeline").append(mark);
    }
    const line = place("timeline");
    line.setAttribute("aria-valuemax", Math.round(duration));
    const seekTo = function (event) {
      const box = line.getBoundingClientRect();
      seek(clamp((event.clientX - box.left) / box.width, 0, 1) * duration);
    };
    line.addEventListener("pointerdown", function (event) {
      if (event.target.closest("button")) return;
      line.setPointerCapture(event.pointerId);
      seekTo(event);
    });
    line.addEventListener("pointermove", (event) => { if (line.hasPointerCapture(event.pointerId)) seekTo(event); });
  }

  // Tests

  const testList = place("tests");
  function showTest(test) {
    const home = place("test");
    const where = test.start === null ? [] : [element("p", { class: "quiet" },
      `${clock(test.start)} to ${clock(test.end)}` + (test.failure === null ? "" : `, failed at ${clock(test.failure, true)}`))];
    home.replaceChildren(
      element("h2", {}, element("b", { class: `badge ${test.severity}` }, test.outcome), " ", ...breakable(nameOf(test))),
      ...(test.message ? [element("pre", {}, test.message)] : []), ...where);
    for (const one of testList.children) one.setAttribute("aria-current", String(tests[one.dataset.test] === test));
    const chosen = testList.querySelector("[aria-current=true]");
    if (chosen) testList.scrollTop = chosen.offsetTop - testList.offsetTop - 40;
  }
  /** Where to start for a failure; right after a session's start, where pages are still blank, somewhat later. */
  const leadOf = (failure) => Math.max(failure - LEAD_SECONDS, Math.min(failure * 0.8, 0.9));
  function openTest(test, isFromAddress) {
    showTest(test);
    if (!isFromAddress) history.replaceState(null, "", `#test=${encodeURIComponent(test.id)}${test.attempt > 1 ? `&attempt=${test.attempt}` : ""}`);
    if (test.failure === null) {
      seek(test.start || 0, test);
      return;
    }
    seek(leadOf(test.failure), test);
    // The last command before the failure is what a reader looks for, though it comes two seconds later.
    const number = test.last === null ? rowAt(test.failure) : test.last;
    held = number;
    light(number, true);
  }
  function openFromAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const named = tests.filter((test) => test.id === asked.get("test"));
    const test = named.find((one) => String(one.attempt) === asked.get("attempt")) || named.find((one) => one.failure !== null)
      || named[0] || failures[0] || tests[0];
    if (test) openTest(test, true);
    else seek(0);
  }
  function drawTests() {
    if (tests.length < 2) return testList.remove();
    tests.forEach(function (test, number) {
      const button = element("button", { type: "button" },
        element("b", { class: `badge ${test.severity}` }, test.outcome), element("span", {}, ...breakable(nameOf(test))),
        element("time", {}, test.start === null ? "" : clock(test.start)));
      const item = element("li", { "data-test": number }, button);
      button.addEventListener("click", () => openTest(test));
      testList.append(item);
    });
  }
  function nextFailure(by) {
    const now = stage.now() + LEAD_SECONDS;
    const left = by > 0 ? failures.filter((test) => test.failure > now + 0.2) : failures.filter((test) => test.failure < now - 0.2).reverse();
    if (left.length) openTest(left[0]);
  }

  // All together

  let stage = null;
  let held = null; // a row that was asked for stays lit until time goes on
  let before = -1;
  const DOUBT = data.uncertain > 1 ? `The video's start is not known to the second: what you look for comes up to ${Math.ceil(data.uncertain)} s later.` : "";
  let playing = null; // the test whose clip is on the stage
  const clips = data.video ? [] : tests.filter((test) => test.clip);
  function seek(second, asked) {
    held = null;
    // Without the whole video: the clip of the test that was asked for, or the one that shows this second.
    const holds = (test) => second >= test.clip_start && second <= test.end + 2;
    const wanted = clips.includes(asked) ? asked : clips.find(holds);
    if (wanted && wanted !== playing) {
      playing = wanted;
      stage = videoStage(place("stage"), wanted.clip, wanted.clip_start);
      place("play").hidden = false;
    }
    if (clips.length) say(DOUBT);
    stage.seek(clamp(second, 0, duration));
    if (clips.length && !wanted) say("The whole video was not kept, and no clip of a failed test shows this moment.");
    follow(true);
  }
  function follow(isWanted) {
    if (!stage) return;
    const now = stage.now();
    if (now === before && !isWanted) return;
    before = now;
    stage.tick();
    place("head").style.left = percent(now);
    place("clock").textContent = `${clock(now, true)} / ${clock(Math.ceil(duration))}`;
    place("timeline").setAttribute("aria-valuenow", Math.round(now));
    place("timeline").setAttribute("aria-valuetext", clock(now));
    place("play").textContent = stage.isPlaying() ? "Pause" : "Play";
    if (stage.isPlaying()) held = null;
    light(held !== null ? held : rowAt(now), false);
  }
  function frame() {
    if (stage.isPlaying()) follow(false);
    requestAnimationFrame(frame);
  }
  function drawFilters() {
    const form = place("filters");
    for (const [kind, name] of Object.entries(KINDS)) {
      const count = events.filter((event) => event[KIND] === kind).length;
      if (!count) continue;
      const box = element("input", { type: "checkbox", name: "kind", value: kind, checked: "checked" });
      form.append(element("label", {}, box, ` ${name} `, element("small", {}, count.toLocaleString("en"))));
    }
    const bad = events.filter((event) => event[BAD]).length;
    if (bad) form.append(element("label", {}, element("input", { type: "checkbox", name: "errors" }), " Errors only ", element("small", {}, bad.toLocaleString("en"))));
    form.append(element("input", { type: "search", name: "find", placeholder: "Find …", "aria-label": "Find", autocomplete: "off" }), element("output", {}));
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    if (!events.length) {
      form.remove();
      rows.append(element("p", {}, "Nothing was logged of this session."));
    }
  }

  drawTests();
  drawTimeline();
  drawFilters();
  stage = data.video ? videoStage(place("stage"), data.video, data.lag) : stillsStage(place("stage"));
  if (data.video) say(DOUBT);
  place("play").hidden = !stage.canPlay;
  for (const name of ["previous", "next"]) place(name).hidden = failures.length < 2;
  function toggle() {
    touchedAt = -1e9;
    stage.toggle();
    follow(true);
  }
  place("play").addEventListener("click", toggle);
  place("previous").addEventListener("click", () => nextFailure(-1));
  place("next").addEventListener("click", () => nextFailure(1));
  let isDrawing = false;
  list.addEventListener("scroll", function () {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => { isDrawing = false; draw(); });
  });
  for (const name of ["wheel", "touchmove", "pointerdown"]) {
    list.addEventListener(name, function (event) {
      if (name !== "pointerdown" || event.target === list) touchedAt = performance.now();
    }, { passive: true });
  }
  rows.addEventListener("click", function (event) {
    const found = event.target.closest("[data-row]");
    if (found) openRow(Number(found.dataset.row));
  });
  const KEYS = {
    " ": toggle,
    ArrowLeft: () => seek(stage.now() - 5), ArrowRight: () => seek(stage.now() + 5),
    ArrowUp: () => step(-1), ArrowDown: () => step(1),
    Home: () => seek(0), End: () => seek(duration),
    n: () => nextFailure(1), p: () => nextFailure(-1),
  };
  // Before the video's own controls hear of it, which have other ideas of arrows.
  addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    if (event.target.closest("input[type=search]")) return;
    if (event.key === " " && event.target.closest("button, input, a")) return;
    event.preventDefault();
    KEYS[event.key]();
  }, true);
  // A click leaves the focus where it is, so that space still plays.
  addEventListener("mousedown", (event) => { if (event.target.closest("button")) event.preventDefault(); });
  addEventListener("resize", draw);
  addEventListener("hashchange", openFromAddress);
  if (events.length) filter();
  openFromAddress();
  frame();
})();
