// Mouse and keys on the map.

// What lies under a point of the view: {row, column}, each undefined where there is none.
function placeAt(x, y) {
  const view = viewOfMap();
  const row = y < map.header ? undefined : Math.floor((y - map.header + view.top) / ROW);
  const column = x < map.labels ? undefined : Math.floor((x - map.labels + view.left) / map.cell);
  return {
    row: row < shown.objects.length ? row : undefined,
    column: column < shown.kernels.length ? column : undefined,
  };
}

// Of the kernels that share a pixel, the first one that is as bad as what is drawn there.
function columnMeant(row, column) {
  if (map.cell >= 1 || row === undefined) return column;
  const states = shown.states[row];
  const end = Math.min(Math.ceil(column + 1 / map.cell), states.length);
  const worst = worstOf(states, column, end);
  for (let i = column; i < end; i += 1) {
    if (states[i] === worst) return i;
  }
  return column;
}

function activate(row, column) {
  map.row = Math.max(0, Math.min(row, shown.objects.length - 1));
  map.column = Math.max(0, Math.min(column, shown.kernels.length - 1));
  scrollToActive();
  nameActive();
  byId('active-text').textContent = byId('active-cell').textContent;
  drawMapSoon();
}

// What a screen reader says of the active cell.
function nameActive() {
  const cell = byId('active-cell');
  const object = shown.objects[map.row];
  const kernel = shown.kernels[map.column];
  byId('active-row').setAttribute('aria-rowindex', map.row + 1);
  cell.setAttribute('aria-colindex', map.column + 1);
  cell.textContent = object && kernel ? describeCell(object, kernel) : 'Nothing passes the filters.';
}

function scrollToActive() {
  const view = viewOfMap();
  const left = map.column * map.cell;
  const top = map.row * ROW;
  const room = view.width - map.labels;
  // What is out of view comes to where the panel with the details does not cover it.
  if (left < view.left || left + map.cell > view.left + room) map.frame.scrollLeft = left - room / 3;
  if (top < view.top) map.frame.scrollTop = top;
  else if (top + ROW > view.top + view.height - map.header) map.frame.scrollTop = top + ROW - view.height + map.header;
}

// The next or earlier group of kernels: a release of a distro, for one arch.
function otherGroup(direction) {
  const now = shown.groups.findIndex((group) => map.column < group.end);
  const group = shown.groups[Math.max(0, Math.min(now + direction, shown.groups.length - 1))];
  return group ? group.begin : 0;
}

// The next cell, row by row, that is broken or ambiguous and begins a run of such.
function nextTrouble() {
  const isTrouble = (state) => state === BROKEN || state === AMBIGUOUS;
  const rows = shown.objects.length;
  for (let i = 0; i <= rows; i += 1) {
    const row = (map.row + i) % rows;
    const states = shown.states[row];
    for (let column = i === 0 ? map.column + 1 : 0; column < states.length; column += 1) {
      if (isTrouble(states[column]) && (column === 0 || states[column] !== states[column - 1])) return { row, column };
    }
  }
  return { row: map.row, column: map.column };
}

function onMapKey(event) {
  if (event.ctrlKey && event.key !== 'Home' && event.key !== 'End') return;
  if (event.altKey || event.metaKey || shown.objects.length === 0 || shown.kernels.length === 0) return;
  // Where several kernels share a pixel, a step is at least as wide as one.
  const step = event.shiftKey ? 10 : 1;
  const moves = {
    ArrowLeft: () => activate(map.row, map.column - step),
    ArrowRight: () => activate(map.row, map.column + step),
    ArrowUp: () => activate(map.row - step, map.column),
    ArrowDown: () => activate(map.row + step, map.column),
    PageUp: () => activate(map.row, otherGroup(-1)),
    PageDown: () => activate(map.row, otherGroup(1)),
    Home: () => activate(event.ctrlKey ? 0 : map.row, 0),
    End: () => activate(event.ctrlKey ? shown.objects.length - 1 : map.row, shown.kernels.length - 1),
    n: () => { const next = nextTrouble(); activate(next.row, next.column); },
    Enter: () => openCell(shown.objects[map.row], shown.kernels[map.column]),
    ' ': () => openCell(shown.objects[map.row], shown.kernels[map.column]),
  };
  const move = moves[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (move) {
    event.preventDefault();
    hideTip();
    move();
  }
}

function pointOf(event) {
  const box = map.frame.getBoundingClientRect();
  return { x: event.clientX - box.left - map.frame.clientLeft, y: event.clientY - box.top - map.frame.clientTop };
}

function onMapClick(event) {
  const { x, y } = pointOf(event);
  const { row, column } = placeAt(x, y);
  if (row === undefined && column === undefined) return;
  hideTip();
  if (row === undefined) {
    openKernel(shown.kernels[column]);
  } else if (column === undefined) {
    activate(row, map.column);
    openObject(shown.objects[row]);
  } else {
    activate(row, columnMeant(row, column));
    openCell(shown.objects[map.row], shown.kernels[map.column]);
  }
}

function hideTip() {
  byId('tip').hidden = true;
}

function onMapMove(event) {
  const { x, y } = pointOf(event);
  const { row, column } = placeAt(x, y);
  const tip = byId('tip');
  let lines = [];
  if (row !== undefined && column !== undefined) {
    const object = shown.objects[row];
    const kernel = shown.kernels[columnMeant(row, column)];
    lines = [el('b', {}, object.name), el('div', {}, kernel.name + ' ' + kernel.kernel),
      el('div', { class: 'muted' }, describeCell(object, kernel).split(': ').pop())];
  } else if (row !== undefined) {
    lines = [el('b', {}, shown.objects[row].name)];
    if (shown.objects[row].kernelBtf.length > 0) lines.push(el('div', { class: 'muted' }, 'K: has programs that need BTF in the kernel itself'));
  } else if (column !== undefined) {
    lines = [el('b', {}, shown.kernels[column].kernel), el('div', {}, shown.kernels[column].name)];
  }
  tip.hidden = lines.length === 0;
  if (lines.length === 0) return;
  replace(tip, lines);
  const frame = map.frame.parentElement.getBoundingClientRect();
  const left = event.clientX - frame.left + 14;
  tip.style.left = Math.max(0, Math.min(left, frame.width - tip.offsetWidth - 4)) + 'px';
  tip.style.top = event.clientY - frame.top + 18 + 'px';
}

function startMap() {
  map.frame.addEventListener('scroll', () => { hideTip(); drawMapSoon(); });
  map.frame.addEventListener('keydown', onMapKey);
  map.frame.addEventListener('click', onMapClick);
  map.frame.addEventListener('mousemove', onMapMove);
  map.frame.addEventListener('mouseleave', hideTip);
  map.frame.addEventListener('focus', () => { nameActive(); drawMapSoon(); });
  map.frame.addEventListener('blur', drawMapSoon);
  byId('zoom').addEventListener('input', () => { layOutMap(); scrollToActive(); });
  window.addEventListener('resize', layOutMap);
}
