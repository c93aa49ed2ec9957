// The map: objects down, kernels across. Only what is in view is drawn, on a canvas of the size of
// the view that stays in place while an element of the size of the whole scrolls.
//
// States differ by more than their colour: the worse one is, the more of its cell it fills, and
// where cells are wide enough each has a sign.

const ROW = 22;
const FILL = [1, 0.25, 0.45, 0.65, 1, 1, 1, 0.55];
const LABEL_SIZE = 12.5;
const WIDEST_CELL = 26;  // where there are many

const map = {
  frame: byId('map'), size: byId('map-size'), canvas: byId('map-canvas'),
  labels: 190,  // pixels for the names of objects
  cell: 1,      // width of a kernel; less than 1 where several share a pixel
  header: 0,    // height of the names over the kernels
  bands: [],    // of the header
  row: 0, column: 0,  // of the active cell, among what is shown
  colours: colours(),
  waiting: false,
  isPrinting: false,
};

// The view, in pixels of the page.
function viewOfMap() {
  return { width: map.frame.clientWidth, height: map.frame.clientHeight, left: map.frame.scrollLeft, top: map.frame.scrollTop };
}

// Sets sizes after filters, zoom or the window have changed.
function layOutMap() {
  const available = map.frame.clientWidth || 800;
  map.labels = available < 600 ? 110 : 190;
  const room = Math.max(available - map.labels, 50);
  const kernels = Math.max(shown.kernels.length, 1);
  const widest = widestCell(room);
  const fit = Math.min(room / kernels, widest);
  // The slider goes from all in view to the widest cell, by factors.
  const zoom = Number(byId('zoom').value) / 100;
  map.cell = fit * Math.pow(widest / fit, zoom);
  layOutHeader(window.innerHeight * 0.3);
  map.size.style.width = Math.floor(map.labels + map.cell * kernels) + 'px';
  map.size.style.height = map.header + ROW * Math.max(shown.objects.length, 1) + 'px';
  map.row = Math.min(map.row, Math.max(shown.objects.length - 1, 0));
  map.column = Math.min(map.column, Math.max(shown.kernels.length - 1, 0));
  map.frame.setAttribute('aria-rowcount', shown.objects.length);
  map.frame.setAttribute('aria-colcount', shown.kernels.length);
  drawMapSoon();
}

function drawMapSoon() {
  if (map.waiting) return;
  map.waiting = true;
  requestAnimationFrame(() => {
    map.waiting = false;
    drawMap(viewOfMap());
  });
}

function prepareCanvas(width, height) {
  const ratio = window.devicePixelRatio || 1;
  const canvas = map.canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
  }
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = map.colours.card;
  context.fillRect(0, 0, width, height);
  context.textBaseline = 'middle';
  return context;
}

function drawMap(view) {
  // The sizer is at least as large as the view, so the canvas must not be larger than it.
  const context = prepareCanvas(view.width, Math.max(view.height, 1));
  if (shown.objects.length === 0 || shown.kernels.length === 0) {
    context.fillStyle = map.colours.muted;
    context.font = fontOfMap(14);
    context.fillText('Nothing passes the filters.', 16, map.header + 11);
    return;
  }
  const first = Math.max(0, Math.floor((view.top) / ROW));
  const last = Math.min(shown.objects.length, Math.ceil((view.top + view.height - map.header) / ROW));
  drawCells(context, view, first, last);
  drawGroupLines(context, view);
  drawLabels(context, view, first, last);
  drawHeader(context, view);
  drawActive(context, view);
}

function fontOfMap(size, weight) {
  return (weight || 400) + ' ' + size + 'px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
}

// The worst state of the kernels that share a place, as far as they say anything of the object.
function worstOf(states, begin, end) {
  let worst = -1;
  for (let i = begin; i < end; i += 1) {
    if (states[i] > worst && states[i] < FAILED) worst = states[i];
  }
  return worst < 0 ? states[begin] : worst;
}

function drawCells(context, view, first, last) {
  const cell = map.cell;
  const step = Math.max(cell, 1);
  const begin = Math.floor(view.left / step);
  const end = Math.min(Math.ceil((view.left + view.width - map.labels) / step), Math.ceil(shown.kernels.length * cell / step));
  const gap = cell >= 6 ? 1 : 0;
  for (let row = first; row < last; row += 1) {
    const states = shown.states[row];
    const y = map.header + row * ROW - view.top;
    let runBegin = begin;
    let runState = -1;
    for (let i = begin; i <= end; i += 1) {
      let state = -2;
      if (i < end) {
        const from = cell >= 1 ? i : Math.floor(i / cell);
        state = cell >= 1 ? states[i] : worstOf(states, from, Math.min(Math.max(Math.floor((i + 1) / cell), from + 1), states.length));
      }
      if (state !== runState || (gap && i > runBegin)) {
        if (runState >= 0) drawRun(context, view, runBegin, i, step, gap, y, runState);
        runBegin = i;
        runState = state;
      }
    }
  }
}

function drawRun(context, view, begin, end, step, gap, y, state) {
  const x = map.labels + begin * step - view.left;
  const width = (end - begin) * step - gap;
  const height = ROW - 2;
  if (state < FAILED) {
    context.fillStyle = map.colours.states[0];
    context.fillRect(x, y + 1, width, height);
  }
  if (state > 0) {
    const filled = Math.round(height * FILL[state]);
    context.fillStyle = map.colours.states[state];
    context.fillRect(x, y + 1 + height - filled, width, filled);
    if (state === AMBIGUOUS) {
      // A gap through the middle, to tell it from broken.
      context.fillStyle = map.colours.states[0];
      context.fillRect(x, y + height / 2, width, 2);
    } else if (state === FAILED) {
      context.fillStyle = map.colours.card;
      context.fillRect(x, y + 5, width, height - 8);
    } else if (state === OTHER) {
      // A dash through the middle of nothing.
      context.fillStyle = map.colours.card;
      context.fillRect(x, y + 1 + height - filled + 2, width, filled - 2);
    }
  }
  if (gap && step >= 13 && STATES[state].glyph && state !== OTHER) {
    context.fillStyle = state === BROKEN || state === AMBIGUOUS ? map.colours.onState : map.colours.ink;
    context.font = fontOfMap(12, 700);
    context.textAlign = 'center';
    context.fillText(STATES[state].glyph, x + width / 2, y + (state === AMBIGUOUS || state === BROKEN ? ROW / 2 : 8));
    context.textAlign = 'left';
  }
}

function drawGroupLines(context, view) {
  for (const group of shown.groups) {
    const x = Math.round(map.labels + group.begin * map.cell - view.left);
    if (group.begin === 0 || x < map.labels || x > view.width) continue;
    const before = shown.kernels[group.begin - 1];
    context.fillStyle = before.distro !== group.distro ? map.colours.muted : map.colours.card;
    context.fillRect(x - 0.5, map.header, 1, view.height);
  }
}

function cutText(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (context.measureText(text.slice(0, middle) + '\u2026').width <= width) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : text.slice(0, low) + '\u2026';
}

// "/usr/sbin/opensnoop" -> "opensnoop"; the tip has the whole name.
function shortName(object) {
  const name = object.name.startsWith('/') ? object.name.slice(object.name.lastIndexOf('/') + 1) : object.name;
  return name || object.name;
}

function drawLabels(context, view, first, last) {
  context.fillStyle = map.colours.card;
  context.fillRect(0, 0, map.labels - 1, view.height);
  context.font = fontOfMap(LABEL_SIZE);
  for (let row = first; row < last; row += 1) {
    const object = shown.objects[row];
    const y = map.header + row * ROW - view.top + ROW / 2;
    let width = map.labels - 20;
    if (object.kernelBtf.length > 0) {
      width -= 18;
      context.strokeStyle = map.colours.muted;
      context.strokeRect(map.labels - 26.5, y - 7.5, 15, 15);
      context.fillStyle = map.colours.muted;
      context.font = fontOfMap(10, 700);
      context.fillText('K', map.labels - 22.5, y + 0.5);
      context.font = fontOfMap(LABEL_SIZE);
    }
    context.fillStyle = map.colours.ink;
    context.fillText(cutText(context, shortName(object), width), 10, y);
  }
}

function drawActive(context, view) {
  if (map.isPrinting || (document.activeElement !== map.frame && byId('details').hidden)) return;
  const width = Math.max(map.cell, 5);
  const x = map.labels + map.column * map.cell - view.left - (width - map.cell) / 2;
  const y = map.header + map.row * ROW - view.top;
  if (x + width < map.labels || y + ROW < map.header) return;
  context.fillStyle = map.colours.focus;
  context.globalAlpha = 0.12;
  context.fillRect(map.labels, y, view.width, ROW);
  context.globalAlpha = 1;
  context.strokeStyle = map.colours.card;
  context.lineWidth = 4;
  context.strokeRect(x - 1, y, width + 1, ROW - 1);
  context.strokeStyle = map.colours.ink;
  context.lineWidth = 2;
  context.strokeRect(x - 1, y, width + 1, ROW - 1);
  context.lineWidth = 1;
}

// The whole map for paper: pieces that a page has room for.
function drawMapForPrint() {
  const before = { labels: map.labels, cell: map.cell, header: map.header, bands: map.bands, canvas: map.canvas };
  const width = 1040;
  const height = 608;
  const pieces = [];
  const names = shown.objects.map((object) => widthOfText(shortName(object), LABEL_SIZE) + 40);
  map.labels = Math.min(Math.max(190, ...names), width / 2);
  map.cell = Math.min((width - map.labels) / Math.max(shown.kernels.length, 1), widestCell(width - map.labels));
  map.isPrinting = true;
  layOutHeader(height * 0.6);
  const rows = Math.floor((height - map.header) / ROW);
  for (let first = 0; first < Math.max(shown.objects.length, 1); first += rows) {
    map.canvas = el('canvas', {});
    const here = Math.min(rows, Math.max(shown.objects.length - first, 1));
    drawMap({ width, height: map.header + ROW * here, left: 0, top: first * ROW });
    pieces.push(map.canvas);
  }
  map.isPrinting = false;
  Object.assign(map, before);
  replace(byId('map-print'), pieces);
}
