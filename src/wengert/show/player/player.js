"use strict";

/**
 * The player. All that it shows comes from the data in its element, as text; what is on the screen at a position
 * follows from the steps before it, so that any position can be gone to from any other.
 *
 * Position 0 is before the first step; at position p, step p is in hand. A mode plays the primal pass and then its own
 * passes, one after the other.
 */

const WENGERT_INTERVAL = 1600; // milliseconds from step to step at speed 1
const WENGERT_NARROW = 420; // pixels, for two equations beside each other
const WENGERT_SPEEDS = [0.25, 0.5, 1, 2, 4, 8];

/**
 * Start the player in an element.
 * @param {Element} root the section that was written by player_fragment
 * @param {EventTarget} keyboard what listens to keys: the document, or root where a page holds more than a player
 * @returns {{stop: function(): void}}
 */
function wengertPlayer(root, keyboard) {
  const data = JSON.parse(root.querySelector(".player-data").textContent);
  const find = (name) => root.querySelector(`.player-${name}`);
  const graph = wengertGraph(find("graph"), data);
  const table = wengertTable(root.querySelector("table"), data);
  const source = wengertSource(root, data.listing);
  const scripts = data.modes.map((mode) => wengertScript(data.primal, mode));
  let current = 0; // the mode
  let position = 0;
  let speed = WENGERT_SPEEDS.indexOf(1);
  let timer = 0;

  /** Show a position of the current mode. */
  function show(at) {
    const script = scripts[current];
    position = Math.max(0, Math.min(script.length, at));
    const scene = wengertScene(data, data.modes[current], script, position);
    const mode = data.modes[current];
    root.dataset.mode = mode.name;
    root.dataset.phase = scene.phase;
    find("about").textContent = mode.about;
    find("derived-heading").textContent = mode.heading;
    graph.show(scene);
    table.show(scene);
    source.show(scene);
    showNow(scene, mode);
    showControls(script, scene);
    if (position === script.length) {
      pause();
    }
  }

  /** The step in hand, large. */
  function showNow(scene, mode) {
    const { step, entry } = scene;
    find("place").textContent = entry
      ? `${entry.pass.title} · step ${entry.number} of ${entry.pass.steps.length}`
      : "Before the first step";
    const isEnd = Boolean(step && scene.isEnd);
    find("now").classList.toggle("player-end", isEnd);
    wengertReplace(find("equation"), isEnd ? wengertResults(scene.results) : [step ? scene.equation : mode.goal]);
    find("equation").classList.toggle("player-long", wengertColumns(find("equation").textContent) > 60);
    find("words").textContent = step ? step.words : "Press play, or go step by step.";
    const said = step ? `${entry.pass.title}, step ${entry.number} of ${entry.pass.steps.length}. ${step.said}` : "";
    if (find("live").textContent !== said) {
      find("live").textContent = said;
    }
  }

  /** Slider, passes and buttons. */
  function showControls(script, scene) {
    const slider = find("slider");
    slider.max = String(script.length);
    slider.value = String(position);
    slider.setAttribute("aria-valuetext", `${position} of ${script.length}: ${find("place").textContent}`);
    slider.style.setProperty("--done", script.length ? String(position / script.length) : "0");
    for (const button of find("passes").children) {
      const isCurrent = Number(button.dataset.pass) === (scene.entry ? scene.entry.passNumber : -1);
      wengertMarkCurrent(button, isCurrent);
      if (isCurrent) {
        wengertReveal(find("passes"), button);
      }
    }
    setEnabled("first", position > 0);
    setEnabled("back", position > 0);
    setEnabled("forward", position < script.length);
    setEnabled("last", position < script.length);
    find("rate").textContent = `${WENGERT_SPEEDS[speed]}×`;
  }

  /** A control that does nothing stays where it is, so that focus is not lost. */
  function setEnabled(name, isEnabled) {
    root.querySelector(`[data-does="${name}"]`).setAttribute("aria-disabled", String(!isEnabled));
  }

  /** Change the mode; what both modes have in common, the primal pass, stays where it is. */
  function setMode(number) {
    pause();
    current = number;
    for (const button of find("modes").children) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.mode) === number));
    }
    wengertReplace(find("passes"), passButtons());
    show(Math.min(position, data.primal.steps.length));
  }

  /** For each pass a button that goes to its first step, as long as the pass. */
  function passButtons() {
    const script = scripts[current];
    return [data.primal, ...data.modes[current].passes].map((pass, number) => {
      const button = wengertElement("button", { type: "button", title: pass.title, "data-pass": String(number) });
      const [, kind, seed] = pass.title.match(/^(\S+ pass) (.+)$/s) || ["", "", pass.title];
      button.append(wengertElement("span", {}, `${kind} `), seed);
      button.style.flexGrow = String(pass.steps.length);
      button.addEventListener("click", () => show(script.findIndex((entry) => entry.passNumber === number) + 1));
      return button;
    });
  }

  /**
   * Scroll the page so that the step, the graph, the table and the controls are in sight together: on a narrow screen
   * what is above them gives way, on others no more of it than is needed.
   */
  function makeRoom() {
    const above = find("head").getBoundingClientRect().bottom;
    const missing = root.getBoundingClientRect().bottom - window.innerHeight;
    const isNarrow = window.matchMedia("(max-width: 599.98px)").matches;
    const top = isNarrow ? above : Math.min(missing, above);
    if (top > 1) {
      window.scrollBy({ top, behavior: wengertScrolling() });
    }
  }

  function play() {
    makeRoom();
    if (position === scripts[current].length) {
      show(0);
    }
    schedule();
    markPlaying(true);
  }

  function pause() {
    window.clearTimeout(timer);
    timer = 0;
    markPlaying(false);
  }

  function schedule() {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      schedule();
      show(position + 1);
    }, WENGERT_INTERVAL / WENGERT_SPEEDS[speed]);
  }

  function markPlaying(isPlaying) {
    root.classList.toggle("player-playing", isPlaying);
    const button = find("play");
    button.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
    button.title = isPlaying ? "Pause (space)" : "Play (space)";
  }

  function setSpeed(to) {
    speed = Math.max(0, Math.min(WENGERT_SPEEDS.length - 1, to));
    find("rate").textContent = `${WENGERT_SPEEDS[speed]}×`;
    if (timer) {
      schedule();
    }
  }

  /** Go somewhere by hand: a play that is on ends. */
  function goTo(at) {
    pause();
    makeRoom();
    show(at);
  }

  const actions = {
    first: () => goTo(0),
    back: () => goTo(position - 1),
    play: () => (timer ? pause() : play()),
    forward: () => goTo(position + 1),
    last: () => goTo(scripts[current].length),
    slower: () => setSpeed(speed - 1),
    faster: () => setSpeed(speed + 1),
    mode: () => setMode((current + 1) % data.modes.length),
  };
  const keys = {
    ArrowLeft: "back", ArrowRight: "forward", Home: "first", End: "last", " ": "play",
    "+": "faster", "=": "faster", "-": "slower", "−": "slower", m: "mode",
  };

  /** What a key does; a button keeps its space bar, a slider its arrows, a field of the page all that is typed. */
  function onKey(event) {
    const name = keys[event.key];
    const isTyped = event.target instanceof Element && event.target.closest("input:not(.player-slider), textarea, select, [contenteditable]");
    const isButtons = event.key === " " && event.target instanceof Element && event.target.closest("button, summary, a");
    if (!name || isTyped || isButtons || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    event.preventDefault();
    actions[name]();
  }

  for (const button of root.querySelectorAll("[data-does]")) {
    button.addEventListener("click", () => actions[button.dataset.does]());
  }
  wengertReplace(find("modes"), data.modes.map((mode, number) => {
    const label = `${mode.name[0].toUpperCase()}${mode.name.slice(1)} mode`;
    const button = wengertElement("button", { type: "button", "data-mode": String(number) }, label);
    button.append(" ", wengertElement("small", {}, mode.count));
    button.addEventListener("click", () => setMode(number));
    return button;
  }));
  find("slider").addEventListener("input", (event) => goTo(Number(event.target.value)));
  keyboard.addEventListener("keydown", onKey);
  setMode(0);
  return {
    stop() {
      pause();
      table.stop();
      keyboard.removeEventListener("keydown", onKey);
    },
  };
}

/**
 * The steps of a mode, in the order in which they are played.
 * @returns {Array<{pass: object, passNumber: number, step: object, number: number}>}
 */
function wengertScript(primal, mode) {
  return [primal, ...mode.passes].flatMap((pass, passNumber) =>
    pass.steps.map((step, k) => ({ pass, passNumber, step, number: k + 1 }))
  );
}

/** What is to be seen at a position: everything that the steps up to it have brought. */
function wengertScene(data, mode, script, position) {
  const entry = position ? script[position - 1] : null;
  const scene = {
    entry,
    step: entry ? entry.step : null,
    phase: entry ? (entry.passNumber ? "derived" : "primal") : "start",
    row: entry ? data.rows[entry.step.row] : null,
    rowNumber: entry ? entry.step.row : -1,
    equation: "",
    pass: entry && entry.passNumber ? entry.pass : mode.passes[0],
    values: new Map(), // of variables
    derivatives: new Map(), // of variables, in this pass
    labels: new Map(), // of edges, in this pass
    used: new Set(), // edges, in this pass
    done: new Set(), // rows that have their value
    shown: new Map(), // of rows: which equations on the right
    results: [], // of the passes that are complete
    isEnd: false,
  };
  script.slice(0, position).forEach((before) => wengertApply(scene, before));
  if (entry) {
    scene.isEnd = scene.phase === "derived" && entry.number === entry.pass.steps.length;
    scene.foundAt = mode.name === "reverse" ? "input" : "output";
    scene.equation = wengertEquation(scene);
  }
  return scene;
}

/** Add what one step brings to the scene. */
function wengertApply(scene, { pass, passNumber, step, number }) {
  const isHere = scene.entry.passNumber === passNumber;
  if (passNumber === 0) {
    scene.done.add(step.row);
    Object.entries(step.texts).forEach(([name, text]) => scene.values.set(name, text));
  } else if (isHere) {
    Object.entries(step.texts).forEach(([name, text]) => scene.derivatives.set(name, text));
    step.shown.forEach(([row, k]) => scene.shown.set(row, (scene.shown.get(row) || new Set()).add(k)));
  }
  if (isHere) {
    step.flows.forEach((flow) => {
      scene.used.add(wengertEdgeKey(flow));
      if (flow.text) {
        scene.labels.set(wengertEdgeKey(flow), flow.text);
      }
    });
  }
  if (passNumber && number === pass.steps.length) {
    scene.results.push(...pass.results);
  }
}

/** The derivatives that were found, each of which stays together where lines are broken. */
function wengertResults(results) {
  const last = results.length - 1;
  return results.flatMap((text, k) => [wengertElement("span", {}, k < last ? `${text},` : text), k < last ? " " : ""]);
}

/** The equation of the step in hand. */
function wengertEquation(scene) {
  const { step, pass, row } = scene;
  const parts = step.shown.length ? pass.equations[step.row][step.shown.find(([k]) => k === step.row)[1]] : row.primal;
  return parts.filter(Boolean).join(" = ");
}

function wengertEdgeKey(flow) {
  return `${flow.source} ${flow.target} ${flow.operand}`;
}

// --- the graph -------------------------------------------------------------------------------------------------------

/** The graph, which is drawn already: texts are filled in, classes say what is in hand. */
function wengertGraph(figure, data) {
  const nodes = Array.from(figure.querySelectorAll(".node"));
  const edges = Array.from(figure.querySelectorAll(".edge"));
  const scroller = figure.querySelector(".player-scroll");
  const drawing = figure.querySelector("svg");
  const room = new Map(Array.from(figure.querySelectorAll(".value, .adjoint, .label"), (text) => [text, wengertColumns(text.textContent)]));
  drawing.style.setProperty("--width", String(drawing.viewBox.baseVal.width));
  drawing.style.setProperty("--height", String(drawing.viewBox.baseVal.height));

  /** Set a text of a node or an edge, cut to the room that the drawing keeps for it. */
  function setText(group, selector, text) {
    const found = group.querySelector(`:scope > ${selector}`);
    const fitting = found ? wengertShortened(text, room.get(found)) : "";
    if (found && found.textContent !== fitting) {
      found.textContent = fitting;
    }
  }

  /** What stands at a node: one text for each of its variables. */
  function joined(names, texts) {
    return names.map((name) => texts.get(name)).filter(Boolean).join("; ");
  }

  /** The drawn edge of a flow; where several were put together, the one that stands for them. */
  function edgeOf(flow) {
    const between = edges.filter((edge) => edge.dataset.from === flow.source && edge.dataset.to === flow.target);
    return between.find((edge) => Number(edge.dataset.operand) === flow.operand) || between[0];
  }

  const partials = new Map(data.partials.map(([source, target, operand, text]) => [edgeOf({ source, target, operand }), text]));
  const drawn = new Map();
  function drawnEdge(key) {
    if (!drawn.has(key)) {
      const [source, target, operand] = key.split(" ");
      drawn.set(key, edgeOf({ source, target, operand: Number(operand) }));
    }
    return drawn.get(key);
  }

  return {
    show(scene) {
      const current = scene.row && !scene.isEnd ? scene.row.nodes : [];
      const found = scene.isEnd ? data.rows.filter((row) => row.kind === scene.foundAt).flatMap((row) => row.nodes) : [];
      const keys = Array.from(scene.used);
      const used = new Set(keys.map(drawnEdge));
      const inHand = new Set((scene.step ? scene.step.flows : []).map((flow) => drawnEdge(wengertEdgeKey(flow))));
      const labels = new Map(Array.from(scene.labels, ([key, text]) => [drawnEdge(key), text]));
      for (const node of nodes) {
        const key = node.dataset.node;
        const names = data.texts[key] || [];
        const changes = scene.step && names.some((name) => name in scene.step.texts);
        const isKnown = names.some((name) => scene.values.has(name));
        if (names.length) {
          setText(node, ".value", joined(names, scene.values));
          setText(node, ".adjoint", joined(names, scene.derivatives));
        }
        node.classList.toggle("current", current.includes(key));
        node.classList.toggle("receiving", Boolean(changes && scene.phase === "derived" && !current.includes(key)));
        node.classList.toggle("waiting", scene.phase !== "derived" && names.length > 0 && !isKnown);
        node.classList.toggle("found", found.includes(key));
      }
      for (const edge of edges) {
        edge.classList.toggle("contributing", inHand.has(edge));
        edge.classList.toggle("done", used.has(edge));
        setText(edge, ".label", labels.get(edge) || (scene.phase === "derived" && partials.get(edge)) || "");
        edge.classList.toggle("contributed", labels.has(edge));
      }
      const target = nodes.find((node) => [...current, ...found].includes(node.dataset.node));
      if (target) {
        wengertReveal(scroller, target);
      }
    },
  };
}

/** The characters of a text, each with the marks that stand above it. */
function wengertCharacters(text) {
  return text.match(/\P{M}\p{M}*/gu) || [];
}

function wengertColumns(text) {
  return wengertCharacters(text).length;
}

/** A text of at most so many columns, the end of a longer one left out. */
function wengertShortened(text, most) {
  const characters = wengertCharacters(text);
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : text;
}

// --- the table -------------------------------------------------------------------------------------------------------

/**
 * The table of the traces. Equations stand in it before they are computed, unseen, so that nothing moves; but those
 * that take lines of their own only from the first step of their pass.
 */
function wengertTable(table, { rows, briefs }) {
  let pass = null;
  let lines = []; // {element, row, equation}: a row of the data has one line for each equation on its right
  const scroller = table.parentElement;
  const observer = new ResizeObserver(() => window.requestAnimationFrame(fit));
  let width = -1;
  observer.observe(scroller);

  /** Put the right side below the left one where they do not fit beside each other, at any step. */
  function fit() {
    if (scroller.clientWidth !== width) {
      width = scroller.clientWidth;
      table.classList.remove("player-stacked");
      table.classList.add("player-measured");
      const isNarrow = width < WENGERT_NARROW || scroller.scrollWidth > width;
      table.classList.remove("player-measured");
      table.classList.toggle("player-stacked", isNarrow);
    }
  }

  function build(next) {
    pass = next;
    table.querySelectorAll("tbody").forEach((body) => body.remove());
    lines = [];
    let body = null;
    rows.forEach((row, number) => {
      if (!body || body.dataset.kind !== row.kind) {
        body = wengertElement("tbody", { role: "rowgroup", "data-kind": row.kind });
        table.append(body);
      }
      body.append(...linesOf(row, number));
    });
    table.classList.toggle("player-arrays", Boolean(table.querySelector(".value.wide")));
  }

  function linesOf(row, number) {
    if (row.kind === "gap") {
      const cell = wengertElement("td", { role: "cell", colspan: "6" }, row.primal[0]);
      const line = wengertElement("tr", { role: "row", class: "player-gap" });
      line.append(cell);
      lines.push({ element: line, row: number, equation: -1 });
      return [line];
    }
    const equations = pass.equations[number] || [["", "", ""]];
    return equations.map((equation, k) => {
      const line = wengertElement("tr", { role: "row", class: k ? "player-further" : "" });
      const left = k ? ["", "", ""] : row.primal;
      line.append(...wengertCells(left, "primal", briefs), ...wengertCells(equation, "derived", briefs));
      lines.push({ element: line, row: number, equation: k });
      return line;
    });
  }

  return {
    show(scene) {
      if (scene.pass !== pass) {
        build(scene.pass);
        width = -1;
        fit();
      }
      const inSight = [];
      for (const { element, row, equation } of lines) {
        const isShown = scene.shown.has(row) && scene.shown.get(row).has(equation);
        element.classList.toggle("value-known", scene.done.has(row));
        element.classList.toggle("derived-known", isShown);
        const isHere = scene.rowNumber === row && !scene.isEnd;
        const isExact = isInHand(scene, row, equation);
        element.classList.toggle("found", scene.isEnd && rows[row].kind === scene.foundAt);
        element.classList.toggle("current", isHere && isExact);
        element.classList.toggle("beside", isHere && !isExact);
        if ((isHere && isExact) || (scene.isEnd && rows[row].kind === scene.foundAt)) {
          inSight.push(element);
        }
        wengertMarkCurrent(element, isHere && isExact);
      }
      inSight.reverse().forEach((element) => wengertReveal(scroller, element)); // the first one for certain
    },
    stop() {
      observer.disconnect();
    },
  };
}

/** Whether a line is the one in hand, of those of its row: in the primal pass the first one. */
function isInHand({ phase, step }, row, equation) {
  if (phase !== "derived") {
    return equation <= 0;
  }
  return !step.shown.length || step.shown.some(([r, k]) => r === row && k === equation);
}

/** The three cells of an equation: symbol, formula, and value, of a long array its ends. */
function wengertCells([symbol, formula, value], side, briefs) {
  const shown = Object.prototype.hasOwnProperty.call(briefs, value) ? briefs[value] : value;
  const equals = (text, before) => (text && before ? `= ${text}` : text);
  const length = (text, most) => (wengertColumns(text) <= most ? "short" : wengertColumns(text) <= 30 ? "long" : "long endless");
  const cells = [
    wengertElement("td", { role: "cell", class: `${side} symbol ${length(symbol, 5)}` }),
    wengertElement("td", { role: "cell", class: `${side} formula ${length(formula, 15)}` }, equals(formula, symbol)),
    wengertElement("td", { role: "cell", class: `${side} value ${length(shown, 18)}` }, equals(shown, symbol || formula)),
  ];
  symbol.split(/(?<=_)/).filter(Boolean).forEach((part, k) => cells[0].append(...(k ? [wengertElement("wbr", {})] : []), part));
  cells[2].classList.toggle("wide", wengertColumns(shown) > 10);
  if (shown !== value) {
    cells[2].title = value;
  }
  return cells;
}

// --- the source ------------------------------------------------------------------------------------------------------

/** The lines of the source. */
function wengertSource(root, listing) {
  const list = root.querySelector(".player-lines");
  root.querySelector(".player-source .player-panel-title").textContent = listing.title;
  const lines = listing.lines.map(([number, text]) => {
    const line = wengertElement("li", number === null ? { class: "player-remark" } : { "data-number": String(number) });
    line.append(wengertElement("code", {}, text || " "));
    return line;
  });
  list.append(...lines);
  return {
    show(scene) {
      const number = scene.row && !scene.isEnd ? scene.row.line : -1;
      lines.forEach((line, k) => {
        line.classList.toggle("current", k === number);
        wengertMarkCurrent(line, k === number);
      });
      if (number >= 0) {
        wengertReveal(list.parentElement, lines[number]);
      }
    },
  };
}

// --- the document ----------------------------------------------------------------------------------------------------

/** Make an element; what is given is text and attributes, never markup. */
function wengertElement(name, attributes, text) {
  const element = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  if (text !== undefined) {
    element.textContent = text;
  }
  return element;
}

/** Say to those who hear the page that an element is the one in hand. */
function wengertMarkCurrent(element, isCurrent) {
  if (isCurrent) {
    element.setAttribute("aria-current", "step");
  } else {
    element.removeAttribute("aria-current");
  }
}

function wengertReplace(element, children) {
  element.replaceChildren(...children);
}

const wengertGoals = new WeakMap(); // where a panel scrolls to, perhaps still on its way

/** Scroll a panel, and nothing else, so that a part of it is in sight with some room around. */
function wengertReveal(scroller, part) {
  if (!part.getClientRects().length) {
    return; // it is not displayed
  }
  const outer = scroller.getBoundingClientRect();
  const inner = part.getBoundingClientRect();
  const room = Math.max(0, Math.min(48, outer.height / 4, (outer.height - inner.height) / 2));
  const below = wengertMissing(inner.top - outer.top, inner.bottom - outer.bottom, room);
  const isWide = inner.width >= outer.width;
  const aside = isWide ? 0 : wengertMissing(inner.left - outer.left, inner.right - outer.right, (outer.width - inner.width) / 3);
  const goal = { top: scroller.scrollTop + below, left: scroller.scrollLeft + aside };
  const before = wengertGoals.get(scroller) || { top: scroller.scrollTop, left: scroller.scrollLeft };
  if (below || aside || before.top !== goal.top || before.left !== goal.left) {
    wengertGoals.set(scroller, goal);
    scroller.scrollTo({ ...goal, behavior: wengertScrolling() });
  }
}

/** How far to scroll, given how far two sides of a part lie from those of its panel, to leave some room at both. */
function wengertMissing(before, after, room) {
  return Math.max(0, after + room) || Math.min(0, before - room);
}

function wengertScrolling() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}
