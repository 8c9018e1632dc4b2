"use strict";

// The page shows three lists of lines. Two lines are related if they share a place in the source;
// a line of the source is related to all whose place, or the call that led there, stands on it.

const data = JSON.parse(document.getElementById("data").textContent);
const get = (id) => document.getElementById(id);
const panels = { source: get("source"), ssa: get("ssa"), stage: get("stage") };
const order = ["source", "ssa", "stage"];
const lists = {}; // by panel, its lines: {node, places, part, ...}
const state = { level: data.shown, stage: 0, pointed: null, held: false };

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

const minus = (text) => (/^[-([]/.test(text) ? text.replaceAll("-", "−").replaceAll("e−", "e−") : text);
const textOf = (runs) => runs.map(([text]) => text).join("");
const stages = () => data.levels.find((one) => one.level === state.level).stages;

// -- lines

const styles = { number: "number-style", value: "value-style" };

function codeOf(runs) {
  const code = element("code");
  for (const [text, style] of runs) {
    code.append(style ? element("span", styles[style] ?? style, text) : text);
  }
  return code;
}

function lineOf(number, runs, part, places, extra = {}) {
  const node = element("div", `line ${part}`.trim());
  node.setAttribute("role", "option");
  node.setAttribute("aria-selected", "false");
  node.append(element("span", "number", number), codeOf(runs));
  return { node, runs, part, places, gates: [], ...extra };
}

function withNumbers(line, gate, gradient) {
  const last = gate?.samples.at(-1);
  const cells = element("span", "cells");
  cells.append(element("span", "value", last ? minus(last.value) : ""));
  if (gradient) cells.append(element("span", "gradient-of", last ? minus(last.gradient) : ""));
  if (gate?.count > 1) cells.title = `the last of ${gate.count}`;
  line.node.append(cells);
  return line;
}

function sourceLines() {
  return data.source.map((row, k) => {
    if (!row.number) {
      const node = element("div", "line heading", textOf(row.runs));
      return { node, runs: [], part: "", places: [], gates: [], heading: true, row: k };
    }
    const gates = data.gates.filter((gate) => gate.row === k || gate.calls.includes(k));
    const line = lineOf(String(row.number), row.runs, "", [], { row: k, gates });
    const last = gates.filter((gate) => gate.expression).at(-1);
    return data.call ? withNumbers(line, last, true) : line;
  });
}

function ssaLines() {
  return data.ssa.map((index, k) => {
    const { runs, places, gates } = data.lines[index];
    return lineOf(String(k + 1), runs, "", places, { gates: gates.map((gate) => data.gates[gate]) });
  });
}

function stageLines(stage) {
  let number = 0;
  const valued = stage.rows.some(([index]) => data.lines[index].watched);
  return stage.rows.map(([index, mark]) => {
    const { runs, part, places, gates, watched } = data.lines[index];
    const gone = mark === "-";
    const own = gates.map((gate) => data.gates[gate]);
    const line = lineOf(gone ? "" : String(++number), runs, part, places, { gates: own, watched, gone });
    if (mark !== " ") line.node.classList.add(gone ? "minus" : "plus");
    return valued ? withNumbers(line, watched, false) : line;
  });
}

function fill(name, lines) {
  const panel = panels[name];
  const code = panel.querySelector(".code");
  lists[name] = lines;
  lines.forEach((line, k) => {
    line.node.id = `${name}-${k}`;
    line.panel = name;
    line.node.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse" && !state.held) point(line);
    });
    line.node.addEventListener("click", () => hold(line));
  });
  code.replaceChildren(...lines.map((line) => line.node));
  const widest = (selector) =>
    Math.max(0, ...[...code.querySelectorAll(selector)].map((cell) => cell.textContent.length));
  const [values, gradients] = [widest(".value"), widest(".gradient-of")];
  panel.style.setProperty("--value-width", Math.max(values, 5));
  panel.style.setProperty("--gradient-width", Math.max(gradients, 8));
  panel.classList.toggle("valued", values > 0);
}

// -- relations

// The places a place stands for: itself, and the calls that led there.
function chain(place) {
  const found = [];
  for (let k = place; k >= 0; k = data.places[k].call) found.push(k);
  return found;
}

const stands = (place, row) => data.places[place].row <= row && row <= data.places[place].end_row;
const related = (places, row) => places.some((place) => chain(place).some((k) => stands(k, row)));

// By panel, the lines related to one: `lit`, and of the source `faint` those of the calls.
function relatives(line) {
  const found = { source: new Map(), ssa: new Map(), stage: new Map() };
  if (line.panel === "source") {
    for (const name of ["ssa", "stage"]) {
      for (const other of lists[name]) {
        if (related(other.places, line.row)) found[name].set(other, "lit");
      }
    }
    return found;
  }
  for (const other of lists.source) {
    if (other.heading) continue;
    if (line.places.some((place) => stands(place, other.row))) found.source.set(other, "lit");
    else if (related(line.places, other.row)) found.source.set(other, "faint");
  }
  for (const name of ["ssa", "stage"]) {
    for (const other of lists[name]) {
      if (other !== line && other.places.some((place) => line.places.includes(place))) {
        found[name].set(other, "lit");
      }
    }
  }
  return found;
}

function clear() {
  for (const node of document.querySelectorAll(".line.on, .line.lit, .line.faint")) {
    node.classList.remove("on", "lit", "faint", "wide");
    node.setAttribute("aria-selected", "false");
  }
  globalThis.CSS?.highlights?.delete("exact");
}

function point(line, reveal = true) {
  clear();
  state.pointed = line;
  state.found = line ? relatives(line) : null;
  document.body.classList.toggle("held", state.held);
  if (line) {
    line.node.classList.add("on");
    line.node.classList.toggle("wide", isCovered(line.node));
    line.node.setAttribute("aria-selected", "true");
    panels[line.panel].querySelector(".code").setAttribute("aria-activedescendant", line.node.id);
    for (const name of order) {
      for (const [other, how] of state.found[name]) {
        other.node.classList.add(how);
        if (name === "source") other.node.classList.toggle("wide", isCovered(other.node));
      }
      if (reveal && name !== line.panel) show([...state.found[name].keys()]);
    }
    underline(line);
  }
  inspect(line);
  ribbons();
  order.forEach(overview);
}

// Beside a panel that scrolls, where in it the related lines are.
function overview(name) {
  const panel = panels[name];
  const strip = panel.querySelector(".overview");
  const code = panel.querySelector(".code");
  strip.replaceChildren();
  if (!state.pointed || code.scrollHeight <= code.clientHeight + 1) return;
  strip.style.top = `${code.offsetTop}px`;
  strip.style.height = `${code.clientHeight}px`;
  lists[name].forEach((line, k) => {
    if (line !== state.pointed && state.found[name].get(line) !== "lit") return;
    const tick = element("i", line.part);
    tick.style.top = `${(100 * k) / lists[name].length}%`;
    strip.append(tick);
  });
}

// Whether the numbers stand over the end of the line's text.
function isCovered(node) {
  const cells = node.querySelector(".cells");
  const last = node.querySelector("code")?.lastChild;
  if (!cells || !last) return false;
  const text = document.createRange();
  text.selectNodeContents(last);
  return text.getBoundingClientRect().right > cells.getBoundingClientRect().left;
}

function hold(line) {
  const same = state.held && state.pointed === line;
  state.held = !same && !line.heading;
  point(line.heading ? null : line);
}

// Bring the first of the lines into view where none of them is.
function show(lines) {
  if (!lines.length || getComputedStyle(get("ribbons")).display === "none") return;
  const code = lines[0].node.parentElement;
  const box = code.getBoundingClientRect();
  const inView = lines.some(({ node }) => {
    const at = node.getBoundingClientRect();
    return at.top >= box.top && at.bottom <= box.bottom;
  });
  if (!inView) code.scrollTop += lines[0].node.getBoundingClientRect().top - box.top - box.height / 3;
}

// The very expression in the source that a line of the others stands for.
function underline(line) {
  if (line.panel === "source" || !globalThis.Highlight || line.places.length > 8) return;
  const ranges = line.places.map((number) => rangeOf(data.places[number])).filter(Boolean);
  if (ranges.length) CSS.highlights.set("exact", new Highlight(...ranges));
}

function rangeOf(place) {
  const range = document.createRange();
  const start = pointAt(place.row, place.column);
  const end = pointAt(place.end_row, place.end_column);
  if (!start || !end) return null;
  range.setStart(...start);
  range.setEnd(...end);
  return range;
}

function pointAt(row, column) {
  const code = lists.source[row]?.node.querySelector("code");
  if (!code) return null;
  const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
  let left = column;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (left <= node.length) return [node, left];
    left -= node.length;
  }
  return null;
}

// -- ribbons between the panels

// Neighbouring lines of one part as one stretch, as far as they are in view.
function stretches(name) {
  const box = panels[name].querySelector(".code").getBoundingClientRect();
  const found = [];
  for (const line of lists[name]) {
    const is = line === state.pointed || state.found[name].get(line) === "lit";
    if (!is) continue;
    const at = line.node.getBoundingClientRect();
    const [top, bottom] = [Math.max(at.top, box.top), Math.min(at.bottom, box.bottom)];
    if (bottom - top < 2) continue;
    const last = found.at(-1);
    if (last && Math.abs(last.bottom - top) < 1.5 && last.part === line.part) last.bottom = bottom;
    else found.push({ top, bottom, part: line.part });
  }
  return found;
}

function ribbons() {
  const drawing = get("ribbons");
  drawing.replaceChildren();
  if (!state.pointed) return;
  const frame = drawing.getBoundingClientRect();
  if (!frame.width) return;
  const groups = {};
  for (const part of ["", "backward"]) {
    groups[part] = document.createElementNS("http://www.w3.org/2000/svg", "g");
    groups[part].setAttribute("class", part);
    drawing.append(groups[part]);
  }
  for (const [left, right] of [["source", "ssa"], ["ssa", "stage"]]) {
    const x = panels[left].getBoundingClientRect().right - frame.left;
    const to = panels[right].getBoundingClientRect().left - frame.left;
    const middle = (x + to) / 2;
    for (const a of stretches(left)) {
      for (const b of stretches(right)) {
        const [at, au, bt, bu] = [a.top, a.bottom, b.top, b.bottom].map((y) => y - frame.top);
        const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        path.setAttribute("d",
          `M${x} ${at}C${middle} ${at} ${middle} ${bt} ${to} ${bt}` +
          `V${bu}C${middle} ${bu} ${middle} ${au} ${x} ${au}Z`);
        groups[b.part === "backward" ? "backward" : ""].append(path);
      }
    }
  }
}

// -- the inspector

function inspect(line) {
  const said = get("pointed");
  said.replaceChildren();
  get("related").replaceChildren();
  if (!line) {
    said.append("Point at a line to see what became of it. Click to hold it.");
    numbers(data.gates.filter((gate) => !gate.expression), false);
    return;
  }
  const titles = { source: "line", ssa: "SSA", stage: stages()[state.stage].name };
  const number = line.node.querySelector(".number").textContent;
  said.append(`${titles[line.panel]} ${number}  `.trimStart(), element("code", "", textOf(line.runs).trim()));
  const parts = summary(line);
  parts.forEach(([text, part], k) => {
    said.append(k ? ", " : " → ", element("b", part, text));
  });
  get("said").textContent = `${said.textContent}`;
  for (const name of order) {
    for (const other of state.found[name].keys()) {
      if (!other.gone) get("related").append(element("div", other.part, textOf(other.runs).trim()));
    }
  }
  if (line.watched) numbers([line.watched], true);
  else numbers(line.gates, false);
}

function summary(line) {
  const count = (name, part) =>
    [...state.found[name]].filter(([other, how]) =>
      how === "lit" && !other.gone && (part === null || other.part === part)).length;
  const plural = (k, one) => `${k} ${one}${k === 1 ? "" : "s"}`;
  const found = [];
  if (line.panel !== "source" && count("source", null)) {
    const rows = [...state.found.source].filter(([, how]) => how === "lit");
    found.push([`line ${rows.map(([row]) => data.source[row.row].number).join(", ")}`, ""]);
  }
  if (count("ssa", null)) found.push([plural(count("ssa", null), "SSA line"), ""]);
  if (count("stage", "forward")) found.push([`${count("stage", "forward")} forward`, ""]);
  if (count("stage", "backward")) found.push([`${count("stage", "backward")} backward`, "backward"]);
  return found;
}

function numbers(gates, assigned) {
  const box = get("numbers");
  box.replaceChildren();
  if (!gates.length) {
    const hint = data.call ? "It computes no number." : "Values and gradients come with --at \"f(...)\".";
    box.append(element("p", "about", hint));
    return;
  }
  const looped = gates.some((gate) => gate.count > 1);
  const stepped = gates.some((gate) => gate.expression);
  // Gates in loops stand side by side, each with its iterations.
  for (const group of looped ? gates.map((gate) => [gate]) : [gates]) {
    box.append(tableOf(group, { stepped, looped, assigned }));
  }
}

function tableOf(gates, how) {
  const table = element("table");
  const head = table.insertRow();
  const first = how.assigned ? "assigned" : how.stepped ? "gate" : "argument";
  const titles = [first, ...(how.stepped ? ["expression"] : []), ...(how.looped ? ["iteration"] : []),
    "value", ...(how.assigned ? [] : ["gradient"])];
  for (const title of titles) {
    const cell = element("th", "", title);
    cell.scope = "col";
    head.append(cell);
  }
  for (const gate of gates) rowsOf(table, gate, how);
  return table;
}

function rowsOf(table, gate, { stepped, looped, assigned }) {
  const skipped = gate.count - gate.samples.length;
  gate.samples.forEach((sample, k) => {
    if (skipped && k === gate.samples.length / 2) {
      const cell = table.insertRow().insertCell();
      cell.colSpan = 5;
      cell.className = "skipped";
      cell.textContent = `… ${skipped} more`;
    }
    const row = table.insertRow();
    row.append(element("td", "", k ? "" : gate.name));
    if (stepped) row.append(element("td", "", k ? "" : gate.expression));
    if (looped) row.append(element("td", "number", sample.iteration));
    row.append(element("td", "value", minus(sample.whole_value)));
    if (!assigned) row.append(element("td", "gradient-of", minus(sample.whole_gradient)));
  });
}

// -- levels and stages

function setStage(index) {
  state.stage = Math.max(0, Math.min(index, stages().length - 1));
  const stage = stages()[state.stage];
  const { pointed } = state;
  fill("stage", stageLines(stage));
  const panel = panels.stage;
  panel.querySelector("h2").textContent = stage.is_text ? "Backward source" : stage.name;
  panel.querySelector(".about").textContent = stage.about;
  panel.querySelector(".code").setAttribute("aria-label", stage.is_text ? "Backward source" : stage.name);
  const idle = [...new Set(stage.idle)];
  panel.querySelector(".idle").textContent =
    idle.length ? `nothing to do after that for: ${idle.join(", ")}` : "";
  get("slider").value = state.stage;
  get("slider").setAttribute("aria-valuetext", `${stage.name}: ${stage.about}`);
  get("back").disabled = state.stage === 0;
  get("on").disabled = state.stage === stages().length - 1;
  [...get("stops").children].forEach((stop, k) => stop.classList.toggle("now", k === state.stage));
  if (pointed && pointed.panel !== "stage") point(pointed);
  else {
    state.held = false;
    point(null);
    const changed = panel.querySelector(".plus, .minus");
    if (changed) panel.querySelector(".code").scrollTop = Math.max(0, changed.offsetTop - 160);
  }
}

function setLevel(level) {
  const last = state.stage === get("slider").max - 0;
  state.level = level;
  const found = stages();
  get("slider").max = found.length - 1;
  get("stops").replaceChildren();
  get("bars").replaceChildren();
  found.forEach((stage, k) => {
    const left = found.length > 1 ? `${(100 * k) / (found.length - 1)}%` : "0";
    const stop = element("button", "", stage.name);
    stop.tabIndex = -1;
    stop.style.left = left;
    stop.title = stage.about;
    stop.addEventListener("click", () => setStage(k));
    get("stops").append(stop);
    for (const [mark, name] of [["+", "plus"], ["-", "minus"]]) {
      const changed = stage.rows.filter(([, its]) => its === mark).length;
      if (!changed) continue;
      const bar = element("i", name);
      bar.style.left = left;
      bar.style.height = `${Math.min(22, 3 + 3 * Math.sqrt(changed))}px`;
      get("bars").append(bar);
    }
  });
  spread();
  setStage(last ? found.length - 1 : Math.min(state.stage, found.length - 1));
}

// Names that don't fit beside one another take turns on two lines.
function spread() {
  const stops = get("stops");
  stops.classList.remove("dense");
  const boxes = [...stops.children].map((stop) => stop.getBoundingClientRect());
  stops.classList.toggle("dense", boxes.some((box, k) => k && box.left < boxes[k - 1].right + 4));
}

// -- keys, copying, beginning

function step(line, by) {
  const lines = lists[line.panel].filter((one) => !one.heading);
  return lines[Math.max(0, Math.min(lines.length - 1, lines.indexOf(line) + by))];
}

function across(line, by) {
  for (let k = order.indexOf(line.panel) + by; k >= 0 && k < 3; k += by) {
    const [other] = state.found[order[k]].keys();
    if (other) return other;
  }
  return line;
}

function onKey(name, event) {
  const line = state.pointed?.panel === name ? state.pointed : null;
  const first = lists[name].find((one) => !one.heading);
  const moves = {
    ArrowDown: () => (line ? step(line, 1) : first),
    ArrowUp: () => (line ? step(line, -1) : first),
    Home: () => first,
    End: () => lists[name].at(-1),
    ArrowRight: () => line && across(line, 1),
    ArrowLeft: () => line && across(line, -1),
  };
  if (event.key in moves) {
    const next = moves[event.key]();
    event.preventDefault();
    if (!next) return;
    point(next);
    next.node.scrollIntoView({ block: "nearest" });
    if (next.panel !== name) panels[next.panel].querySelector(".code").focus({ preventScroll: true });
  } else if ((event.key === "Enter" || event.key === " ") && line) {
    event.preventDefault();
    hold(line);
  }
}

async function copy(name, button) {
  const text = lists[name].filter((line) => !line.gone && !line.heading)
    .map((line) => textOf(line.runs)).join("\n") + "\n";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = element("textarea", "unseen");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "Copied";
  get("said").textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1200);
}

function begin() {
  get("name").textContent = data.title;
  get("call").append(data.call ? `${data.call} = ` : data.file);
  if (data.call) get("call").append(element("b", "", minus(data.value)));
  panels.source.querySelector(".about").textContent = data.file;
  const names = ["every gate a line", "concise", "may round otherwise"];
  for (const { level } of data.levels) {
    const label = element("label");
    const input = element("input");
    Object.assign(input, { type: "radio", name: "level", value: level, checked: level === data.shown });
    input.addEventListener("change", () => setLevel(level));
    label.append(input, element("code", "", `-O${level}`), element("span", "", names[level]));
    get("levels").append(label);
  }
  fill("source", sourceLines());
  fill("ssa", ssaLines());
  state.stage = Infinity;
  setLevel(data.shown);
  setStage(stages().length - 1);
  get("slider").addEventListener("input", () => setStage(Number(get("slider").value)));
  get("back").addEventListener("click", () => setStage(state.stage - 1));
  get("on").addEventListener("click", () => setStage(state.stage + 1));
  for (const name of order) {
    const code = panels[name].querySelector(".code");
    code.addEventListener("keydown", (event) => onKey(name, event));
    code.addEventListener("scroll", ribbons, { passive: true });
    code.addEventListener("pointerleave", () => { if (!state.held) point(null); });
    const button = panels[name].querySelector(".copy");
    button.addEventListener("click", () => copy(name, button));
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    state.held = false;
    point(null);
  });
  addEventListener("resize", () => {
    spread();
    ribbons();
  });
}

begin();
