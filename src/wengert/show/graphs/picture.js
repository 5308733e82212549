"use strict";

/*
 * The pictures of a folded graph, one at a time: a closed box is entered by a click, Enter or Space, left by the trail
 * above the picture or by Escape. The outer levels are nested disclosures; their figures are taken out of them and put
 * on a stage. Further levels are packed data: each picture's elements as lists of a name, attributes and parts, made
 * into elements when the level is entered. Texts are set as text.
 */
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  /** How far a picture may be shrunk to the width of the window: its smallest letters, of 11 pixels, are 9 then. */
  const LEAST_SCALE = 0.8;

  /** A level of a picture: its key and name, the level that its box stands in, and what makes its figure. */
  class Level {
    constructor(key, name, parent, makeFigure) {
      this.key = key;
      this.name = name;
      this.parent = parent;
      this.makeFigure = makeFigure;
    }

    /** The element of its picture, made the first time. */
    get figure() {
      this.made = this.made || this.makeFigure();
      return this.made;
    }

    /** The levels from the outermost one to this one. */
    line() {
      return this.parent ? [...this.parent.line(), this] : [this];
    }
  }

  /** Read the levels that are elements of the page, by their keys. */
  function disclosedLevels(root) {
    const levels = new Map();
    for (const section of root.querySelectorAll(".levels .level")) {
      const around = section.parentElement.closest(".level");
      const parent = around ? levels.get(around.dataset.level) : null;
      const figure = section.querySelector(":scope > figure");
      const { level: key, title } = section.dataset;
      levels.set(key, new Level(key, title, parent, () => figure));
    }
    return levels;
  }

  /** The lines of packed data: the levels that they are of, and each one's picture. */
  async function unpacked(script) {
    const bytes = Uint8Array.from(atob(JSON.parse(script.textContent)), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return (await new Response(stream).text()).split("\n");
  }

  /** Add the levels of packed data. */
  function addLevels(levels, [index, ...pictures]) {
    JSON.parse(index).forEach(([key, around, title], number) => {
      const makeFigure = () => {
        const figure = document.createElement("figure");
        figure.append(drawn(JSON.parse(pictures[number])));
        return figure;
      };
      levels.set(key, new Level(key, title, levels.get(around), makeFigure));
    });
  }

  /** The element, or the text, that a list of a name, attributes and parts says. */
  function drawn(part) {
    if (typeof part === "string") {
      return document.createTextNode(part);
    }
    const [name, attributes, parts] = part;
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) {
      made.setAttribute(key, value);
    }
    made.append(...parts.map(drawn));
    return made;
  }

  /** The group of a box in a figure. */
  function boxIn(figure, key) {
    return [...figure.querySelectorAll("g.box.closed")].find((group) => group.dataset.node === key);
  }

  /** Let a closed box be entered by pointer and keyboard. */
  function makeButton(group, enter) {
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", `Open ${[...group.querySelectorAll("text")].map((t) => t.textContent).join(", ")}`);
    group.addEventListener("click", enter);
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        enter();
      }
    });
  }

  /** An element with a class and a text. */
  function element(tag, name, text) {
    const made = document.createElement(tag);
    made.className = name;
    made.textContent = text;
    return made;
  }

  /** The picture of one graph: what is on the stage, and the ways in and out. */
  class Picture {
    constructor(root) {
      this.root = root;
      this.hasAddress = root.dataset.address === "yes";
      this.levels = disclosedLevels(root);
      this.stage = root.querySelector(".stage");
      this.bar = element("div", "bar", "");
      this.trail = element("nav", "trail", "");
      this.trail.setAttribute("aria-label", "Boxes around this picture");
      this.frame = element("div", "frame", "");
      this.wide = element("p", "hint wide", "↔ Wider than the window: scroll sideways.");
      this.bar.append(this.trail, element("p", "hint", "A stacked box opens by a click or Enter; Esc leads back."));
      this.stage.append(this.bar, this.wide, this.frame);
    }

    /** Take over from the disclosures. */
    start() {
      this.root.querySelector(".levels").hidden = true;
      this.stage.hidden = false;
      this.root.addEventListener("keydown", (event) => this.onKey(event));
      this.frame.addEventListener("scroll", () => this.markCut(), { capture: true, passive: true });
      window.addEventListener("resize", () => this.fit(this.current.figure));
      if (this.hasAddress) {
        window.addEventListener("hashchange", () => this.show(this.addressed()));
      }
      this.show(this.hasAddress ? this.addressed() : this.levels.get(""), false);
    }

    /** Add the levels that are packed, and go to the one that the address names. */
    async addPacked(script) {
      addLevels(this.levels, await unpacked(script));
      this.prepare(this.current);
      if (this.hasAddress) {
        this.show(this.addressed());
      }
    }

    /** The level that the address of the page names; the outermost where it names none. */
    addressed() {
      const key = decodeURIComponent(window.location.hash.slice(1));
      return this.levels.get(key) || this.levels.get("");
    }

    /** Go to a level, in the page's own picture by its address, so that the browser's way back works. */
    go(level) {
      if (this.hasAddress) {
        window.location.hash = encodeURIComponent(level.key);
      } else {
        this.show(level);
      }
    }

    /** Put a level on the stage. */
    show(level, focuses = true) {
      const before = this.current;
      if (before === level) {
        return;
      }
      this.current = level;
      this.prepare(level);
      this.writeTrail(level);
      this.frame.replaceChildren(level.figure);
      this.fit(level.figure);
      this.showFirst(level.figure);
      if (focuses) {
        this.focus(level, before);
      }
    }

    /** Make those boxes of a level buttons that can be opened by now. */
    prepare(level) {
      for (const group of level.figure.querySelectorAll("g.box.closed:not([role])")) {
        const inner = this.levels.get(group.dataset.node);
        if (inner) {
          level.figure.querySelector("svg").setAttribute("role", "group"); // an image has no buttons in it
          makeButton(group, () => this.go(inner));
        }
      }
    }

    /** The trail: a button for each level around this one. */
    writeTrail(level) {
      const list = document.createElement("ol");
      for (const each of level.line()) {
        const item = document.createElement("li");
        const name = element(each === level ? "span" : "button", "", each.name);
        if (each === level) {
          name.setAttribute("aria-current", "page");
          name.tabIndex = -1;
        } else {
          name.type = "button";
          name.addEventListener("click", () => this.go(each));
        }
        item.append(name);
        list.append(item);
      }
      this.trail.replaceChildren(list);
      this.trail.hidden = !level.parent; // the page says what the whole is
      this.bar.hidden = this.levels.size < 2;
    }

    /** Shrink a picture that is a little too wide; a wider one can be scrolled, and it is said so. */
    fit(figure) {
      const fits = LEAST_SCALE * figure.querySelector("svg").width.baseVal.value <= this.frame.clientWidth;
      this.frame.classList.toggle("fit", fits);
      this.wide.hidden = fits;
      if (fits) {
        figure.removeAttribute("tabindex");
      } else {
        figure.tabIndex = 0; // the arrow keys scroll it
      }
      this.markCut();
    }

    /** Begin where the first input is in the middle, as far as the picture can be scrolled. */
    showFirst(figure) {
      const first = figure.querySelector("g.node.input") || figure.querySelector("g.node");
      if (first) {
        const box = first.getBBox();
        figure.scrollLeft = box.x + box.width / 2 - figure.clientWidth / 2;
      }
      this.markCut();
    }

    /** Let the edges fade where the picture goes on. */
    markCut() {
      const { scrollLeft, scrollWidth, clientWidth } = this.current.figure;
      this.frame.classList.toggle("cut-left", scrollLeft > 1);
      this.frame.classList.toggle("cut-right", scrollLeft < scrollWidth - clientWidth - 1);
    }

    /** Let the keyboard go on where it was: at the box that was left, or at the name of the level entered. */
    focus(level, before) {
      let inner = before;
      while (inner && inner.parent !== level) {
        inner = inner.parent;
      }
      const left = inner && boxIn(level.figure, inner.key);
      if (left) {
        left.focus();
      } else {
        this.trail.querySelector("[aria-current]").focus({ preventScroll: true });
        this.bar.scrollIntoView({ block: "nearest" });
      }
    }

    /** Escape leads to the level around this one. */
    onKey(event) {
      if (event.key === "Escape" && this.current.parent) {
        event.preventDefault();
        this.go(this.current.parent);
      }
    }
  }

  for (const root of document.querySelectorAll(".wengert-picture:not([data-started])")) {
    root.dataset.started = "yes";
    const packed = root.querySelector("script.more");
    if (!packed || typeof DecompressionStream === "function") {
      const picture = new Picture(root);
      picture.start();
      if (packed) {
        picture.addPacked(packed);
      }
    } // else the disclosures stay
  }
})();
