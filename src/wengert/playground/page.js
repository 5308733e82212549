// The playground: sends what was typed to its own server, part by part, and shows the answers. Answers are plain data;
// texts become text nodes, and pictures are parsed as documents of their own, in which no script runs.
"use strict";

const MOST_CHARACTERS = 100000; // of a request; the server takes a little more
const LONG = 24; // signs in a cell of a table, beyond which it may take several lines
const SMALLEST = 0.7; // of its size, to which a graph is made narrower
const PARTS_OF_TAB = {
  tables: ["tables"],
  graph: ["graph"],
  player: ["player"],
  derivative: ["formula", "source"],
  plots: ["curve", "errors"],
  lists: ["lists"],
};
const TITLES = {
  tables: "Tables",
  graph: "Graph",
  player: "Player",
  derivative: "Derivative",
  plots: "Plots",
  lists: "Lists",
};
const CHOICES = ["along", "of"]; // of what the function and the point consist of
const EXAMPLES = [
  ["The textbook function", "log(x1) + x1*x2 - sin(x2)", "x1=2, x2=5"],
  ["Several lines", "z = x1 * x2\ns = sin(z)\nreturn s * exp(-x1) + z", "x1=1, x2=0.5"],
  ["The square root by Newton’s method", "r = a\nr = (r + a/r) / 2\nr = (r + a/r) / 2\nr = (r + a/r) / 2\nreturn r", "a=2"],
  ["A neuron", "a = sum(w * x) + b\ny = 1 / (1 + exp(-a))\nreturn (y - t)**2", "w=[0.5, -1, 2], x=[1, 2, 0.5], b=0.1, t=1"],
  ["Two layers", "h = tanh(W @ x + b)\nreturn sum(v * h)", "W=[[1, -1], [0.5, 2]], x=[0.3, 0.7], b=[0, 0.1], v=[1, -2]"],
  ["A branch", "x**2 if x > 0 else -x", "x=-2"],
  ["Rosenbrock’s valley", "(1 - x)**2 + 100*(y - x**2)**2", "x=-1.2, y=1"],
  ["The logarithm of a sum of exponentials", "m = max(x)\nreturn m + log(sum(exp(x - m)))", "x=[1, 2, 3]"],
  ["A kink", "abs(x) + maximum(x, 0)", "x=0"],
  ["A damped wave", "exp(-x/3) * cos(2*x)", "x=1"],
];

const find = (id) => document.getElementById(id);

/** The run that is shown: its fields, its answers by part, and what ends it. */
let run = null;
/** The player that is shown; it listens and may play. */
let player = null;

// --- elements ----------------------------------------------------------------------------------------------------

/**
 * Build an element.
 * @param {string} tag
 * @param {Object<string, string>} attributes
 * @param {...(Node|string)} children - strings become text
 * @returns {HTMLElement}
 */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * The root of a picture, from the text of its SVG.
 * @param {string} text
 * @returns {Element}
 */
function picture(text) {
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return document.importNode(root, true);
}

/**
 * A formula from its tree: a text, or a list of a tag and its children.
 * @param {string|Array} tree
 * @returns {Node}
 */
function formula(tree) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const made = document.createElementNS("http://www.w3.org/1998/Math/MathML", tree[0]);
  made.append(...tree.slice(1).map(formula));
  return made;
}

/**
 * A button.
 * @param {string} label
 * @param {string} text - shown
 * @param {function(): void} does
 */
function button(label, text, does) {
  const made = element("button", { type: "button", "aria-label": label, class: "small" }, text);
  made.addEventListener("click", does);
  return made;
}

/**
 * A text that can be copied, under a heading.
 * @param {string} title
 * @param {string} text
 * @param {boolean} isWrapped - whether long lines go on below
 */
function listing(title, text, isWrapped = false) {
  const head = element("div", { class: "bar" }, element("h3", {}, title), button(`Copy: ${title}`, "Copy", () => copy(text)));
  const body = element("pre", { tabindex: "0", role: "group", "aria-label": title }, element("code", {}, text));
  return element("section", { class: isWrapped ? "listing wrapped" : "listing" }, head, body);
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say("Copied.");
  } catch {
    say("The browser does not allow copying. Select the text and copy it by hand.");
  }
}

/**
 * Let the browser save a text as a file.
 * @param {string} name
 * @param {string} text
 * @param {string} type
 */
function save(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

let silence = 0;

/**
 * Say something for a moment, on the page and to those who hear it.
 * @param {string} text
 */
function say(text) {
  find("status").textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => (find("status").textContent = ""), 2500);
}

// --- asking ------------------------------------------------------------------------------------------------------

/** What is typed. */
function typed() {
  const narrow = matchMedia("(max-width: 600px)").matches ? "yes" : "";
  const [along, of] = [find("along").value, find("of").value];
  return { function: find("function").value, point: find("point").value, along, of, narrow };
}

/**
 * Ask for a part of the present run; each is asked for once.
 * @param {string} part
 * @param {Object<string, string>} more - fields of this part alone
 * @returns {Promise<Object>} the answer, or one that holds only `refused`
 */
function ask(part, more = {}) {
  const asked = run;
  const key = JSON.stringify([part, more]);
  if (!asked.answers.has(key)) asked.answers.set(key, posted({ part, ...asked.fields, ...more }, asked.stop.signal));
  return asked.answers.get(key);
}

/**
 * @param {Object<string, string>} request
 * @param {AbortSignal} signal
 * @returns {Promise<Object>}
 */
async function posted(request, signal) {
  const body = JSON.stringify(request);
  if (body.length > MOST_CHARACTERS) {
    const field = request.point.length > request.function.length ? "point" : "function";
    const count = request[field].length.toLocaleString("en");
    return refused(`The ${field} has ${count} characters, which is too long. Give a shorter one.`, field);
  }
  try {
    const reply = await fetch("/answer", { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
    return await reply.json();
  } catch (error) {
    if (signal.aborted) throw error;
    return refused("The server does not answer. Is “wengert play” still running?");
  }
}

/**
 * @param {string} message
 * @param {string} field
 */
function refused(message, field = "") {
  return { refused: { message, field, span: null } };
}

// --- running -----------------------------------------------------------------------------------------------------

/** Run what is typed, and show the present tab of it. */
async function start() {
  if (run) run.stop.abort();
  const mine = { fields: typed(), answers: new Map(), stop: new AbortController(), isGood: false };
  run = mine;
  showLink(mine.fields);
  document.body.setAttribute("aria-busy", "true");
  try {
    const answer = await ask("summary");
    if (run !== mine) return;
    clearRefusals();
    if (answer.refused) {
      showRefusal(answer.refused);
    } else {
      mine.isGood = true;
      mine.fields.along = answer.along;
      mine.fields.of = answer.of;
      showLink(mine.fields);
      showSummary(answer);
    }
    showTab(chosenTab());
  } catch (error) {
    if (!mine.stop.signal.aborted) throw error;
  } finally {
    if (run === mine) document.body.removeAttribute("aria-busy");
  }
}

function clearRefusals() {
  for (const id of ["function-refusal", "point-refusal", "refusal"]) {
    find(id).hidden = true;
    find(id).replaceChildren();
  }
  for (const id of ["function", "point"]) find(id).removeAttribute("aria-invalid");
}

/**
 * Show a refusal beside the field that it is about, with the place in it.
 * @param {{message: string, field: string, span: ?Array<number>}} reason
 */
function showRefusal(reason) {
  const field = ["function", "point"].includes(reason.field) ? reason.field : "";
  const place = find(field ? `${field}-refusal` : "refusal");
  place.replaceChildren(element("p", {}, reason.message));
  if (field) find(field).setAttribute("aria-invalid", "true");
  if (field && reason.span) place.append(pointed(run.fields[field], reason.span));
  place.hidden = false;
  for (const id of CHOICES) find(`${id}-field`).hidden = true;
  find("summary").replaceChildren(element("p", { class: "help" }, "There is none: see the message above."));
}

/**
 * The line of a text that a part of it begins in, the part marked.
 * @param {string} text
 * @param {Array<number>} span
 */
function pointed(text, [start, end]) {
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const next = text.indexOf("\n", start);
  const to = next < 0 ? text.length : next;
  const until = Math.min(Math.max(end, start + 1), to);
  const marked = text.slice(start, until) || " ";
  const before = text.slice(Math.max(from, start - 40), start);
  const line = element("pre", { "aria-hidden": "true" }, start - 40 > from ? "…" : "", before);
  line.append(element("mark", {}, marked.slice(0, 80)), text.slice(until, Math.min(to, until + 40)));
  return line;
}

/** @param {Object} answer */
function showSummary(answer) {
  const rows = [[answer.title, answer.value], ...answer.gradient.map((one) => [one.name, one.value])];
  const list = element("dl", {});
  for (const [name, value] of rows) list.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  const words = `${answer.statements} ${answer.statements === 1 ? "statement" : "statements"}`;
  find("summary").replaceChildren(list, element("p", { class: "help" }, words));
  offer("along", answer.numbers, answer.along);
  offer("of", answer.results, answer.of);
}

/**
 * Let the user choose among names, if there are several.
 * @param {string} id - of the element
 * @param {Array<string>} names
 * @param {string} chosen
 */
function offer(id, names, chosen) {
  find(id).replaceChildren(...names.map((name) => element("option", { value: name }, name)));
  find(id).value = chosen;
  find(`${id}-field`).hidden = names.length < 2;
}

// --- the tabs ----------------------------------------------------------------------------------------------------

function chosenTab() {
  return document.querySelector("[role=tab][aria-selected=true]").dataset.name;
}

function makeTabs() {
  for (const [name, title] of Object.entries(TITLES)) {
    const tab = element("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}` }, title);
    tab.dataset.name = name;
    tab.addEventListener("click", () => choose(name));
    find("tabs").append(tab);
    find("panels").append(
      element("div", { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, tabindex: "0" }),
    );
  }
  find("tabs").addEventListener("keydown", moveAmongTabs);
}

/**
 * Choose a tab, and show it.
 * @param {string} name
 */
function choose(name) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const isChosen = tab.dataset.name === name;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    find(`panel-${tab.dataset.name}`).hidden = !isChosen;
  }
  find(`tab-${name}`).scrollIntoView({ block: "nearest", inline: "nearest" });
  if (run) {
    showLink(run.fields);
    showTab(name);
  }
}

/** @param {KeyboardEvent} event */
function moveAmongTabs(event) {
  const names = Object.keys(TITLES);
  const here = names.indexOf(chosenTab());
  const places = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: names.length - 1 };
  if (!(event.key in places)) return;
  event.preventDefault();
  const name = names[(places[event.key] + names.length) % names.length];
  choose(name);
  find(`tab-${name}`).focus();
}

/**
 * Fill the panel of a tab with what the present run has for it.
 * @param {string} name
 */
function showTab(name) {
  const panel = find(`panel-${name}`);
  if (panel.run === run && run.isGood) return;
  panel.run = run;
  if (player) player.stop();
  player = null;
  if (!run.isGood) {
    panel.replaceChildren(element("p", { class: "help" }, "There is nothing to show: see the message beside the function."));
    return;
  }
  panel.replaceChildren(...PARTS_OF_TAB[name].map((part) => partOf(part)));
}

/**
 * The place of a part, which is filled when its answer comes.
 * @param {string} part
 */
function partOf(part) {
  const place = element("div", { class: `part ${part}`, "aria-busy": "true" }, element("p", { class: "help" }, "Computing …"));
  fill(place, part);
  return place;
}

/**
 * @param {HTMLElement} place
 * @param {string} part
 * @param {Object<string, string>} more
 */
async function fill(place, part, more = {}) {
  const mine = run;
  try {
    const answer = await ask(part, more);
    if (run !== mine) return;
    place.replaceChildren(...(answer.refused ? [refusedPart(part, answer.refused, place)] : SHOWN[part](answer, place)));
    place.removeAttribute("aria-busy");
  } catch (error) {
    if (!mine.stop.signal.aborted) throw error;
  }
}

/**
 * @param {string} part
 * @param {{message: string}} reason
 * @param {HTMLElement} place
 */
function refusedPart(part, reason, place) {
  const message = element("p", { class: "refusal", role: "alert" }, reason.message);
  if (part !== "curve") return message;
  const both = element("div", {}, message);
  if (["from", "to"].includes(reason.field)) both.append(intervalForm(place, "", ""));
  return both;
}

// --- the parts: each gives what its place holds ------------------------------------------------------------------

const SHOWN = {
  tables: (answer) => answer.page.tables.map(table),
  graph: shownGraph,
  player: shownPlayer,
  formula: shownFormulas,
  source: (answer) => [...noted(answer), listing(`Gradient${ofResult()} in Python`, answer.python)],
  curve: shownCurve,
  errors: (answer) => [
    bar("Finite differences: the error against the step h", button("Save the errors as SVG", "Save SVG", () => save("errors.svg", answer.file, "image/svg+xml"))),
    element("div", { class: "plotted" }, picture(answer.svg)),
  ],
  lists: (answer) => [...noted(answer), ...answer.programs.map((program) => listing(program.title, program.text))],
};

/**
 * The graph; one that is a little too wide is made narrower, any other is scrolled.
 * @param {Object} answer
 * @param {HTMLElement} place
 */
function shownGraph(answer, place) {
  const drawing = picture(answer.svg);
  drawing.classList.toggle("fits", place.clientWidth > SMALLEST * Number(drawing.getAttribute("width")));
  const buttons = button("Save the graph as SVG", "Save SVG", () => save("graph.svg", answer.file, "image/svg+xml"));
  const frame = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Graph, can be scrolled" }, drawing);
  return [bar("Computational graph", buttons), frame];
}

/**
 * @param {string} title
 * @param {...Node} buttons
 */
function bar(title, ...buttons) {
  return element("div", { class: "bar" }, element("h3", {}, title), ...buttons);
}

/** What of an array has the derivatives that are shown, as in " of y[1]". */
function ofResult() {
  return run.fields.of && ` of ${run.fields.of}`;
}

/** @param {{note: string}} answer */
function noted(answer) {
  return answer.note ? [element("p", { class: "note" }, answer.note)] : [];
}

/**
 * A table of explain.
 * @param {Object} data
 */
function table(data) {
  const made = element("table", { role: "table", "aria-label": data.title });
  const heads = data.headings.map((one) =>
    element("th", { role: "columnheader", scope: "colgroup", colspan: String(one.columns) }, one.text),
  );
  made.append(element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...heads)));
  let body = made.appendChild(element("tbody", { role: "rowgroup" }));
  for (const row of data.rows) {
    if (row.opens) body = made.appendChild(element("tbody", { role: "rowgroup" }));
    body.append(tableRow(data, row));
  }
  const scroll = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": data.title }, made);
  const notes = data.notes.map((note) => element("p", { class: "found" }, note));
  return element("section", { class: "trace" }, element("h3", {}, data.title), scroll, ...notes);
}

/**
 * @param {Object} data - of the table
 * @param {Object} row
 */
function tableRow(data, row) {
  const columns = data.headings.reduce((sum, one) => sum + one.columns, 0);
  const made = element("tr", { role: "row" });
  if (row.isNote) made.append(element("td", { role: "cell", colspan: String(columns), class: "help" }, row.cells[0]));
  if (row.isNote) return made;
  const cells = [...row.cells];
  for (const heading of data.headings) made.append(...equation(cells.splice(0, heading.columns)));
  return made;
}

/**
 * The cells of symbol, formula and value, signs of equality between them.
 * @param {Array<string>} texts
 */
function equation(texts) {
  const isVoid = !texts.some(Boolean); // where there is little room it takes none
  return texts.map((text, k) => {
    const isEqual = k > 0 && text && texts.slice(0, k).some(Boolean);
    const name = `${["symbol", "formula", "value"][k] || ""}${isVoid ? " void" : ""}${text.length > LONG ? " long" : ""}`;
    return element("td", { role: "cell", class: name }, isEqual ? `= ${text}` : text);
  });
}

/** @param {{html: string}} answer */
function shownPlayer(answer) {
  const root = new DOMParser().parseFromString(answer.html, "text/html").body.firstElementChild;
  const made = document.importNode(root, true);
  const holder = element("div", { class: "stage" }, made);
  requestAnimationFrame(() => {
    if (holder.isConnected) player = window.wengertPlayer(made, made);
  });
  return [bar("Step by step", button("Save the player as a page", "Save page", savePlayer)), holder];
}

async function savePlayer() {
  const answer = await ask("player_file");
  if (answer.refused) say(answer.refused.message);
  else save("player.html", answer.file, "text/html");
}

/** @param {Object} answer */
function shownFormulas(answer) {
  const made = noted(answer);
  if (answer.why) made.push(element("p", { class: "note" }, answer.why));
  const formulas = answer.formulas.map((one) => {
    const body = one.mathml ? typeset(one.mathml) : element("p", { class: "help" }, "Too long to typeset; the LaTeX has it.");
    return element("div", { class: "typeset", tabindex: "0", role: "group", "aria-label": one.latex }, body);
  });
  if (formulas.length) made.push(element("section", { class: "formulas" }, bar(`Gradient${ofResult()} as a formula`), ...formulas));
  return [...made, listing("LaTeX", answer.latex, true)];
}

/** @param {Array} tree */
function typeset(tree) {
  const math = formula(["math", tree]);
  math.setAttribute("displaystyle", "true");
  return math;
}

/**
 * @param {Object} answer
 * @param {HTMLElement} place
 */
function shownCurve(answer, place) {
  return [
    bar("Function, derivative and tangent line", button("Save the curves as SVG", "Save SVG", () => save("curves.svg", answer.file, "image/svg+xml"))),
    element("div", { class: "plotted" }, picture(answer.svg)),
    intervalForm(place, answer.from, answer.to),
  ];
}

/**
 * The ends of the interval that is plotted.
 * @param {HTMLElement} place
 * @param {string} from
 * @param {string} to
 */
function intervalForm(place, from, to) {
  const ends = [["from", from], ["to", to]].map(([name, value]) => {
    const input = element("input", { id: `plot-${name}`, inputmode: "decimal", size: "8", autocomplete: "off" });
    input.value = value;
    return element("label", {}, `${name} `, input);
  });
  const form = element("form", { class: "interval" }, ...ends, element("button", { class: "small" }, "Plot"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [a, b] = [...form.querySelectorAll("input")].map((input) => input.value);
    place.setAttribute("aria-busy", "true");
    fill(place, "curve", { from: a, to: b });
  });
  return form;
}

// --- the link ----------------------------------------------------------------------------------------------------

/**
 * Put a function and a point into the address, so that it can be passed on.
 * @param {{function: string, point: string, along: string, of: string}} fields
 */
function showLink({ function: text, point, along, of }) {
  const parts = new URLSearchParams({ f: text, at: point, tab: chosenTab() });
  if (along) parts.set("along", along);
  if (of) parts.set("of", of);
  history.replaceState(null, "", `#${parts}`);
}

/** Take over what the address holds, and run it; the first example where it holds nothing. */
function followLink() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const [, text, point] = EXAMPLES[0];
  find("function").value = parts.get("f") ?? text;
  find("point").value = parts.get("at") ?? (parts.has("f") ? "" : point);
  for (const id of CHOICES) offer(id, parts.has(id) ? [parts.get(id)] : [], parts.get(id));
  fit(find("function"));
  fit(find("point"));
  markExample();
  choose(parts.get("tab") in TITLES ? parts.get("tab") : "tables");
  start();
}

// --- the form ----------------------------------------------------------------------------------------------------

/**
 * Give a text area the height of its text.
 * @param {HTMLTextAreaElement} area
 */
function fit(area) {
  const least = area.id === "function" ? 5 : 1;
  area.rows = Math.min(Math.max(area.value.split("\n").length, least), 16);
}

function markExample() {
  const { function: text, point } = typed();
  const k = EXAMPLES.findIndex(([, f, at]) => f === text && at === point);
  find("example").value = k < 0 ? "" : String(k);
}

function listen() {
  EXAMPLES.forEach(([title], k) => find("example").append(element("option", { value: String(k) }, title)));
  find("example").addEventListener("change", () => {
    const [, text, point] = EXAMPLES[Number(find("example").value)] || ["", "", ""];
    if (!text) return;
    find("function").value = text;
    find("point").value = point;
    for (const id of CHOICES) offer(id, [], "");
    fit(find("function"));
    fit(find("point"));
    start();
  });
  for (const id of ["function", "point"]) {
    find(id).addEventListener("input", () => {
      fit(find(id));
      markExample();
    });
  }
  find("form").addEventListener("submit", (event) => {
    event.preventDefault();
    start();
  });
  for (const id of CHOICES) find(id).addEventListener("change", start);
  find("link").addEventListener("click", () => {
    showLink(typed());
    copy(location.href);
  });
  document.addEventListener("keydown", (event) => {
    const isPoint = event.target === find("point") && !event.shiftKey; // of one line, as a rule
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey || isPoint)) return;
    event.preventDefault();
    start();
  });
  window.addEventListener("hashchange", followLink);
}

makeTabs();
listen();
followLink();
