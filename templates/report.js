// Searching and sorting what the page holds already, and drawing who uses what. It asks nobody, and makes nothing of any
// text but text: there is no markup in here.
"use strict";
(() => {
  // How many rows of a table are laid out until somebody asks for the rest: browsers take seconds for tens of thousands.
  const ROWS = 300;
  const box = document.getElementById("q");
  const told = document.getElementById("told");
  const tables = [...document.querySelectorAll("table")].map((table) => {
    const rows = [...table.tBodies[0].rows];
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const more = document.createElement("button");
    const entry = { table, caption: table.caption.textContent, texts, more, all: false };
    more.type = "button";
    more.className = "more";
    more.addEventListener("click", () => {
      entry.all = true;
      search(box.value);
    });
    table.after(more);
    return entry;
  });

  function search(query) {
    const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const fits = (text) => words.every((word) => text.includes(word));
    let [found, every] = [0, 0];
    for (const { table, caption, texts, more, all } of tables) {
      let here = 0;
      for (const row of table.tBodies[0].rows) {
        const is_found = fits(texts.get(row));
        here += is_found ? 1 : 0;
        row.hidden = !is_found;
        row.classList.toggle("over", is_found && here > ROWS && !all);
      }
      table.caption.textContent = words.length === 0 ? caption : `${here} of ${texts.size}`;
      more.hidden = all || here <= ROWS;
      more.textContent = `Show ${here - ROWS} more`;
      found += here;
      every += texts.size;
    }
    told.value = words.length === 0 ? "" : `${found} of ${every} rows have ${words.join(" and ")}`;
    draw();
  }

  // What is searched for is part of the address: a link to the page can say it, and going back goes back.
  function asked() {
    if (!location.hash.startsWith("#q=")) return null;
    try {
      return decodeURIComponent(location.hash.slice(3));
    } catch {
      return location.hash.slice(3);
    }
  }

  function follow() {
    const query = asked();
    if (query === null) return;
    box.value = query;
    search(query);
  }

  box.addEventListener("input", () => {
    history.replaceState(null, "", box.value === "" ? "#" : `#q=${encodeURIComponent(box.value)}`);
    search(box.value);
  });
  addEventListener("hashchange", follow);

  function sort(head) {
    const table = head.closest("table");
    const column = [...head.parentNode.children].indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent.trim();
    const numbers = head.classList.contains("number");
    const compare = (one, other) => {
      const [first, second] = [key(one), key(other)];
      // What says nothing comes last, either way.
      if (first === "" || second === "") return (first === "") - (second === "");
      const order = numbers ? Number(first) - Number(second) : first < second ? -1 : first > second ? 1 : 0;
      return down ? -order : order;
    };
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort(compare));
    // Which rows are the first is another question now.
    search(box.value);
  }

  for (const head of document.querySelectorAll("th[data-sorts]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(head));
    head.replaceChildren(button);
  }

  const MOST = 80;
  const LINE = 20;
  const stage = document.getElementById("drawn");
  const uses = document.getElementById("uses");

  function made(name, attributes, text) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  // Three columns: images, the files that name them, and what reads those.
  function draw() {
    if (!stage || !uses) return;
    const columns = [new Map(), new Map(), new Map()];
    const lines = new Set();
    let left = 0;
    for (const row of uses.tBodies[0].rows) {
      if (row.hidden) continue;
      const names = [0, 1, 2].map((cell) => row.cells[cell].dataset.name);
      const is_new = names.some((name, at) => !columns[at].has(name));
      if (is_new && columns.some((column) => column.size >= MOST)) {
        left += 1;
        continue;
      }
      names.forEach((name, at) => columns[at].has(name) || columns[at].set(name, columns[at].size));
      lines.add(`0 ${columns[0].get(names[0])} ${columns[1].get(names[1])}`);
      lines.add(`1 ${columns[1].get(names[1])} ${columns[2].get(names[2])}`);
    }
    const width = Math.max(stage.clientWidth, 320);
    const tallest = Math.max(...columns.map((column) => column.size));
    const height = (tallest + 2) * LINE;
    const starts = [0.01, 0.34, 0.8].map((part) => part * width);
    const ends = [0.27, 0.74, 1].map((part) => part * width);
    const gap = (at) => (tallest * LINE) / Math.max(columns[at].size, 1);
    const y = (at, place) => LINE * 1.6 + gap(at) * (place + 0.5);
    const picture = made("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Which image is named in which file, and what reads that" });
    for (const line of lines) {
      const [at, from, to] = line.split(" ").map(Number);
      const [x1, y1, x2, y2] = [ends[at], y(at, from), starts[at + 1] - 8, y(at + 1, to)];
      const middle = (x1 + x2) / 2;
      picture.append(made("path", { d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}` }));
    }
    columns.forEach((column, at) => {
      picture.append(made("text", { x: starts[at], y: LINE, class: "head" }, ["image", "file", "read by"][at]));
      const fits = Math.max(4, Math.floor((ends[at] - starts[at] - 10) / 7.4));
      for (const [name, place] of column) {
        const link = made("a", { href: `#q=${encodeURIComponent(name)}` });
        // The end of a path says more than its start.
        const cut = name.length <= fits ? name : at === 1 ? `…${name.slice(1 - fits)}` : `${name.slice(0, fits - 1)}…`;
        link.append(made("title", {}, name), made("text", { x: starts[at] + 2, y: y(at, place) + 4 }, cut));
        picture.append(link);
        if (at > 0) picture.append(made("circle", { cx: starts[at] - 6, cy: y(at, place), r: 2.5 }));
      }
    });
    const rest = document.getElementById("rest");
    rest.hidden = left === 0;
    rest.textContent = `${left} more uses are in the table alone: search for less to draw them.`;
    stage.replaceChildren(...(lines.size === 0 ? [] : [picture]));
  }

  document.getElementById("search").hidden = false;
  addEventListener("resize", draw);
  box.value = asked() ?? "";
  search(box.value);
})();
